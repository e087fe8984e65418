// Whether all elements are finite; see byz_is_finite.

// Several registers at a time, so that the loop is not what takes the time.
#define WIDTH (4 * LANES)
typedef int NAME(finite_bits) __attribute__((ext_vector_type(WIDTH), aligned(4)));

static bool NAME(is_finite)(const float *elements, size_t length) {
  const int exponent = 0x7F800000;
  NAME(finite_bits) found = 0;
  size_t index = 0;
  // Remembering what was found instead of leaving at once keeps the loop free of branches.
  for (; index + WIDTH <= length; index += WIDTH) {
    found |= (*(const NAME(finite_bits) *)(elements + index) & exponent) == exponent;
  }
  if (__builtin_reduce_or(found) != 0) return false;
  for (; index < length; index++) {
    int bits;
    memcpy(&bits, elements + index, sizeof bits);
    if ((bits & exponent) == exponent) return false;
  }
  return true;
}

#undef WIDTH
