// Squared distances; see byz_squared_distances.

// Writes a block of at most byz_distance_block floats as doubles and fills its last eight up with zeros, which add
// nothing to a distance.
static void NAME(widen)(const float *elements, size_t count, doubles8 *block) {
  size_t whole = count / 8;
  for (size_t step = 0; step < whole; step++) {
    block[step] = __builtin_convertvector(*(const unaligned_floats8 *)(elements + 8 * step), doubles8);
  }
  if (count % 8 == 0) return;
  doubles8 last = 0;
  for (size_t lane = 0; lane < count % 8; lane++) last[lane] = elements[8 * whole + lane];
  block[whole] = last;
}

// Adds what one block contributes to the distances between `left` and the `count` <= 4 rows from `right` on. Several rows
// at a time, because one sum would have to wait for the addition before.
INLINE void NAME(add_squares)(const doubles8 *left, const doubles8 *right, size_t steps, int count, double *squares) {
  doubles8 sums[4] = {0, 0, 0, 0};
  for (size_t step = 0; step < steps; step++) {
    UNROLL for (int row = 0; row < count; row++) {
      doubles8 difference = left[step] - right[row * STEPS + step];
      sums[row] += difference * difference;
    }
  }
  doubles4 fours[4];
  UNROLL for (int row = 0; row < 4; row++) fours[row] = sums[row].lo + sums[row].hi;
  // The other two additions for all rows together: the columns of a transposed matrix.
  doubles4 first = __builtin_shufflevector(fours[0], fours[1], 0, 1, 4, 5)
    + __builtin_shufflevector(fours[0], fours[1], 2, 3, 6, 7);
  doubles4 second = __builtin_shufflevector(fours[2], fours[3], 0, 1, 4, 5)
    + __builtin_shufflevector(fours[2], fours[3], 2, 3, 6, 7);
  doubles4 totals = __builtin_shufflevector(first, second, 0, 2, 4, 6)
    + __builtin_shufflevector(first, second, 1, 3, 5, 7);
  UNROLL for (int row = 0; row < count; row++) squares[row] += totals[row];
}

static void NAME(squared_distances)(
  const float *const *rows, size_t count, size_t length, doubles8 *room, double *squares
) {
  for (size_t index = 0; index < count * count; index++) squares[index] = 0;
  for (size_t start = 0; start < length; start += byz_distance_block) {
    size_t rest = length - start;
    size_t inBlock = rest < byz_distance_block ? rest : byz_distance_block;
    size_t steps = (inBlock + 7) / 8;
    for (size_t row = 0; row < count; row++) NAME(widen)(rows[row] + start, inBlock, room + STEPS * row);
    for (size_t first = 0; first < count; first++) {
      const doubles8 *left = room + STEPS * first;
      for (size_t second = first + 1; second < count; second += 4) {
        const doubles8 *right = room + STEPS * second;
        double *target = squares + count * first + second;
        switch (count - second) {
          case 1: NAME(add_squares)(left, right, steps, 1, target); break;
          case 2: NAME(add_squares)(left, right, steps, 2, target); break;
          case 3: NAME(add_squares)(left, right, steps, 3, target); break;
          default: NAME(add_squares)(left, right, steps, 4, target); break;
        }
      }
    }
  }
  for (size_t first = 0; first < count; first++) {
    for (size_t second = 0; second < first; second++) squares[count * first + second] = squares[count * second + first];
  }
}
