import Glibc

/// An immutable vector of 32-bit floats, shared by reference.
///
/// Parameters, gradients and momentums are all vectors of the same length d. A vector is written once, when it is made,
/// and read by many: it can sit in a retained step, in several outgoing messages and in an aggregation at the same time
/// without being copied. Its memory is either its own (aligned to 64 bytes) or lent by an owner that it keeps alive, such
/// as a received network message.
public final class Vector: @unchecked Sendable {  // Safe: nothing writes to the memory after `init`.
  /// The number of elements, d.
  public let count: Int

  private let base: UnsafePointer<Float>
  /// Keeps lent memory alive; nil when the vector owns its memory.
  private let owner: AnyObject?

  /// Makes a vector of `count` elements and lets `body` write all of them; they start as zeros.
  public convenience init(count: Int, writing body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    try self.init(uncleared: count) { elements in
      elements.initialize(repeating: 0)
      try body(elements)
    }
  }

  /// Makes a vector of `count` elements of which `body` promises to write every one, and to read none before.
  ///
  /// What the memory holds at first is whatever it held before, since clearing it would take as long as a copy does. In
  /// debug builds it is NaNs, which give away an element that was not written.
  package init(uncleared count: Int, writing body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
    let buffer = UnsafeMutableBufferPointer(start: memory.bindMemory(to: Float.self, capacity: count), count: count)
    assert(spoil(buffer))
    self.count = count
    self.base = UnsafePointer(memory.assumingMemoryBound(to: Float.self))
    self.owner = nil
    try body(buffer)
  }

  /// Makes a vector over memory that `owner` keeps alive and unchanged for as long as it lives.
  ///
  /// The memory must be aligned for `Float`.
  public init(borrowing base: UnsafePointer<Float>, count: Int, owner: AnyObject) {
    self.count = count
    self.base = base
    self.owner = owner
  }

  public convenience init(_ elements: some Collection<Float>) {
    self.init(uncleared: elements.count) { _ = $0.update(fromContentsOf: elements) }
  }

  public convenience init(repeating element: Float, count: Int) {
    self.init(uncleared: count) { $0.initialize(repeating: element) }
  }

  deinit {
    if owner == nil { UnsafeMutableRawPointer(mutating: base).deallocate() }
  }

  public subscript(index: Int) -> Float {
    precondition(index >= 0 && index < count, "index \(index) outside a vector of \(count) elements")
    return base[index]
  }

  /// The elements as an array: a copy, for tests and small vectors.
  public var elements: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Lets `body` read the elements in place.
  public func withUnsafeBufferPointer<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(UnsafeBufferPointer(start: base, count: count)) }
  }
}

/// Fills memory with NaNs; always true, so that it can be asserted.
private func spoil(_ elements: UnsafeMutableBufferPointer<Float>) -> Bool {
  elements.initialize(repeating: .nan)
  return true
}

extension Vector: Hashable {
  /// Whether both vectors hold the same bits, the equality that determinism is about: 0 and -0 differ.
  public static func == (left: Vector, right: Vector) -> Bool {
    left.count == right.count && memcmp(left.base, right.base, 4 * left.count) == 0
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(bytes: UnsafeRawBufferPointer(UnsafeBufferPointer(start: base, count: count)))
  }
}

extension Vector: CustomStringConvertible {
  public var description: String {
    let shown = elements.prefix(4).map { "\($0)" }.joined(separator: ", ")
    return count > 4 ? "[\(shown), ... \(count) elements]" : "[\(shown)]"
  }
}
