// The mean; see byz_mean.

// Four registers of doubles at a time, so that no addition waits for the one before.
#define WIDTH (2 * LANES)
typedef double NAME(mean_doubles) __attribute__((ext_vector_type(WIDTH)));
typedef float NAME(mean_floats) __attribute__((ext_vector_type(WIDTH), aligned(4)));

static void NAME(mean)(const float *const *rows, size_t count, size_t length, float *result) {
  double divisor = (double)count;
  size_t index = 0;
  for (; index + WIDTH <= length; index += WIDTH) {
    // Beginning with the first row instead of zero keeps the sign of a sum of negative zeros.
    NAME(mean_doubles) sum = __builtin_convertvector(*(const NAME(mean_floats) *)(rows[0] + index), NAME(mean_doubles));
    for (size_t row = 1; row < count; row++) {
      sum += __builtin_convertvector(*(const NAME(mean_floats) *)(rows[row] + index), NAME(mean_doubles));
    }
    *(NAME(mean_floats) *)(result + index) = __builtin_convertvector(sum / divisor, NAME(mean_floats));
  }
  for (; index < length; index++) {
    double sum = rows[0][index];
    for (size_t row = 1; row < count; row++) sum += rows[row][index];
    result[index] = (float)(sum / divisor);
  }
}

#undef WIDTH
