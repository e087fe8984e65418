/// The MNIST database of handwritten digits, read from its four original files, gzipped or not.
public enum MNIST {
  /// The two parts of the database.
  public enum Part: String, CaseIterable, Sendable {
    /// 60,000 images, shared out among the workers.
    case training = "train"
    /// 10,000 images, on which servers evaluate their models.
    case test = "t10k"

    fileprivate var imagesName: String { "\(rawValue)-images-idx3-ubyte" }
    fileprivate var labelsName: String { "\(rawValue)-labels-idx1-ubyte" }
  }

  /// The rows and columns of an image.
  static let imageShape = [28, 28]

  /// The number of classes, the digits.
  static let classes = 10

  /// The names of the files that `directory` lacks, both with and without `.gz`; looks at names only.
  public static func missingFiles(in directory: String, parts: [Part] = Part.allCases) -> [String] {
    parts.flatMap { [$0.imagesName, $0.labelsName] }.filter { existingPath(of: $0, in: directory) == nil }
  }

  /// The number of images in a part, from the headers of its two files: what a partition needs before anything is read.
  public static func count(of part: Part, in directory: String) throws(DatasetError) -> Int {
    try open(part, in: directory).images.count
  }

  /// Reads a part of the database.
  ///
  /// - Parameters:
  ///   - part: training or test images.
  ///   - directory: the folder that holds the files.
  ///   - kept: the indices of the images wanted, in any order; all of them if nil. Only these take memory, in the order of
  ///     the file.
  /// - Throws: a `DatasetError` if a file is missing, cannot be read, or is not what MNIST's files are.
  public static func load(
    _ part: Part, in directory: String, keeping kept: [Int]? = nil
  ) throws(DatasetError) -> Dataset {
    let (images, labels) = try open(part, in: directory)
    var keep = [Bool](repeating: kept == nil, count: images.count)
    for index in kept ?? [] {
      guard keep.indices.contains(index) else {
        throw DatasetError(file: images.path, problem: "has no image \(index): it holds \(images.count)")
      }
      keep[index] = true
    }
    let allLabels = try checkedLabels(of: labels)
    return Dataset(
      pixels: try images.readRecords(keeping: keep),
      labels: zip(allLabels, keep).filter(\.1).map(\.0),
      pixelsPerImage: images.recordSize)
  }

  private static func checkedLabels(of file: IDXFile) throws(DatasetError) -> [UInt8] {
    let labels = try file.readRecords()
    if let index = labels.firstIndex(where: { $0 >= classes }) {
      throw DatasetError(
        file: file.path, problem: "has the label \(labels[index]) at index \(index); labels are 0 to \(classes - 1)")
    }
    return labels
  }

  /// Opens both files of a part and checks that their headers go together.
  private static func open(
    _ part: Part, in directory: String
  ) throws(DatasetError) -> (images: IDXFile, labels: IDXFile) {
    let images = try IDXFile(path: path(of: part.imagesName, in: directory), content: .images, recordShape: imageShape)
    let labels = try IDXFile(path: path(of: part.labelsName, in: directory), content: .labels)
    guard images.count == labels.count else {
      throw DatasetError(
        file: labels.path, problem: "announces \(labels.count) labels for the \(images.count) images of \(images.path)")
    }
    return (images, labels)
  }

  private static func path(of name: String, in directory: String) throws(DatasetError) -> String {
    guard let path = existingPath(of: name, in: directory) else {
      throw DatasetError(file: "\(directory)/\(name)", problem: "is missing, with .gz and without")
    }
    return path
  }

  /// Where a file lies: the compressed one first, which is how MNIST is distributed.
  private static func existingPath(of name: String, in directory: String) -> String? {
    ["\(directory)/\(name).gz", "\(directory)/\(name)"].first(where: GzipFile.exists)
  }
}
