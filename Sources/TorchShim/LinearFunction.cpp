#include "LinearFunction.h"

#include "MatrixProduct.h"

namespace byz {

at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias) {
  at::Tensor output = at::empty({x.size(0), weight.size(0)}, x.options());
  output.copy_(bias);
  multiply(x, weight.t(), output, true);
  return output;
}

at::Tensor LinearFunction::forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                                   const at::Tensor &weight, const at::Tensor &bias, const at::Tensor &weightGradient,
                                   const at::Tensor &biasGradient) {
  context->save_for_backward({x, weight, weightGradient, biasGradient});
  return linear(x, weight, bias);
}

torch::autograd::tensor_list LinearFunction::backward(torch::autograd::AutogradContext *context,
                                                      torch::autograd::tensor_list outputGradients) {
  const auto saved = context->get_saved_variables();
  const at::Tensor &x = saved[0], &weight = saved[1];
  at::Tensor weightGradient = saved[2], biasGradient = saved[3], xGradient;
  const at::Tensor outputGradient = outputGradients[0].contiguous();
  multiply(outputGradient.t(), x, weightGradient, false);
  at::sum_out(biasGradient, outputGradient, 0);
  if (context->needs_input_grad(0)) {
    xGradient = at::empty_like(x);
    multiply(outputGradient, weight, xGradient, false);
  }
  // The memory of the gradients has no gradient itself.
  return {xGradient, weightGradient, biasGradient, {}, {}};
}

} // namespace byz
