/// Examples in the form in which a model takes them; its memory is reused from batch to batch.
public struct Batch: Sendable {
  /// The number of inputs of an example, the pixels of an image.
  public private(set) var width = 0
  /// The normalised inputs, row-major: `count` rows of `width`.
  public private(set) var inputs: [Float] = []
  /// The class of each example, 64 bits wide because that is what libtorch reads.
  public private(set) var labels: [Int64] = []

  /// The number of examples.
  public var count: Int { labels.count }

  /// A batch without examples.
  public init() {}

  /// Replaces the batch by the examples of `dataset` at `indices`, in that order; an index may occur more than once.
  public mutating func fill(from dataset: Dataset, at indices: some Collection<Int>) {
    width = dataset.pixelsPerImage
    resize(to: indices.count)
    for (row, index) in indices.enumerated() {
      dataset.writeInputs(ofImage: index, to: &inputs, at: row * width)
      labels[row] = Int64(dataset.labels[index])
    }
  }

  /// Turns all labels round: of `classes`, class y becomes classes - 1 - y.
  public mutating func flipLabels(among classes: Int) {
    for row in labels.indices { labels[row] = Int64(classes) - 1 - labels[row] }
  }

  private mutating func resize(to count: Int) {
    if labels.count != count { labels = [Int64](repeating: 0, count: count) }
    if inputs.count != count * width { inputs = [Float](repeating: 0, count: count * width) }
  }
}
