#pragma once

#include <torch/csrc/autograd/custom_function.h>

namespace byz {

// x * weight' + bias as an operation of libtorch's autograd, for x [batch, inputs] and weight [outputs, inputs].
//
// Unlike libtorch's own it is given the memory that the gradients of weight and bias belong in. Those of a whole model
// are written once and in place, instead of into new memory that is then copied: with the small batches of this
// protocol, touching fresh memory of the model's size takes longer than the arithmetic.
struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const at::Tensor &bias, const at::Tensor &weightGradient, const at::Tensor &biasGradient);

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext *context,
                                               torch::autograd::tensor_list outputGradients);
};

// The same without a gradient.
at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias);

} // namespace byz
