#pragma once

#include <ATen/ATen.h>

namespace byz {

// result = left * right.
//
// All are matrices of floats on the CPU. `result` is contiguous and shares no memory with an operand; an operand is
// contiguous or the transpose of a contiguous matrix.
void multiply(const at::Tensor &left, const at::Tensor &right, at::Tensor &result);

} // namespace byz
