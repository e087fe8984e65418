import ByzNumerics

/// What a worker learns from one mini-batch.
public struct GradientSample: Sendable {
  /// The gradient of the mean loss over the batch, of length d: neither clipped nor with weight decay, which are the
  /// protocol's to add.
  public let gradient: Vector
  /// The mean loss over the batch, at the parameters the gradient was asked for.
  public let loss: Double

  /// Puts a gradient and the loss that goes with it together.
  public init(gradient: Vector, loss: Double) {
    self.gradient = gradient
    self.loss = loss
  }
}

/// Where a worker's stochastic gradients come from.
///
/// The source belongs to one worker of one run, and (step, draw) alone decides which mini-batch it uses: a gradient does
/// not depend on which others were asked for before. So a worker that restarts, or jumps to a later step, computes what
/// it would have computed anyway, and a simulation replays from its seed.
public protocol GradientSource {
  /// The length d of parameters and gradients.
  var dimension: Int { get }

  /// The gradient at `parameters` on one mini-batch.
  ///
  /// - Parameters:
  ///   - parameters: a vector of `dimension` elements.
  ///   - step: the step of the protocol, from 0.
  ///   - draw: 0 for the worker's own batch of this step; greater numbers name further, independent batches, with which an
  ///     adversary estimates what honest workers will send.
  ///   - flippingLabels: whether all labels are turned round: of C classes, class y becomes C - 1 - y. No honest worker does
  ///     that.
  /// - Returns: gradient and loss, which are not finite if the loss is not.
  func gradient(at parameters: Vector, step: Int, draw: Int, flippingLabels: Bool) throws -> GradientSample
}

extension GradientSource {
  /// The gradient at `parameters` on one mini-batch, with its true labels.
  public func gradient(at parameters: Vector, step: Int, draw: Int) throws -> GradientSample {
    try gradient(at: parameters, step: step, draw: draw, flippingLabels: false)
  }
}
