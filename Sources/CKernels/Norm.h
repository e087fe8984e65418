// The squared norm of a sum of vectors; see byz_squared_norm.

INLINE double NAME(squared_norm_with)(struct byz_sum sum, bool adds, bool subtracts, size_t length) {
  doubles16 sums = 0;
  size_t index = 0;
  for (; index + 16 <= length; index += 16) {
    unaligned_floats16 value = *(const unaligned_floats16 *)(sum.first + index);
    if (adds) value += sum.factor * *(const unaligned_floats16 *)(sum.second + index);
    doubles16 wide = __builtin_convertvector(value, doubles16);
    if (subtracts) {
      wide -= __builtin_convertvector(*(const unaligned_floats16 *)(sum.subtracted + index), doubles16);
    }
    sums += wide * wide;
  }
  doubles8 eight = sums.lo + sums.hi;
  doubles4 four = eight.lo + eight.hi;
  double total = ((four[0] + four[1]) + four[2]) + four[3];
  for (; index < length; index++) {
    float value = sum.first[index];
    if (adds) value += sum.factor * sum.second[index];
    double wide = value;
    if (subtracts) wide -= (double)sum.subtracted[index];
    total += wide * wide;
  }
  return total;
}

static double NAME(squared_norm)(struct byz_sum sum, size_t length) {
  if (sum.subtracted == NULL) {
    return sum.second == NULL ? NAME(squared_norm_with)(sum, false, false, length)
                              : NAME(squared_norm_with)(sum, true, false, length);
  }
  return sum.second == NULL ? NAME(squared_norm_with)(sum, false, true, length)
                            : NAME(squared_norm_with)(sum, true, true, length);
}
