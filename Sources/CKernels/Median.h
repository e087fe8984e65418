// Coordinate-wise medians of few vectors; see byz_median_of_few.

typedef float NAME(floats) __attribute__((ext_vector_type(LANES)));
typedef float NAME(unaligned_floats) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int NAME(ints) __attribute__((ext_vector_type(LANES)));

// The last, shorter block, filled up with zeros.
static NAME(floats) NAME(load_part)(const float *elements, size_t count) {
  NAME(floats) block = 0;
  memcpy(&block, elements, count * sizeof(float));
  return block;
}

// A block of `count` <= LANES elements.
INLINE NAME(floats) NAME(load)(const float *elements, size_t count) {
  return count == LANES ? *(const NAME(unaligned_floats) *)elements : NAME(load_part)(elements, count);
}

INLINE void NAME(store)(NAME(floats) block, float *elements, size_t count) {
  if (count == LANES) {
    *(NAME(unaligned_floats) *)elements = block;
  } else {
    memcpy(elements, &block, count * sizeof(float));
  }
}

// A minimum and a maximum, single instructions without a branch.
INLINE void NAME(order)(NAME(floats) *low, NAME(floats) *high) {
  NAME(floats) left = *low, right = *high;
  *low = left < right ? left : right;
  *high = left < right ? right : left;
}

// The block with the right sign for its zeros: in the order in which -0 comes before +0, a value that equals zero is -0
// exactly when more than `rank` values have the sign bit set.
INLINE NAME(floats) NAME(sign_zeros)(NAME(floats) block, int rank, NAME(ints) negatives) {
  // Just then the difference is negative, and its highest bit, the sign bit of a float, is set.
  NAME(ints) signs = (rank - negatives) & INT_MIN;
  return block == 0 ? (NAME(floats))signs : block;
}

// What the two middle values, which are one and the same for an odd number of rows, make the median.
//
// Comparing floats takes -0 and +0 for equal, so which of them is at a rank depends on the order of the inputs. That order
// must not show; and among identical models, the median must have the same bits as they have.
INLINE NAME(floats) NAME(median_between)(
  NAME(floats) lower, NAME(floats) upper, const float *const *rows, int count, size_t start, size_t inBlock
) {
  if (__builtin_reduce_or((lower == 0) | (upper == 0)) != 0) {
    NAME(ints) negatives = 0;
    for (int row = 0; row < count; row++) negatives -= (NAME(ints))NAME(load)(rows[row] + start, inBlock) >> 31;
    lower = NAME(sign_zeros)(lower, (count - 1) / 2, negatives);
    upper = NAME(sign_zeros)(upper, count / 2, negatives);
  }
  if (count % 2 == 1) return lower;
  // Rounded once: the sum is exact wherever halving could round, among the denormals; and where the sum overflows,
  // halving the values first is exact.
  NAME(floats) sum = lower + upper, halves = lower * 0.5f + upper * 0.5f;
  NAME(ints) isFinite = (sum < INFINITY) & (sum > -INFINITY);
  return isFinite ? sum * 0.5f : halves;
}

// Brings the smallest of `count` values to the beginning and the largest to the end.
INLINE void NAME(order_extremes)(NAME(floats) *values, int count) {
  UNROLL for (int index = 0; index < count / 2; index++) NAME(order)(&values[index], &values[count - 1 - index]);
  UNROLL for (int index = 1; index < (count + 1) / 2; index++) NAME(order)(&values[0], &values[index]);
  UNROLL for (int index = count / 2; index < count - 1; index++) NAME(order)(&values[index], &values[count - 1]);
}

// The median of one block of `count` rows, a constant, so that all loops are unrolled and all values in registers.
//
// Of n values, the smallest and the largest one of any n / 2 + 2 are none of the two middle ones. What is left when they
// have been dropped has the same middle; so values are dropped in twos and come in one by one.
INLINE NAME(floats) NAME(median_block)(const float *const *rows, const int count, size_t start, size_t inBlock) {
  const int first = count < 3 ? count : count / 2 + 2, last = count % 2 == 1 ? 3 : 4;
  // The middle values end up after the smallest of the last round, and are there from the start if there is no round.
  NAME(floats) values[byz_few / 2 + 2], *begin = count < 3 ? values + 1 : values;
  UNROLL for (int row = 0; row < first; row++) begin[row] = NAME(load)(rows[row] + start, inBlock);
#define ROUND(held) \
  if (held <= first && held >= last) { \
    NAME(order_extremes)(values, held); \
    if (held > last) values[0] = NAME(load)(rows[2 * first - held] + start, inBlock); \
  }
  ROUND(10) ROUND(9) ROUND(8) ROUND(7) ROUND(6) ROUND(5) ROUND(4) ROUND(3)
#undef ROUND
  if (count % 2 == 0) NAME(order)(&values[1], &values[2]);
  return NAME(median_between)(values[1], values[2 - count % 2], rows, count, start, inBlock);
}

INLINE void NAME(median_of)(const float *const *rows, const int count, size_t length, float *result) {
  size_t start = 0;
  for (; start + LANES <= length; start += LANES) {
    NAME(store)(NAME(median_block)(rows, count, start, LANES), result + start, LANES);
  }
  if (start == length) return;
  NAME(store)(NAME(median_block)(rows, count, start, length - start), result + start, length - start);
}

static void NAME(median_of_few)(const float *const *rows, size_t count, size_t length, float *result) {
#define CASE(count) case count: NAME(median_of)(rows, count, length, result); break;
  switch (count) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
    CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
  }
#undef CASE
}
