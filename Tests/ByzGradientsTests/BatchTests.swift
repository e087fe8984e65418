import ByzGradients
import Testing

@Suite struct BatchSamplerTests {
  @Test func batchDoesNotDependOnOtherBatches() {
    let sampler = BatchSampler(seed: 9, worker: 3, batchSize: 32)
    let forwards = (0..<20).map { sampler.indices(below: 500, step: $0, draw: 0) }
    let backwards = (0..<20).reversed().map { step in
      _ = sampler.indices(below: 77, step: step, draw: 5)
      return BatchSampler(seed: 9, worker: 3, batchSize: 32).indices(below: 500, step: step, draw: 0)
    }
    #expect(forwards == backwards.reversed())
  }

  @Test func everyPartOfItsNameChangesABatch() {
    let batches = [
      BatchSampler(seed: 9, worker: 3, batchSize: 32).indices(below: 500, step: 4, draw: 0),
      BatchSampler(seed: 8, worker: 3, batchSize: 32).indices(below: 500, step: 4, draw: 0),
      BatchSampler(seed: 9, worker: 4, batchSize: 32).indices(below: 500, step: 4, draw: 0),
      BatchSampler(seed: 9, worker: 3, batchSize: 32).indices(below: 500, step: 3, draw: 0),
      BatchSampler(seed: 9, worker: 3, batchSize: 32).indices(below: 500, step: 4, draw: 1),
    ]
    #expect(Set(batches).count == batches.count)
  }

  @Test func indicesAreUniform() {
    var counts = [Int](repeating: 0, count: 10)
    for step in 0..<1_000 {
      for index in BatchSampler(seed: 2, worker: 0, batchSize: 40).indices(below: 10, step: step, draw: 0) {
        counts[index] += 1
      }
    }
    // 4,000 of each are expected, with a standard deviation of 60.
    #expect(counts.allSatisfy { abs($0 - 4_000) < 300 })
  }
}

@Suite struct BatchTests {
  let dataset = Dataset(
    pixels: [0, 255, 51, 102, 0, 1], labels: [4, 8, 2], pixelsPerImage: 2,
    normalization: Normalization(mean: 0.25, standardDeviation: 0.5))

  @Test func holdsNormalisedPixelsAndLabels() {
    var batch = Batch()
    batch.fill(from: dataset, at: [1, 0, 1])
    #expect(batch.count == 3)
    #expect(batch.width == 2)
    #expect(batch.labels == [8, 4, 8])
    let fifth = (Float(51) / 255 - 0.25) / 0.5
    let twoFifths = (Float(102) / 255 - 0.25) / 0.5
    #expect(batch.inputs == [fifth, twoFifths, -0.5, 1.5, fifth, twoFifths])
  }

  @Test func keepsNothingOfTheBatchBefore() {
    var batch = Batch()
    batch.fill(from: dataset, at: 0..<3)
    batch.fill(from: dataset, at: [0])
    #expect(batch.labels == [4])
    #expect(batch.inputs == [-0.5, 1.5])
    batch.fill(from: dataset, at: [])
    #expect(batch.count == 0)
    #expect(batch.inputs.isEmpty)
  }
}
