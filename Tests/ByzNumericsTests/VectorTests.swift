import ByzNumerics
import Testing

@Suite struct VectorTests {
  /// The address of a vector's memory.
  private func address(_ vector: Vector) -> UInt {
    vector.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
  }

  @Test func borrowedMemoryIsReadInPlaceAndItsOwnerKeptUntilTheVectorGoes() throws {
    var owner: Vector? = Vector([1, 2, 3, 4])
    weak let observed = owner
    var lent: Vector? = try lend(try #require(owner), from: 1, count: 2)
    #expect(address(try #require(lent)) == address(try #require(owner)) + 4)
    owner = nil
    #expect(observed != nil)
    #expect(lent?.elements == [2, 3])
    lent = nil
    #expect(observed == nil)
  }

  private func lend(_ owner: Vector, from start: Int, count: Int) throws -> Vector {
    try owner.withUnsafeBufferPointer { elements in
      Vector(borrowing: try #require(elements.baseAddress) + start, count: count, owner: owner)
    }
  }

  @Test func madeOfACollectionItHasMemoryOfItsOwn() {
    var source: [Float] = [1, 2, 3]
    let vector = Vector(source)
    source[0] = 9
    #expect(vector.elements == [1, 2, 3])
    #expect(Vector(source[1...]).elements == [2, 3])
    #expect(Vector(repeating: 7, count: 3).elements == [7, 7, 7])
  }

  @Test func whatIsNotWrittenIsZero() {
    // Memory that was something else before shows whether it is cleared.
    for round in 0..<50 {
      _ = Vector(repeating: 5, count: 33)
      let vector = Vector(count: 33) { $0[round % 33] = 1 }
      #expect(vector.elements.filter { $0 == 0 }.count == 32, "round \(round)")
    }
  }

  @Test(arguments: lengths) func ownMemoryIsAlignedTo64Bytes(count: Int) {
    let vectors = (0..<20).map { _ in Vector(count: count) { _ in } }
    for vector in vectors { #expect(address(vector) % 64 == 0) }
  }

  @Test func aFailedWriteIsPassedOn() {
    struct Failure: Error {}
    #expect(throws: Failure.self) { try Vector(count: 3) { _ in throw Failure() } }
  }

  @Test func equalityIsThatOfTheBits() {
    let quiet = Float(bitPattern: 0x7FC0_0001)
    #expect(Vector([0]) != Vector([-0.0]))
    #expect(Vector([.nan, 1]) == Vector([.nan, 1]))
    #expect(Vector([quiet]) != Vector([.nan]))
    #expect(Vector([1, 2]) != Vector([1, 2, 3]))
    #expect(Vector([Float]()) == Vector([Float]()))
    // Equal vectors are one in a set, wherever their memory is.
    #expect(Set([Vector([.nan, -0.0]), Vector([.nan, -0.0]), Vector([.nan, 0])]).count == 2)
  }

  @Test func equalityAsksEveryElement() {
    var generator = SeededGenerator(seed: 1)
    let elements = generator.elements(67)
    for index in elements.indices {
      var other = elements
      other[index] = Float(bitPattern: other[index].bitPattern ^ 1)
      #expect(Vector(elements) != Vector(other), "element \(index)")
    }
  }

  @Test func descriptionShowsTheBeginning() {
    #expect("\(Vector([1, 2.5]))" == "[1.0, 2.5]")
    #expect("\(Vector([1, 2, 3, 4, 5]))" == "[1.0, 2.0, 3.0, 4.0, ... 5 elements]")
  }

  @Test func readByIndex() {
    let vector = Vector([3, 1, 4])
    #expect((0..<3).map { vector[$0] } == [3, 1, 4])
  }
}
