#include "CKernels.h"
#include "SortingNetwork.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// A fused multiplication and addition rounds once where two operations round twice, and not every processor has one.
#pragma clang fp contract(off)

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef double doubles4 __attribute__((ext_vector_type(4)));
typedef double doubles8 __attribute__((ext_vector_type(8)));
typedef double doubles16 __attribute__((ext_vector_type(16)));
// Vectors over lent memory need not be aligned for more than a float.
typedef float unaligned_floats8 __attribute__((ext_vector_type(8), aligned(4)));
typedef float unaligned_floats16 __attribute__((ext_vector_type(16), aligned(4)));

// Eights of coordinates in a block.
#define STEPS (byz_distance_block / 8)

// The same source compiled once for each set of instructions, with as many floats to a register as the set has.
#define NAME(name) name##_portable
#define LANES 4
#include "Combination.h"
#include "Distances.h"
#include "Finite.h"
#include "Mean.h"
#include "Median.h"
#include "MedianByNetwork.h"
#include "Momentum.h"
#include "Norm.h"
#include "SortedFold.h"
#undef NAME
#undef LANES

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define NAME(name) name##_avx2
#define LANES 8
#include "Combination.h"
#include "Distances.h"
#include "Finite.h"
#include "Mean.h"
#include "Median.h"
#include "MedianByNetwork.h"
#include "Momentum.h"
#include "Norm.h"
#include "SortedFold.h"
#undef NAME
#undef LANES
#pragma clang attribute pop

enum byz_instructions byz_best_instructions(void) {
  // Asked once: zero stands for not yet, and two threads that ask at the same time get the same answer.
  static _Atomic int answer;
  if (answer == 0) {
    const char *wanted = getenv("BYZSGD_INSTRUCTIONS");
    int is_portable = wanted != NULL && strcmp(wanted, "portable") == 0;
    answer = 1 + (!is_portable && __builtin_cpu_supports("avx2") ? byz_instructions_avx2 : byz_instructions_portable);
  }
  return (enum byz_instructions)(answer - 1);
}

#define CALL(name, ...) (instructions == byz_instructions_avx2 ? name##_avx2(__VA_ARGS__) : name##_portable(__VA_ARGS__))
#else
enum byz_instructions byz_best_instructions(void) { return byz_instructions_portable; }

#define CALL(name, ...) ((void)instructions, name##_portable(__VA_ARGS__))
#endif

void byz_squared_distances(
  enum byz_instructions instructions, const float *const *rows, size_t count, size_t length, double *room,
  double *squares
) {
  CALL(squared_distances, rows, count, length, (doubles8 *)room, squares);
}

void byz_squared_distances_from(
  enum byz_instructions instructions, const float *left, const float *const *rows, size_t count, size_t length,
  double *room, double *squares
) {
  CALL(squared_distances_from, left, rows, count, length, (doubles8 *)room, squares);
}

void byz_mean(
  enum byz_instructions instructions, const float *const *rows, size_t count, size_t length, float *result
) {
  CALL(mean, rows, count, length, result);
}

void byz_combine(
  enum byz_instructions instructions, const float *const *rows, const double *weights, size_t count, size_t length,
  float *result
) {
  CALL(combine, rows, weights, count, length, result);
}

void byz_squared_distances_to_combination(
  enum byz_instructions instructions, const float *const *rows, const double *weights, size_t count, size_t length,
  double *squares
) {
  CALL(squared_distances_to_combination, rows, weights, count, length, squares);
}

void byz_scale(
  enum byz_instructions instructions, double factor, const float *elements, size_t length, float *result
) {
  CALL(scale, factor, elements, length, result);
}

bool byz_is_finite(enum byz_instructions instructions, const float *elements, size_t length) {
  return CALL(is_finite, elements, length);
}

void byz_median_of_few(
  enum byz_instructions instructions, const float *const *rows, size_t count, size_t length, float *result
) {
  CALL(median_of_few, rows, count, length, result);
}

void byz_median_by_network(
  enum byz_instructions instructions, struct byz_network network, const float *const *rows, size_t count,
  size_t length, void *room, float *result
) {
  CALL(median_by_network, network, rows, count, length, room, result);
}

void byz_fold_sorted(
  enum byz_instructions instructions, enum byz_fold fold, size_t dropped, struct byz_network network,
  const float *const *rows, size_t count, size_t length, void *room, float *result
) {
  CALL(fold_sorted, fold, dropped, network, rows, count, length, room, result);
}

void byz_update_momentum(
  enum byz_instructions instructions, struct byz_momentum_update update, size_t length, float *result
) {
  CALL(update_momentum, update, length, result);
}

double byz_squared_norm(enum byz_instructions instructions, struct byz_sum sum, size_t length) {
  return CALL(squared_norm, sum, length);
}
