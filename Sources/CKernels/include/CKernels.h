#ifndef C_KERNELS_H
#define C_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

// The inner loops over vectors of floats that a training step spends its time in.
//
// Every function gives the same bits on every processor and with every set of instructions: each result is rounded as
// written here, sums have a fixed order, and no product and sum are ever contracted into one operation.

// The sets of instructions that there are versions for, each one an extension of those before it.
enum __attribute__((enum_extensibility(closed))) byz_instructions {
  byz_instructions_portable,  // What every processor of the architecture has.
  byz_instructions_avx2,      // x86-64 only.
};

// The last set that this processor has; the first one where the environment has BYZSGD_INSTRUCTIONS=portable, to measure
// what the others gain. No bit of any result depends on it.
enum byz_instructions byz_best_instructions(void);

// So many coordinates of all vectors are in the cache at a time, as doubles, when distances are computed.
enum { byz_distance_block = 128 };

// Sets `squares`, `count` rows of `count` doubles, to the squared Euclidean distances between the `count` vectors of
// `length` elements at `rows`. `room` is for `count` blocks of doubles and aligned to 64 bytes.
//
// Differences, squares and sums are doubles. A block's squares are summed up in eight sums, the coordinate's index modulo
// 8 saying in which; these are added crosswise, (0 + 4) + (2 + 6) to (1 + 5) + (3 + 7), and that to the pair's distance.
void byz_squared_distances(
  enum byz_instructions instructions, const float *const *rows, size_t count, size_t length, double *room,
  double *squares);

// Sets the `count` doubles at `squares` to the squared Euclidean distances between the vector at `left` and those at `rows`,
// with the bits that byz_squared_distances gives. `room` is for `count` + 1 blocks of doubles and aligned to 64 bytes.
void byz_squared_distances_from(
  enum byz_instructions instructions, const float *left, const float *const *rows, size_t count, size_t length,
  double *room, double *squares);

// Writes the mean of the `count` >= 1 vectors of `length` elements at `rows` to `result`: summed up as doubles in the
// order of the rows, divided as doubles, rounded once.
void byz_mean(
  enum byz_instructions instructions, const float *const *rows, size_t count, size_t length, float *result);

// Writes the combination of the `count` >= 1 vectors of `length` elements at `rows` with these weights to `result`:
// weights[0] * rows[0] + weights[1] * rows[1] + ..., every product and sum a double, rounded once at the end.
void byz_combine(
  enum byz_instructions instructions, const float *const *rows, const double *weights, size_t count, size_t length,
  float *result);

// Sets `squares`, `count` >= 1 doubles, to the squared Euclidean distances of the vectors of `length` elements at `rows`
// from their combination with these weights, which is kept in doubles and goes through the cache only; from the zero
// vector if `weights` is NULL. Every row is read from memory once.
//
// Differences, squares and sums are doubles. The squares of a block of byz_distance_block coordinates are summed up in
// sixteen sums, the coordinate's index modulo 16 saying in which; to each of the first 8 the one 8 places on is added,
// then to each of the first 4 the one 4 places on, then (0 + 2) + (1 + 3), and that to the row's distance.
void byz_squared_distances_to_combination(
  enum byz_instructions instructions, const float *const *rows, const double *weights, size_t count, size_t length,
  double *squares);

// Writes factor * element, a double that is rounded once, for each of `length` elements to `result`.
void byz_scale(
  enum byz_instructions instructions, double factor, const float *elements, size_t length, float *result);

// Whether none of `length` elements is a NaN or an infinity.
bool byz_is_finite(enum byz_instructions instructions, const float *elements, size_t length);

// So many rows are sorted, or have their median computed, in registers alone.
enum { byz_few = 16 };

// Writes the coordinate-wise median of the 1 <= `count` <= byz_few vectors of `length` finite elements at `rows` to
// `result`: of an even number, the mean of the two middle values, rounded once. -0 counts as less than +0.
void byz_median_of_few(
  enum byz_instructions instructions, const float *const *rows, size_t count, size_t length, float *result);

// Puts the smaller of two values at `low` and the larger one at `high`, where they are read.
struct byz_comparator {
  int low, high;
  bool is_low_read, is_high_read;
};

// `count` comparators that bring the values of the wanted ranks to their places if every four values are in order at
// first. Of each of the first `whole` both values are read.
struct byz_network {
  const struct byz_comparator *comparators;
  size_t whole, count;
};

// The same as byz_median_of_few for any number of vectors, by a `network` for the middle ranks. `room` is for `count`
// blocks of 64 bytes, rounded up to a multiple of four, and aligned to 64 bytes.
void byz_median_by_network(
  enum byz_instructions instructions, struct byz_network network, const float *const *rows, size_t count,
  size_t length, void *room, float *result);

// What a coordinate's n sorted values become, f of them being dropped at an end or at both.
enum __attribute__((enum_extensibility(closed))) byz_fold {
  byz_fold_middle,         // The mean of the middle ones: without the f smallest and the f largest.
  byz_fold_around_median,  // The mean of the n - f closest to the median, for an even n the mean of the middle two.
  byz_fold_around_middle,  // The mean of the n - f closest to what byz_fold_middle gives before it is rounded.
};

// Writes the `fold` of each coordinate of the `count` vectors of `length` finite elements at `rows` to `result`, where
// f = `dropped` and `count` >= 2f + 1; around the median `count` > f is enough.
//
// All is computed in doubles, the sums in ascending order from +0, and rounded once at the end. Of two values as far
// from the center the smaller one is closer. `network` is read for more than byz_few vectors: it is for the ranks of the
// middle ones, or for all ranks where the closest are sought. `room` is as for byz_median_by_network.
void byz_fold_sorted(
  enum byz_instructions instructions, enum byz_fold fold, size_t dropped, struct byz_network network,
  const float *const *rows, size_t count, size_t length, void *room, float *result);

// How a gradient enters a momentum: kept * momentum + added * (scale * (gradient + decay * parameters)), each operation
// rounded. A term whose vector is NULL is left out.
struct byz_momentum_update {
  const float *gradient, *parameters, *momentum;
  float decay, scale, kept, added;
};

// Writes the next momentum, of `length` elements as all its vectors, to `result`.
void byz_update_momentum(
  enum byz_instructions instructions, struct byz_momentum_update update, size_t length, float *result);

// first + factor * second - subtracted, of which the last two may be left out: NULL. The product and the first sum are
// floats, each rounded; the difference is a double.
struct byz_sum {
  const float *first, *second, *subtracted;
  float factor;
};

// The squared Euclidean norm of a sum of vectors of `length` elements, without making it.
//
// Squares and sums are doubles: sixteen sums, the coordinate's index modulo 16 saying in which; to each of the first 8 the
// one 8 places on is added, then to each of the first 4 the one 4 places on, then these four in order. What the last whole
// sixteen leaves is added to that, one by one.
double byz_squared_norm(enum byz_instructions instructions, struct byz_sum sum, size_t length);

#endif
