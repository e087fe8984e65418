// Weighted combinations of vectors and distances to them; see byz_combine and byz_squared_distances_to_combination.

// Sixteen coordinates of one vector as doubles, enough that no addition waits for the one before. `rest` < 16 of them are
// there at the end of a vector; zeros take the places of the others.
INLINE void NAME(load_sixteen)(const float *elements, size_t rest, doubles16 *result) {
  if (rest >= 16) {
    *result = __builtin_convertvector(*(const unaligned_floats16 *)elements, doubles16);
    return;
  }
  double last[16] = {0};
  for (size_t lane = 0; lane < rest; lane++) last[lane] = elements[lane];
  memcpy(result, last, sizeof last);
}

// Sixteen coordinates of the combination. Beginning with the first product instead of zero keeps the sign of zeros.
INLINE void NAME(combine_sixteen)(
  const float *const *rows, const double *weights, size_t count, size_t start, size_t rest, doubles16 *result
) {
  doubles16 element;
  NAME(load_sixteen)(rows[0] + start, rest, &element);
  doubles16 sum = weights[0] * element;
  for (size_t row = 1; row < count; row++) {
    NAME(load_sixteen)(rows[row] + start, rest, &element);
    sum += weights[row] * element;
  }
  *result = sum;
}

static void NAME(combine)(
  const float *const *rows, const double *weights, size_t count, size_t length, float *result
) {
  doubles16 sum;
  size_t start = 0;
  for (; start + 16 <= length; start += 16) {
    NAME(combine_sixteen)(rows, weights, count, start, 16, &sum);
    *(unaligned_floats16 *)(result + start) = __builtin_convertvector(sum, unaligned_floats16);
  }
  if (start == length) return;
  NAME(combine_sixteen)(rows, weights, count, start, length - start, &sum);
  for (size_t lane = 0; start + lane < length; lane++) result[start + lane] = (float)sum[lane];
}

// What a block of at most byz_distance_block coordinates adds to the squared distance from `center`.
INLINE double NAME(square_to)(const float *elements, size_t inBlock, const doubles16 *center) {
  doubles16 sums = 0, element;
  size_t start = 0;
  for (; start + 16 <= inBlock; start += 16) {
    NAME(load_sixteen)(elements + start, 16, &element);
    doubles16 difference = element - center[start / 16];
    sums += difference * difference;
  }
  if (start < inBlock) {
    NAME(load_sixteen)(elements + start, inBlock - start, &element);
    doubles16 difference = element - center[start / 16];
    sums += difference * difference;
  }
  doubles8 eights = sums.lo + sums.hi;
  doubles4 fours = eights.lo + eights.hi;
  return (fours[0] + fours[2]) + (fours[1] + fours[3]);
}

static void NAME(squared_distances_to_combination)(
  const float *const *rows, const double *weights, size_t count, size_t length, double *squares
) {
  doubles16 center[byz_distance_block / 16] = {0};
  for (size_t row = 0; row < count; row++) squares[row] = 0;
  for (size_t start = 0; start < length; start += byz_distance_block) {
    size_t rest = length - start;
    size_t inBlock = rest < byz_distance_block ? rest : byz_distance_block;
    if (weights != NULL) {
      size_t index = 0;
      for (; index + 16 <= inBlock; index += 16) {
        NAME(combine_sixteen)(rows, weights, count, start + index, 16, &center[index / 16]);
      }
      if (index < inBlock) {
        NAME(combine_sixteen)(rows, weights, count, start + index, inBlock - index, &center[index / 16]);
      }
    }
    for (size_t row = 0; row < count; row++) squares[row] += NAME(square_to)(rows[row] + start, inBlock, center);
  }
}

static void NAME(scale)(double factor, const float *elements, size_t length, float *result) {
  for (size_t index = 0; index < length; index++) result[index] = (float)(factor * (double)elements[index]);
}
