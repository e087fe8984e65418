// Means of some of the sorted values of each coordinate; see byz_fold_sorted.

#define PARTS (16 / LANES)

// As many doubles as a register has, and the floats that become them.
typedef double NAME(doubles) __attribute__((ext_vector_type(LANES / 2)));
typedef float NAME(halves) __attribute__((ext_vector_type(LANES / 2)));

// Sorts one register of each of `count` rows, a constant, so that all values stay in registers until they are sorted.
INLINE void NAME(sort_constant)(
  const float *const *rows, const int count, size_t start, size_t inBlock, NAME(floats) *values
) {
  NAME(floats) sorted[byz_few];
  // Asked once and not for each row, the question costs nothing.
  if (inBlock == LANES) {
    UNROLL for (int row = 0; row < count; row++) sorted[row] = NAME(load)(rows[row] + start, LANES);
  } else {
    UNROLL for (int row = 0; row < count; row++) sorted[row] = NAME(load_part)(rows[row] + start, inBlock);
  }
#define ORDER(low, high) \
  if (high < count) NAME(order)(&sorted[low], &sorted[high]);
  SORTING_NETWORK(ORDER)
#undef ORDER
  UNROLL for (int rank = 0; rank < count; rank++) values[PARTS * rank] = sorted[rank];
}

static void NAME(sort_few)(
  const float *const *rows, size_t count, size_t start, size_t inBlock, NAME(floats) *values
) {
#define CASE(count) case count: NAME(sort_constant)(rows, count, start, inBlock, values); break;
  switch (count) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
    CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
  }
#undef CASE
}

INLINE NAME(doubles) NAME(value)(const NAME(halves) *values, size_t rank) {
  return __builtin_convertvector(values[2 * PARTS * rank], NAME(doubles));
}

// The mean of the `count` - `dropped` values closest to `center`.
//
// They are neighbours in the order of ranks. So of two values whose ranks differ by their number, at most one is among
// them: not the upper one unless the lower one is further away, and not the lower one if it is. What is not among them
// adds a zero, which changes no sum that began with +0.
INLINE NAME(doubles) NAME(mean_around)(
  NAME(doubles) center, const NAME(halves) *values, size_t count, size_t dropped
) {
  size_t kept = count - dropped;
  NAME(doubles) sum = 0;
  for (size_t rank = 0; rank < count; rank++) {
    NAME(doubles) value = NAME(value)(values, rank), added = value;
    if (rank < dropped) added = center - value > NAME(value)(values, rank + kept) - center ? 0 : added;
    if (rank >= kept) added = center - NAME(value)(values, rank - kept) > value - center ? added : 0;
    sum += added;
  }
  return sum / (double)kept;
}

INLINE NAME(halves) NAME(fold)(enum byz_fold fold, size_t dropped, const NAME(halves) *values, size_t count) {
  NAME(doubles) mean;
  if (fold == byz_fold_around_median) {
    mean = (NAME(value)(values, (count - 1) / 2) + NAME(value)(values, count / 2)) / 2;
  } else {
    mean = 0;
    for (size_t rank = dropped; rank < count - dropped; rank++) mean += NAME(value)(values, rank);
    mean /= (double)(count - 2 * dropped);
  }
  if (fold != byz_fold_middle) mean = NAME(mean_around)(mean, values, count, dropped);
  return __builtin_convertvector(mean, NAME(halves));
}

// The fold of `parts` registers from `start` on, each of `inBlock` <= LANES elements.
INLINE void NAME(fold_block)(
  enum byz_fold fold, size_t dropped, struct byz_network network, const float *const *rows, size_t count, size_t start,
  size_t inBlock, size_t parts, NAME(floats) *values, float *result
) {
  if (count <= byz_few) {
    for (size_t part = 0; part < parts; part++) {
      NAME(sort_few)(rows, count, start + LANES * part, inBlock, values + part);
    }
  } else {
    NAME(select_block)(network, rows, count, start, inBlock, parts, values);
  }
  for (size_t part = 0; part < parts; part++) {
    const NAME(halves) *halves = (const NAME(halves) *)(values + part);
    NAME(floats) block;
    block.lo = NAME(fold)(fold, dropped, halves, count);
    block.hi = NAME(fold)(fold, dropped, halves + 1, count);
    NAME(store)(block, result + start + LANES * part, inBlock);
  }
}

static void NAME(fold_sorted)(
  enum byz_fold fold, size_t dropped, struct byz_network network, const float *const *rows, size_t count, size_t length,
  NAME(floats) *values, float *result
) {
  size_t start = 0;
  for (; start + PARTS * LANES <= length; start += PARTS * LANES) {
    NAME(fold_block)(fold, dropped, network, rows, count, start, LANES, PARTS, values, result);
  }
  for (; start < length; start += LANES) {
    size_t inBlock = length - start < LANES ? length - start : LANES;
    NAME(fold_block)(fold, dropped, network, rows, count, start, inBlock, 1, values, result);
  }
}

#undef PARTS
