// Squared distances; see byz_squared_distances and byz_squared_distances_from.

// Writes a block of at most byz_distance_block floats as doubles and fills its last eight up with zeros, which add
// nothing to a distance.
static void NAME(widen)(const float *elements, size_t count, doubles8 *block) {
  size_t whole = count / 8;
  for (size_t step = 0; step < whole; step++) {
    // The same vector's next block, which the processor does not foresee when many vectors are read in turn. Past the
    // vector's end this asks for nothing that is used, and does nothing.
    __builtin_prefetch(elements + 8 * step + byz_distance_block);
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

// Adds what one block contributes to the distances between `left` and the `count` rows from `right` on.
INLINE void NAME(add_row)(const doubles8 *left, const doubles8 *right, size_t steps, size_t count, double *squares) {
  size_t row = 0;
  for (; row + 4 <= count; row += 4) NAME(add_squares)(left, right + STEPS * row, steps, 4, squares + row);
  switch (count - row) {
    case 1: NAME(add_squares)(left, right + STEPS * row, steps, 1, squares + row); break;
    case 2: NAME(add_squares)(left, right + STEPS * row, steps, 2, squares + row); break;
    case 3: NAME(add_squares)(left, right + STEPS * row, steps, 3, squares + row); break;
  }
}

static void NAME(squared_distances)(
  const float *const *rows, size_t count, size_t length, doubles8 *room, double *squares
) {
  for (size_t index = 0; index < count * count; index++) squares[index] = 0;
  for (size_t start = 0; start < length; start += byz_distance_block) {
    size_t rest = length - start;
    size_t inBlock = rest < byz_distance_block ? rest : byz_distance_block;
    for (size_t row = 0; row < count; row++) NAME(widen)(rows[row] + start, inBlock, room + STEPS * row);
    for (size_t first = 0; first < count; first++) {
      const doubles8 *left = room + STEPS * first;
      NAME(add_row)(left, left + STEPS, (inBlock + 7) / 8, count - first - 1, squares + (count + 1) * first + 1);
    }
  }
  for (size_t first = 0; first < count; first++) {
    for (size_t second = 0; second < first; second++) squares[count * first + second] = squares[count * second + first];
  }
}

static void NAME(squared_distances_from)(
  const float *left, const float *const *rows, size_t count, size_t length, doubles8 *room, double *squares
) {
  for (size_t row = 0; row < count; row++) squares[row] = 0;
  for (size_t start = 0; start < length; start += byz_distance_block) {
    size_t rest = length - start;
    size_t inBlock = rest < byz_distance_block ? rest : byz_distance_block;
    NAME(widen)(left + start, inBlock, room);
    for (size_t row = 0; row < count; row++) NAME(widen)(rows[row] + start, inBlock, room + STEPS * (row + 1));
    NAME(add_row)(room, room + STEPS, (inBlock + 7) / 8, count, squares);
  }
}
