#include "MatrixProduct.h"

#include <dlfcn.h>

namespace byz {

namespace {

// oneDNN's public C function for row-major matrices of floats: C = alpha * op(A) * op(B) + beta * C.
using Sgemm = int (*)(char transposeA, char transposeB, int64_t rows, int64_t columns, int64_t inner, float alpha,
                      const float *a, int64_t strideA, const float *b, int64_t strideB, float beta, float *c,
                      int64_t strideC);

// oneDNN's product if libtorch brings it and has none of MKL's, otherwise null.
//
// A distribution's libtorch multiplies with whatever BLAS the system has, and Debian installs the reference BLAS unless
// told otherwise, an order of magnitude slower than a tuned one. But libtorch also brings oneDNN for its convolutions.
// Looked up at run time, because a libtorch that has MKL may hold oneDNN in a form that cannot be linked to.
Sgemm findSgemm() {
  return at::hasMKL() ? nullptr : reinterpret_cast<Sgemm>(dlsym(RTLD_DEFAULT, "dnnl_sgemm"));
}

// How a matrix lies in memory: its own rows one after the other, or those of its transpose.
struct Layout {
  char transpose;
  int64_t stride;

  explicit Layout(const at::Tensor &matrix)
      : transpose(matrix.is_contiguous() ? 'N' : 'T'),
        stride(matrix.is_contiguous() ? matrix.size(1) : matrix.size(0)) {
    TORCH_CHECK(matrix.is_contiguous() || matrix.t().is_contiguous(), "a matrix's elements are not side by side");
  }
};

} // namespace

void multiply(const at::Tensor &left, const at::Tensor &right, at::Tensor &result) {
  static const Sgemm sgemm = findSgemm();
  if (sgemm == nullptr) {
    at::mm_out(result, left, right);
    return;
  }
  const Layout leftLayout(left), rightLayout(right);
  const int status =
      sgemm(leftLayout.transpose, rightLayout.transpose, left.size(0), right.size(1), left.size(1), 1,
            left.data_ptr<float>(), leftLayout.stride, right.data_ptr<float>(), rightLayout.stride,
            0, result.data_ptr<float>(), result.size(1));
  TORCH_CHECK(status == 0, "oneDNN's matrix product failed with status ", status);
}

} // namespace byz
