// Coordinate-wise medians of any number of vectors; see byz_median_by_network.

// So many registers of every row go through the network together, which spreads the cost of reading the comparators and
// uses up whole lines of the cache.
#define PARTS (16 / LANES)

// Sorts one register of each of four rows, which spares the network its first three steps.
INLINE void NAME(load_sorted)(
  const float *const *rows, size_t count, size_t start, size_t inBlock, NAME(floats) *values
) {
  NAME(floats) four[4];
  // What is missing in the last group sorts to its end, where nothing reads it.
  UNROLL for (size_t row = 0; row < 4; row++) {
    four[row] = row < count ? NAME(load)(rows[row] + start, inBlock) : INFINITY;
  }
  NAME(order)(&four[0], &four[1]);
  NAME(order)(&four[2], &four[3]);
  NAME(order)(&four[0], &four[2]);
  NAME(order)(&four[1], &four[3]);
  NAME(order)(&four[1], &four[2]);
  UNROLL for (size_t row = 0; row < 4; row++) values[PARTS * row] = four[row];
}

INLINE void NAME(compare)(struct byz_comparator comparator, size_t parts, NAME(floats) *values) {
  UNROLL for (size_t part = 0; part < parts; part++) {
    NAME(floats) low = values[PARTS * comparator.low + part], high = values[PARTS * comparator.high + part];
    NAME(order)(&low, &high);
    if (comparator.is_low_read) values[PARTS * comparator.low + part] = low;
    if (comparator.is_high_read) values[PARTS * comparator.high + part] = high;
  }
}

// Brings `parts` registers of each row, of `inBlock` <= LANES elements from `start` on, to `values`, where they go through
// the network.
INLINE void NAME(select_block)(
  struct byz_network network, const float *const *rows, size_t count, size_t start, size_t inBlock, size_t parts,
  NAME(floats) *values
) {
  for (size_t row = 0; row < count; row += 4) {
    UNROLL for (size_t part = 0; part < parts; part++) {
      NAME(load_sorted)(rows + row, count - row, start + LANES * part, inBlock, values + PARTS * row + part);
    }
  }
  // Towards the end of the network much is not read any more, and leaving it out saves time. In the long beginning of a
  // large network asking costs more than it saves: the processor mistakes the branch too often.
  for (size_t index = 0; index < network.whole; index++) {
    struct byz_comparator comparator = {network.comparators[index].low, network.comparators[index].high, true, true};
    NAME(compare)(comparator, parts, values);
  }
  for (size_t index = network.whole; index < network.count; index++) {
    NAME(compare)(network.comparators[index], parts, values);
  }
}

// The median of `parts` registers from `start` on, each of `inBlock` <= LANES elements.
INLINE void NAME(network_block)(
  struct byz_network network, const float *const *rows, size_t count, size_t start, size_t inBlock, size_t parts,
  NAME(floats) *values, float *result
) {
  NAME(select_block)(network, rows, count, start, inBlock, parts, values);
  const NAME(floats) *lower = values + PARTS * ((count - 1) / 2), *upper = values + PARTS * (count / 2);
  UNROLL for (size_t part = 0; part < parts; part++) {
    size_t place = start + LANES * part;
    NAME(store)(
      NAME(median_between)(lower[part], upper[part], rows, (int)count, place, inBlock), result + place, inBlock);
  }
}

static void NAME(median_by_network)(
  struct byz_network network, const float *const *rows, size_t count, size_t length, NAME(floats) *values, float *result
) {
  size_t start = 0;
  for (; start + PARTS * LANES <= length; start += PARTS * LANES) {
    NAME(network_block)(network, rows, count, start, LANES, PARTS, values, result);
  }
  for (; start < length; start += LANES) {
    size_t inBlock = length - start < LANES ? length - start : LANES;
    NAME(network_block)(network, rows, count, start, inBlock, 1, values, result);
  }
}

#undef PARTS
