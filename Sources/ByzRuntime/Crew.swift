import ByzProtocol
import Foundation

/// The processes of a run's nodes, wherever they run.
package protocol Crew: AnyObject {
  /// Starts all nodes.
  func start() throws

  /// How those have ended that have.
  var endings: [NodeID: NodeEnding] { get }

  /// Waits until something happens that is worth a look, or so long, and takes note of it.
  func wait(milliseconds: Int)

  /// Ends the wait early; can be called on any thread.
  var waker: @Sendable () -> Void { get }

  /// Ends all nodes that still run, and waits until they have ended.
  ///
  /// - Parameter isUrgent: at once, without letting them write what they have come to.
  func stop(isUrgent: Bool)
}
