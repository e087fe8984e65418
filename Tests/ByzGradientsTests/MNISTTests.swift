import ByzGradients
import ByzNumerics
import Testing

@Suite struct MNISTTests {
  /// Five images of noise, which gzip cannot shorten.
  static let pixels: [UInt8] = {
    var generator = SeededGenerator(seed: 11)
    return (0..<5 * 784).map { _ in UInt8(generator.index(below: 256)) }
  }()
  static let labels: [UInt8] = [7, 0, 9, 3, 3]

  @Test(arguments: [false, true]) func readsPlainAndCompressedFiles(compressed: Bool) throws {
    let folder = try MNISTFolder(pixels: Self.pixels, labels: Self.labels, compressed: compressed)
    #expect(try MNIST.count(of: .training, in: folder.path) == 5)
    let dataset = try MNIST.load(.training, in: folder.path)
    #expect(dataset.pixels == Self.pixels)
    #expect(dataset.labels == Self.labels)
    #expect(dataset.count == 5)
    #expect(dataset.pixelsPerImage == 784)
  }

  @Test func keepsOnlyTheImagesAskedForInTheOrderOfTheFile() throws {
    let folder = try MNISTFolder(pixels: Self.pixels, labels: Self.labels)
    let dataset = try MNIST.load(.training, in: folder.path, keeping: [4, 1])
    #expect(dataset.labels == [0, 3])
    #expect(dataset.pixels == Array(Self.pixels[784..<2 * 784] + Self.pixels[4 * 784..<5 * 784]))
    #expect(try MNIST.load(.training, in: folder.path, keeping: []).count == 0)
  }

  @Test func readsFilesWithoutImages() throws {
    let folder = try MNISTFolder(pixels: [], labels: [])
    #expect(try MNIST.load(.training, in: folder.path).count == 0)
  }

  @Test func namesTheFilesThatAreMissing() throws {
    let folder = try MNISTFolder(pixels: Self.pixels, labels: Self.labels, compressed: true)
    #expect(MNIST.missingFiles(in: folder.path, parts: [.training]) == [])
    #expect(MNIST.missingFiles(in: folder.path) == ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
    try folder.remove("train-labels-idx1-ubyte.gz")
    #expect(MNIST.missingFiles(in: folder.path, parts: [.training]) == ["train-labels-idx1-ubyte"])
    #expect(MNIST.missingFiles(in: "/nowhere").count == 4)
  }
}

/// What the published database holds, which is known from elsewhere.
@Suite(.enabled(if: PublishedMNIST.isPresent)) struct PublishedMNISTTests {
  @Test func trainingPart() throws {
    let dataset = try MNIST.load(.training, in: PublishedMNIST.directory)
    #expect(dataset.count == 60_000)
    #expect(dataset.labels.prefix(5) == [5, 0, 4, 1, 9])
    #expect(dataset.labels.count { $0 == 0 } == 5_923)
    #expect(dataset.labels.count { $0 == 1 } == 6_742)
  }

  @Test func testPart() throws {
    let dataset = try MNIST.load(.test, in: PublishedMNIST.directory)
    #expect(dataset.count == 10_000)
    #expect(dataset.labels.count { $0 == 0 } == 980)
    #expect(dataset.labels.count { $0 == 1 } == 1_135)
  }

  @Test func normalizationFitsTheTrainingImages() throws {
    // The mean of an image varies by about 0.04, so that of 3,000 by 0.0008; the tolerance is four times that. They are
    // drawn at random because every other image is of another origin, and darker.
    let drawn = Partition.independent(of: 60_000, among: 20, seed: 1)[0]
    let dataset = try MNIST.load(.training, in: PublishedMNIST.directory, keeping: drawn)
    var histogram = [Double](repeating: 0, count: 256)
    for pixel in dataset.pixels { histogram[Int(pixel)] += 1 / Double(dataset.pixels.count) }
    let mean = histogram.enumerated().reduce(0) { $0 + $1.element * Double($1.offset) / 255 }
    let square = histogram.enumerated().reduce(0) { $0 + $1.element * Double($1.offset * $1.offset) / (255 * 255) }
    #expect(abs(mean - Double(Normalization.mnist.mean)) < 0.0032)
    #expect(abs((square - mean * mean).squareRoot() - Double(Normalization.mnist.standardDeviation)) < 0.0032)
  }
}
