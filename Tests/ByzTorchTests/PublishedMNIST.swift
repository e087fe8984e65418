import ByzGradients
import Foundation

/// The MNIST that the repository ships with.
enum PublishedMNIST {
  static let directory =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Datasets/mnist")
    .standardizedFileURL.path

  /// Whether it is there: a package taken apart may lack it.
  static let isPresent = MNIST.missingFiles(in: directory).isEmpty
}
