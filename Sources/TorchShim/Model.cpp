#include "Model.h"

#include "MatrixProduct.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace byz {

namespace {

// The mean cross-entropy of the softmax of `outputs` with `labels`; puts its gradient, (softmax - [label]) / count, in the
// place of the outputs.
double differentiateLoss(at::Tensor &outputs, const at::Tensor &labels) {
  const int64_t count = outputs.size(0), classes = outputs.size(1);
  float *row = outputs.data_ptr<float>();
  double loss = 0;
  for (int64_t example = 0; example < count; ++example, row += classes) {
    const int64_t label = labels.data_ptr<int64_t>()[example];
    const double largest = *std::max_element(row, row + classes), own = row[label] - largest;
    double sum = 0;
    for (int64_t index = 0; index < classes; ++index) sum += std::exp(row[index] - largest);
    loss += std::log(sum) - own;
    for (int64_t index = 0; index < classes; ++index) {
      const double share = std::exp(row[index] - largest) / sum;
      row[index] = static_cast<float>((share - (index == label ? 1 : 0)) / static_cast<double>(count));
    }
  }
  return loss / static_cast<double>(count);
}

void sumRows(const at::Tensor &matrix, float *sums) {
  const int64_t columns = matrix.size(1);
  const float *row = matrix.data_ptr<float>();
  std::fill(sums, sums + columns, 0.0f);
  for (int64_t index = 0; index < matrix.size(0); ++index, row += columns) {
    for (int64_t column = 0; column < columns; ++column) sums[column] += row[column];
  }
}

} // namespace

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

at::Tensor Model::apply(size_t layer, const float *parameters, const at::Tensor &x, bool rectify) const {
  const Piece &weight = pieces_[2 * layer];
  const int64_t rows = x.size(0), width = weight.shape[0];
  at::Tensor output = at::empty({rows, width}, x.options());
  multiply(x, weight.view(parameters).t(), output);
  const float *bias = parameters + pieces_[2 * layer + 1].offset;
  float *values = output.data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row, values += width) {
    for (int64_t column = 0; column < width; ++column) values[column] += bias[column];
    // Written so that a NaN stays one.
    if (rectify) std::transform(values, values + width, values, [](float value) { return value < 0 ? 0 : value; });
  }
  return output;
}

double Model::gradient(const float *parameters, const at::Tensor &inputs, const at::Tensor &labels,
                       float *gradient) const {
  std::vector<at::Tensor> layerInputs = {inputs};
  for (size_t layer = 0; layer + 1 < layers(); ++layer) {
    layerInputs.push_back(apply(layer, parameters, layerInputs[layer], true));
  }
  // From the outputs the gradient of the loss at the outputs, and so on from the last layer back to the first.
  at::Tensor delta = apply(layers() - 1, parameters, layerInputs.back(), false);
  const double loss = differentiateLoss(delta, labels);
  for (size_t layer = layers(); layer-- > 0;) {
    at::Tensor weightGradient = pieces_[2 * layer].view(gradient);
    multiply(delta.t(), layerInputs[layer], weightGradient);
    sumRows(delta, gradient + pieces_[2 * layer + 1].offset);
    if (layer == 0) break;
    at::Tensor before = at::empty_like(layerInputs[layer]);
    multiply(delta, pieces_[2 * layer].view(parameters), before);
    float *values = before.data_ptr<float>();
    const float *rectified = layerInputs[layer].data_ptr<float>();
    for (int64_t index = 0; index < before.numel(); ++index) values[index] = rectified[index] > 0 ? values[index] : 0;
    delta = before;
  }
  return loss;
}

at::Tensor Model::outputs(const float *parameters, const at::Tensor &inputs) const {
  at::Tensor x = inputs;
  for (size_t layer = 0; layer < layers(); ++layer) x = apply(layer, parameters, x, layer + 1 < layers());
  return x;
}

} // namespace byz
