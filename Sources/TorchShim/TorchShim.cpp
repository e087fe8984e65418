#include "Model.h"
#include "TorchInterface.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>

struct byz_torch_model {
  byz::Model model;
};

namespace {

byz_torch_status report(byz_torch_error error, byz_torch_status status, const char *text) noexcept {
  if (error.text != nullptr && error.capacity > 0) {
    const size_t length = std::min(std::strlen(text), error.capacity - 1);
    std::memcpy(error.text, text, length);
    error.text[length] = '\0';
  }
  return status;
}

// Runs `body` and turns whatever it throws into a status and a text.
template <typename Body> byz_torch_status guarded(byz_torch_error error, Body body) noexcept {
  try {
    body();
    return BYZ_TORCH_OK;
  } catch (const std::invalid_argument &problem) {
    return report(error, BYZ_TORCH_INVALID_ARGUMENT, problem.what());
  } catch (const c10::Error &problem) {
    // what() would add a stack trace.
    return report(error, BYZ_TORCH_FAILURE, problem.what_without_backtrace());
  } catch (const std::exception &problem) {
    return report(error, BYZ_TORCH_FAILURE, problem.what());
  } catch (...) {
    return report(error, BYZ_TORCH_FAILURE, "an exception of an unknown type");
  }
}

void require(bool condition, const char *text) {
  if (!condition) throw std::invalid_argument(text);
}

void requireEqual(const char *what, int64_t actual, int64_t expected) {
  if (actual != expected) {
    throw std::invalid_argument(std::string(what) + " is " + std::to_string(actual) + " instead of " +
                                std::to_string(expected));
  }
}

void requireLabels(const byz_torch_batch &batch, int64_t classes) {
  for (int64_t index = 0; index < batch.count; ++index) {
    if (batch.labels[index] < 0 || batch.labels[index] >= classes) {
      throw std::invalid_argument("the label " + std::to_string(batch.labels[index]) + " at index " +
                                  std::to_string(index) + " is outside 0 ..< " + std::to_string(classes));
    }
  }
}

// A batch that fits the model, as tensors over the caller's memory.
struct Examples {
  at::Tensor inputs, labels;

  Examples(const byz::Model &model, const byz_torch_batch &batch) {
    require(batch.count > 0, "the batch is empty");
    require(batch.inputs != nullptr && batch.labels != nullptr, "the batch has no memory");
    requireEqual("the number of inputs", batch.width, model.inputs());
    requireLabels(batch, model.classes());
    inputs = at::from_blob(const_cast<float *>(batch.inputs), {batch.count, batch.width}, at::kFloat);
    labels = at::from_blob(const_cast<int64_t *>(batch.labels), {batch.count}, at::kLong);
  }
};

const byz::Model &checked(const byz_torch_model *model, const float *parameters, int64_t dimension) {
  require(model != nullptr, "there is no model");
  require(parameters != nullptr, "there are no parameters");
  requireEqual("the number of parameters", dimension, model->model.dimension());
  return model->model;
}

byz_torch_status use_one_thread(byz_torch_error error) {
  return guarded(error, [] {
    static std::once_flag once;
    std::call_once(once, [] {
      at::set_num_threads(1);
      // Once only, because libtorch throws when it is told a second time.
      at::set_num_interop_threads(1);
    });
  });
}

byz_torch_status model_create(const int64_t *widths, size_t count, byz_torch_model **model, byz_torch_error error) {
  return guarded(error, [&] {
    require(model != nullptr, "there is no place for the model");
    *model = nullptr;
    require(widths != nullptr, "there are no widths");
    *model = new byz_torch_model{byz::Model(std::vector<int64_t>(widths, widths + count))};
  });
}

void model_destroy(byz_torch_model *model) { delete model; }

int64_t model_dimension(const byz_torch_model *model) { return model == nullptr ? 0 : model->model.dimension(); }

byz_torch_status gradient(const byz_torch_model *model, const float *parameters, int64_t dimension,
                          byz_torch_batch batch, float *gradient, double *loss, byz_torch_error error) {
  return guarded(error, [&] {
    const byz::Model &shapes = checked(model, parameters, dimension);
    require(gradient != nullptr && loss != nullptr, "there is no place for the result");
    // Nothing here needs libtorch's autograd, and without it every operation takes a shorter way.
    const c10::InferenceMode withoutAutograd;
    const Examples examples(shapes, batch);
    // OpenMP counts threads for each thread that calls it, so one that is new to libtorch must be told.
    at::init_num_threads();
    *loss = shapes.gradient(parameters, examples.inputs, examples.labels, gradient);
  });
}

byz_torch_status evaluate(const byz_torch_model *model, const float *parameters, int64_t dimension,
                          byz_torch_batch batch, int64_t *correct, double *loss_sum, byz_torch_error error) {
  return guarded(error, [&] {
    const byz::Model &shapes = checked(model, parameters, dimension);
    require(correct != nullptr && loss_sum != nullptr, "there is no place for the result");
    // Nothing here needs libtorch's autograd, and without it every operation takes a shorter way.
    const c10::InferenceMode withoutAutograd;
    const Examples examples(shapes, batch);
    at::init_num_threads();
    const at::Tensor outputs = shapes.outputs(parameters, examples.inputs);
    const at::Tensor logProbabilities = at::log_softmax(outputs, 1).gather(1, examples.labels.unsqueeze(1));
    *correct = outputs.argmax(1).eq(examples.labels).sum().item<int64_t>();
    *loss_sum = -logProbabilities.sum(at::kDouble).item<double>();
  });
}

const byz_torch_functions functions = {use_one_thread,  model_create, model_destroy,
                                       model_dimension, gradient,     evaluate};

} // namespace

extern "C" const byz_torch_functions *byz_torch(int32_t version, size_t size) {
  return version == BYZ_TORCH_VERSION && size == sizeof functions ? &functions : nullptr;
}
