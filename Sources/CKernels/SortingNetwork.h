// Calls `ORDER` for each comparator of a network that sorts 16 values: Green's, of 60 comparators (Knuth, 5.3.4).
//
// Without the comparators that touch a value beyond the first n it sorts n values, as if the others were infinite and
// in their places already. For every n <= 16 these are at most two more than the best known network has.
#define SORTING_NETWORK(ORDER) \
  ORDER(0, 1) ORDER(2, 3) ORDER(4, 5) ORDER(6, 7) ORDER(8, 9) ORDER(10, 11) ORDER(12, 13) ORDER(14, 15) \
  ORDER(0, 2) ORDER(1, 3) ORDER(4, 6) ORDER(5, 7) ORDER(8, 10) ORDER(9, 11) ORDER(12, 14) ORDER(13, 15) \
  ORDER(0, 4) ORDER(1, 5) ORDER(2, 6) ORDER(3, 7) ORDER(8, 12) ORDER(9, 13) ORDER(10, 14) ORDER(11, 15) \
  ORDER(0, 8) ORDER(1, 9) ORDER(2, 10) ORDER(3, 11) ORDER(4, 12) ORDER(5, 13) ORDER(6, 14) ORDER(7, 15) \
  ORDER(5, 10) ORDER(6, 9) ORDER(3, 12) ORDER(13, 14) ORDER(4, 8) ORDER(7, 11) ORDER(1, 2) \
  ORDER(1, 4) ORDER(7, 13) ORDER(2, 8) ORDER(11, 14) \
  ORDER(2, 4) ORDER(5, 6) ORDER(9, 10) ORDER(11, 13) ORDER(3, 8) ORDER(7, 12) \
  ORDER(6, 8) ORDER(10, 12) ORDER(3, 5) ORDER(7, 9) \
  ORDER(3, 4) ORDER(5, 6) ORDER(7, 8) ORDER(9, 10) ORDER(11, 12) \
  ORDER(6, 7) ORDER(8, 9)
