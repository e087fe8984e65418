#include "Model.h"

#include "LinearFunction.h"

#include <torch/csrc/autograd/autograd.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace byz {

Model::Model(std::vector<int64_t> widths) : widths_(std::move(widths)) {
  if (widths_.size() < 2) throw std::invalid_argument("a model needs at least two widths: inputs and classes");
  for (const int64_t width : widths_) {
    if (width < 1 || width > widthMax) {
      throw std::invalid_argument("a layer's width of " + std::to_string(width) + " is outside 1 ... " +
                                  std::to_string(widthMax));
    }
  }
  for (size_t layer = 1; layer < widths_.size(); ++layer) {
    const int64_t from = widths_[layer - 1], to = widths_[layer];
    append({to, from}, to * from);
    append({to}, to);
  }
}

void Model::append(std::vector<int64_t> shape, int64_t count) {
  pieces_.push_back({dimension_, std::move(shape)});
  dimension_ += count;
}

at::Tensor Model::Piece::view(const float *vector) const {
  // Tensors know no const; those over parameters are only read.
  return at::from_blob(const_cast<float *>(vector) + offset, shape, at::kFloat);
}

double Model::gradient(const float *parameters, const at::Tensor &inputs, const at::Tensor &labels,
                       float *gradient) const {
  std::vector<at::Tensor> leaves, destinations;
  for (const Piece &piece : pieces_) {
    leaves.push_back(piece.view(parameters).set_requires_grad(true));
    destinations.push_back(piece.view(gradient));
  }
  at::Tensor x = inputs;
  for (size_t index = 0; index < pieces_.size(); index += 2) {
    if (index > 0) x = at::relu(x);
    x = LinearFunction::apply(x, leaves[index], leaves[index + 1], destinations[index], destinations[index + 1]);
  }
  const at::Tensor loss = at::cross_entropy_loss(x, labels);
  const auto gradients = torch::autograd::grad({loss}, leaves);
  for (size_t index = 0; index < gradients.size(); ++index) {
    if (gradients[index].data_ptr() != destinations[index].data_ptr()) destinations[index].copy_(gradients[index]);
  }
  return loss.item<double>();
}

at::Tensor Model::outputs(const float *parameters, const at::Tensor &inputs) const {
  at::Tensor x = inputs;
  for (size_t index = 0; index < pieces_.size(); index += 2) {
    if (index > 0) x.relu_();
    x = linear(x, pieces_[index].view(parameters), pieces_[index + 1].view(parameters));
  }
  return x;
}

} // namespace byz
