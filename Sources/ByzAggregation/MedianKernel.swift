/// The inner loop of the coordinate-wise median: sixteen coordinates at a time go through a selection network.
///
/// A comparator is a minimum and a maximum without a branch. They are written as comparison and replacement, which become
/// single vector instructions; `pointwiseMin` and `pointwiseMax` become calls for each element.
struct MedianKernel {
  typealias Block = SIMD16<Float>

  /// So many rows at a time are sorted before the network begins.
  static let groupSize = 4

  let rows: UnsafeBufferPointer<UnsafePointer<Float>>
  let comparators: UnsafeBufferPointer<SelectionNetwork.Comparator>
  /// How many of them, from the first one, are to be applied without asking what of them is read.
  let leadingWhole: Int
  /// Room for one block of every row, in groups of four, where the network works.
  let values: UnsafeMutableBufferPointer<Block>
  /// The ranks of the two middle values, which are one and the same for an odd number of rows.
  let middle: ClosedRange<Int>

  /// Writes the median of every coordinate to `result`.
  func run(into result: UnsafeMutableBufferPointer<Float>) {
    let bytes = UnsafeMutableRawBufferPointer(result)
    let width = Block.scalarCount
    let whole = result.count - result.count % width
    for start in stride(from: 0, to: whole, by: width) {
      let median = median { load(rows[$0] + start) }
      bytes.storeBytes(of: median, toByteOffset: start * MemoryLayout<Float>.stride, as: Block.self)
    }
    let rest = result.count - whole
    guard rest > 0 else { return }
    let median = median { load(rows[$0] + whole, count: rest) }
    for lane in 0..<rest { result[whole + lane] = median[lane] }
  }

  /// A whole block; a vector over lent memory need not be aligned for it.
  @inline(__always)
  private func load(_ elements: UnsafePointer<Float>) -> Block {
    UnsafeRawPointer(elements).loadUnaligned(as: Block.self)
  }

  /// The last, shorter block, filled up with zeros.
  private func load(_ elements: UnsafePointer<Float>, count: Int) -> Block {
    var block = Block.zero
    for lane in 0..<count { block[lane] = elements[lane] }
    return block
  }

  /// The median of one block of every row.
  @inline(__always)
  private func median(_ block: (Int) -> Block) -> Block {
    for first in stride(from: 0, to: rows.count, by: Self.groupSize) { loadSorted(first, block) }
    for index in 0..<leadingWhole { order(comparators[index]) }
    for index in leadingWhole..<comparators.count { orderWhatIsRead(comparators[index]) }
    var lower = values[middle.lowerBound]
    var upper = values[middle.upperBound]
    if hasZero(lower) || hasZero(upper) {
      let negatives = countNegatives(block)
      lower = signingZeros(of: lower, rank: middle.lowerBound, negatives: negatives)
      upper = signingZeros(of: upper, rank: middle.upperBound, negatives: negatives)
    }
    return middle.count == 1 ? lower : mean(lower, upper)
  }

  /// Loads a group of four rows and sorts it in registers, which spares the network its first three steps and, for few
  /// rows, half the time.
  @inline(__always)
  private func loadSorted(_ first: Int, _ block: (Int) -> Block) {
    // What is missing in the last group sorts to its end, where nothing reads it.
    let infinity = Block(repeating: .infinity)
    var a = block(first)
    var b = first + 1 < rows.count ? block(first + 1) : infinity
    var c = first + 2 < rows.count ? block(first + 2) : infinity
    var d = first + 3 < rows.count ? block(first + 3) : infinity
    (a, b) = ordered(a, b)
    (c, d) = ordered(c, d)
    (a, c) = ordered(a, c)
    (b, d) = ordered(b, d)
    (b, c) = ordered(b, c)
    values[first] = a
    values[first + 1] = b
    values[first + 2] = c
    values[first + 3] = d
  }

  @inline(__always)
  private func order(_ comparator: SelectionNetwork.Comparator) {
    (values[comparator.low], values[comparator.high]) = ordered(values[comparator.low], values[comparator.high])
  }

  /// Towards the end of the network much is not read any more, and leaving it out saves time. In the long beginning of a
  /// large network asking costs more than it saves: the processor mistakes the branch too often.
  @inline(__always)
  private func orderWhatIsRead(_ comparator: SelectionNetwork.Comparator) {
    let (smaller, larger) = ordered(values[comparator.low], values[comparator.high])
    if comparator.isLowRead { values[comparator.low] = smaller }
    if comparator.isHighRead { values[comparator.high] = larger }
  }

  @inline(__always)
  private func ordered(_ left: Block, _ right: Block) -> (smaller: Block, larger: Block) {
    let areOrdered = left .< right
    return (right.replacing(with: left, where: areOrdered), left.replacing(with: right, where: areOrdered))
  }

  /// The mean, rounded once. The sum is exact wherever halving could round, among the denormals; and where the sum
  /// overflows, halving the values first is exact.
  @inline(__always)
  private func mean(_ left: Block, _ right: Block) -> Block {
    let sum = left + right
    let halves = left * 0.5 + right * 0.5
    let isFinite = (sum .< .infinity) .& (sum .> -.infinity)
    return halves.replacing(with: sum * 0.5, where: isFinite)
  }
}

// Comparing floats takes -0 and +0 for equal, so which of them the network leaves at a rank depends on the order of the
// inputs. That order must not show; and among identical models, the median must have the same bits as they have.
extension MedianKernel {
  @inline(__always)
  private func hasZero(_ block: Block) -> Bool {
    let zeros = SIMD16<UInt32>.zero.replacing(with: 1, where: block .== 0)
    let eight = zeros.lowHalf | zeros.highHalf
    let four = eight.lowHalf | eight.highHalf
    let two = four.lowHalf | four.highHalf
    return (two.x | two.y) != 0
  }

  /// How many rows have the sign bit set, for every coordinate of the block.
  @inline(__always)
  private func countNegatives(_ block: (Int) -> Block) -> SIMD16<UInt32> {
    var count = SIMD16<UInt32>.zero
    for row in 0..<rows.count { count &+= unsafeBitCast(block(row), to: SIMD16<UInt32>.self) &>> 31 }
    return count
  }

  /// The block with the right sign for its zeros: in the order in which -0 comes before +0, a value that equals zero is -0
  /// exactly when more than `rank` values have the sign bit set.
  @inline(__always)
  private func signingZeros(of block: Block, rank: Int, negatives: SIMD16<UInt32>) -> Block {
    // Just then the difference wraps around, and its highest bit, the sign bit of a float, is set.
    let signs = (SIMD16(repeating: UInt32(rank)) &- negatives) & SIMD16(repeating: 1 << 31)
    return block.replacing(with: unsafeBitCast(signs, to: Block.self), where: block .== 0)
  }
}
