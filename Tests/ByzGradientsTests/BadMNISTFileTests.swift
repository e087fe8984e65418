import ByzGradients
import Foundation
import Testing

/// A way to spoil a folder of five good training images, and the error that it must lead to.
struct BadFile: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// The file that the error must name.
  let file: String
  /// The text of the error, with FOLDER for the folder's path.
  let problem: String
  let spoil: @Sendable (MNISTFolder) throws -> Void

  init(
    _ testDescription: String, _ file: String, _ problem: String,
    spoil: @escaping @Sendable (MNISTFolder) throws -> Void
  ) {
    self.testDescription = testDescription
    self.file = file
    self.problem = problem
    self.spoil = spoil
  }
}

private let images = MNISTFolder.imagesName
private let labels = MNISTFolder.labelsName
private let noise = MNISTTests.pixels

private let badFiles = [
  BadFile("no images", images, "is missing, with .gz and without") { try $0.remove(images) },
  BadFile("no labels", labels, "is missing, with .gz and without") { try $0.remove(labels) },
  BadFile("an empty file", images, "is cut short: it ends within its header") { try $0.write([], to: images) },
  BadFile("half a header", images, "is cut short: it ends within its header") {
    try $0.change(images) { Array($0.prefix(10)) }
  },
  BadFile("labels for images", images, "begins with 0x00000801, but an IDX file of images with 0x00000803") {
    try $0.write(MNISTFolder.labels([1, 2, 3]), to: images)
  },
  BadFile("a text", labels, "begins with 0x68656c6c, but an IDX file of labels with 0x00000801") {
    try $0.write(Array("hello".utf8), to: labels)
  },
  BadFile("another size", images, "has images of 32 x 28 bytes, but 28 x 28 are wanted") {
    try $0.write(MNISTFolder.images(noise, rows: 32), to: images)
  },
  BadFile("an absurd size", images, "has images of 4294967295 x 4294967295 bytes, but 28 x 28 are wanted") {
    try $0.write(MNISTFolder.idx(magic: 0x803, sizes: [1, 0xFFFF_FFFF, 0xFFFF_FFFF], bytes: []), to: images)
  },
  BadFile("an absurd count", images, "announces 4294967295 images, more than 16777216") {
    try $0.write(MNISTFolder.idx(magic: 0x803, sizes: [0xFFFF_FFFF, 28, 28], bytes: noise), to: images)
  },
  BadFile("half an image", images, "is cut short: it ends after 2 of the 5 images it announces") {
    try $0.change(images) { Array($0.prefix(16 + 784 * 5 / 2)) }
  },
  BadFile("a missing label", labels, "is cut short: it ends after 4 of the 5 labels it announces") {
    try $0.change(labels) { $0.dropLast() }
  },
  BadFile("one byte too many", images, "goes on after the 5 images it announces") {
    try $0.change(images) { $0 + [0] }
  },
  BadFile("fewer labels", labels, "announces 3 labels for the 5 images of FOLDER/\(images)") {
    try $0.write(MNISTFolder.labels([1, 2, 3]), to: labels)
  },
  BadFile("a label that is no digit", labels, "has the label 10 at index 2; labels are 0 to 9") {
    try $0.write(MNISTFolder.labels([9, 0, 10, 11, 4]), to: labels)
  },
  BadFile("a folder", images, "cannot be read: Is a directory") {
    try $0.remove(images)
    try FileManager.default.createDirectory(atPath: $0.file(images), withIntermediateDirectories: false)
  },
  BadFile("gzip without its checksum", images + ".gz", "is cut short: gzip's checksum is missing") {
    try $0.write(MNISTFolder.images(noise), to: images, compressed: true)
    try $0.change(images + ".gz") { $0.dropLast(8) }
  },
  BadFile("gzip with a wrong checksum", images + ".gz", "cannot be read: incorrect data check") {
    try $0.write(MNISTFolder.images(noise), to: images, compressed: true)
    try $0.change(images + ".gz") { $0.dropLast(8) + [1, 2, 3, 4] + $0.suffix(4) }
  },
]

@Suite struct BadMNISTFileTests {
  @Test(arguments: badFiles) func isRefusedWithAReason(bad: BadFile) throws {
    let folder = try MNISTFolder(pixels: noise, labels: MNISTTests.labels)
    try bad.spoil(folder)
    let expected = DatasetError(
      file: folder.file(bad.file), problem: bad.problem.replacingOccurrences(of: "FOLDER", with: folder.path))
    #expect(throws: expected) { try MNIST.load(.training, in: folder.path) }
  }

  @Test func compressedFileCutInTheMiddleIsRefused() throws {
    let folder = try MNISTFolder(pixels: noise, labels: MNISTTests.labels, compressed: true)
    try folder.change(images + ".gz") { Array($0.prefix($0.count / 2)) }
    // How many images survive is for the compressor to say.
    let error = try #require(throws: DatasetError.self) { try MNIST.load(.training, in: folder.path) }
    #expect(error.problem.hasPrefix("is cut short: it ends after "))
  }

  @Test func imageOutsideTheFileIsRefused() throws {
    let folder = try MNISTFolder(pixels: noise, labels: MNISTTests.labels)
    let expected = DatasetError(file: folder.file(images), problem: "has no image 5: it holds 5")
    #expect(throws: expected) { try MNIST.load(.training, in: folder.path, keeping: [0, 5]) }
    #expect(throws: DatasetError.self) { try MNIST.load(.training, in: folder.path, keeping: [-1]) }
  }

  @Test func errorReadsAsPathAndProblem() {
    #expect(DatasetError(file: "a/b", problem: "is missing").description == "a/b: is missing")
  }
}
