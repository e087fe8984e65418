/// Labelled images in memory, one byte a pixel: a quarter of what floats would take.
public struct Dataset: Sendable {
  /// The pixels, image after image, each row-major; 0 is the background.
  public let pixels: [UInt8]
  /// The class of each image.
  public let labels: [UInt8]
  /// The number of pixels in an image.
  public let pixelsPerImage: Int
  /// How pixels become a model's inputs.
  public let normalization: Normalization

  private let inputOfByte: [Float]

  /// The number of images.
  public var count: Int { labels.count }

  /// A data set of `labels.count` images of `pixelsPerImage` bytes each.
  public init(pixels: [UInt8], labels: [UInt8], pixelsPerImage: Int, normalization: Normalization = .mnist) {
    precondition(
      pixels.count == labels.count * pixelsPerImage,
      "\(pixels.count) pixels are not \(labels.count) images of \(pixelsPerImage)")
    self.pixels = pixels
    self.labels = labels
    self.pixelsPerImage = pixelsPerImage
    self.normalization = normalization
    self.inputOfByte = normalization.table
  }

  /// Writes the normalised pixels of image `index` to `inputs`, from position `start` on.
  func writeInputs(ofImage index: Int, to inputs: inout [Float], at start: Int) {
    // Slices check their bounds once, and pointers then no more: images are read by the ten thousand in an evaluation.
    let (first, count) = (index * pixelsPerImage, pixelsPerImage)
    inputs.withUnsafeMutableBufferPointer { inputs in
      pixels.withUnsafeBufferPointer { pixels in
        inputOfByte.withUnsafeBufferPointer { table in
          guard let source = UnsafeBufferPointer(rebasing: pixels[first..<first + count]).baseAddress,
            let target = UnsafeMutableBufferPointer(rebasing: inputs[start..<start + count]).baseAddress,
            let values = table.baseAddress
          else { return }
          for offset in 0..<count { target[offset] = values[Int(source[offset])] }
        }
      }
    }
  }
}
