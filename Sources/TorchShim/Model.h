#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace byz {

// The shapes of a sequence of linear layers with a ReLU between each two.
//
// The gradient of these few operations is written out, and of libtorch only the matrix products are used: with the small
// batches of this protocol, its autograd and its many small operations take longer than the arithmetic. And each gradient
// goes straight into the memory where it belongs.
class Model {
public:
  // Throws std::invalid_argument unless there are at least two widths, all in 1 ... widthMax.
  explicit Model(std::vector<int64_t> widths);

  static constexpr int64_t widthMax = int64_t(1) << 24;

  int64_t inputs() const { return widths_.front(); }
  int64_t classes() const { return widths_.back(); }
  int64_t dimension() const { return dimension_; }

  // The mean loss of `inputs` [count, inputs] with `labels` [count]; writes its gradient to `gradient`, d floats.
  double gradient(const float *parameters, const at::Tensor &inputs, const at::Tensor &labels, float *gradient) const;

  // The outputs [count, classes] for `inputs` [count, inputs], before the softmax.
  at::Tensor outputs(const float *parameters, const at::Tensor &inputs) const;

private:
  // The weight or bias of a layer: where it begins in the flat vector, and its sizes.
  struct Piece {
    int64_t offset;
    std::vector<int64_t> shape;

    at::Tensor view(const float *vector) const;
  };

  std::vector<int64_t> widths_;
  std::vector<Piece> pieces_; // Weight and bias of the first layer, of the second, ...
  int64_t dimension_ = 0;

  size_t layers() const { return pieces_.size() / 2; }

  void append(std::vector<int64_t> shape, int64_t count);

  // x * weight' + bias of one layer, for x [count, inputs of the layer]; no less than 0 if `rectify` is set.
  at::Tensor apply(size_t layer, const float *parameters, const at::Tensor &x, bool rectify) const;
};

} // namespace byz
