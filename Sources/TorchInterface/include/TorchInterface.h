#ifndef TORCH_INTERFACE_H
#define TORCH_INTERFACE_H

// Classifiers on libtorch behind a plain C interface: what libTorchShim.so offers, which a program loads at run time,
// because starting a process that is linked to libtorch takes half a second of processor time and 100 MB.
//
// A model is a sequence of linear layers with a ReLU between each two; its loss is softmax with cross-entropy. All its
// parameters lie in one flat vector of d floats: for every layer the weight, row-major with a row for each output, then
// the bias. A model holds shapes only, so the same one serves any parameters.
//
// Every function that can fail returns a status and, where it is not BYZ_TORCH_OK, writes a text that ends with a zero
// into the caller's error buffer, cut to fit. No C++ exception leaves these functions. Nothing that they are given is
// kept or changed after they return. Use one model from one thread at a time; different models are independent.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Only the pointers to functions, below, are said to be never null.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"

typedef enum {
  BYZ_TORCH_OK = 0,
  // The caller passed something that does not fit: a null pointer, a wrong size, a label that is no class.
  BYZ_TORCH_INVALID_ARGUMENT = 1,
  // libtorch failed, or memory ran out.
  BYZ_TORCH_FAILURE = 2,
} byz_torch_status;

// Where an error's text goes: `capacity` bytes at `text`, or nowhere if that is 0.
typedef struct {
  char *text;
  size_t capacity;
} byz_torch_error;

// Labelled examples: `count` rows of `width` inputs, row-major, and a label from 0 for each row.
typedef struct {
  const float *inputs;
  const int64_t *labels;
  int64_t count;
  int64_t width;
} byz_torch_batch;

typedef struct byz_torch_model byz_torch_model;

// Makes libtorch compute with one thread in the whole process, whichever thread calls it: the many processes of a run
// share a machine, and sums in one order are what makes a result repeatable. Calling it again changes nothing.
typedef byz_torch_status byz_torch_use_one_thread(byz_torch_error error);

// Makes a model with layers between `count` widths, at least 2: inputs, hidden units, classes. On success `*model` is
// the caller's to destroy; otherwise it is null.
typedef byz_torch_status byz_torch_model_create(const int64_t *widths, size_t count, byz_torch_model **model,
                                                byz_torch_error error);

// Frees a model; null is allowed.
typedef void byz_torch_model_destroy(byz_torch_model *model);

// The number d of the model's parameters.
typedef int64_t byz_torch_model_dimension(const byz_torch_model *model);

// Computes the mean loss over the batch and its gradient at `parameters`. `parameters` and `gradient` are arrays of
// `dimension` floats, which must be d, and must not overlap. After a failure the contents of `gradient` and `*loss` are
// undefined. Equal arguments give equal bits, on the same machine and build of libtorch.
typedef byz_torch_status byz_torch_gradient(const byz_torch_model *model, const float *parameters, int64_t dimension,
                                            byz_torch_batch batch, float *gradient, double *loss,
                                            byz_torch_error error);

// Counts the examples whose largest output is that of their label, and computes the sum of their losses.
typedef byz_torch_status byz_torch_evaluate(const byz_torch_model *model, const float *parameters, int64_t dimension,
                                            byz_torch_batch batch, int64_t *correct, double *loss_sum,
                                            byz_torch_error error);

#pragma clang assume_nonnull begin

// All functions of the library.
typedef struct {
  byz_torch_use_one_thread *use_one_thread;
  byz_torch_model_create *model_create;
  byz_torch_model_destroy *model_destroy;
  byz_torch_model_dimension *model_dimension;
  byz_torch_gradient *gradient;
  byz_torch_evaluate *evaluate;
} byz_torch_functions;

#pragma clang assume_nonnull end

// To be raised with every change of this file that changes how a compiled program and library fit together.
enum { BYZ_TORCH_VERSION = 1 };

// The only function to look up in the library, by the name byz_torch: all the others, or null if the library was not
// built with the same version of this file, or another layout of the functions.
typedef const byz_torch_functions *byz_torch_entry(int32_t version, size_t size);

#pragma clang diagnostic pop

#ifdef __cplusplus
}
#endif

#endif
