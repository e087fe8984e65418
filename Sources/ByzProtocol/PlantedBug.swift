/// A mistake that a machine can be told to make, so that tests can show that the simulator finds it.
///
/// Each was once made, or is easily made, by someone who writes this protocol down. Only code of this package can plant one,
/// and nothing but the simulator does.
package enum PlantedBug: String, CaseIterable, Sendable {
  /// A node keeps and serves its newest step only: R = 1.
  case oneRetainedStep = "one-retained-step"
  /// An inbox keeps the newest R vectors of each peer, and not the one of the step in progress.
  case newestOnly = "newest-only"
  /// A server rejoins only when it is more than R steps behind.
  case lateRejoin = "late-rejoin"
  /// A server that has rejoined does not serve the steps that it jumped over.
  case unservedRejoin = "unserved-rejoin"
  /// A server rejoins with the median of f_ps + 1 models.
  case minorityRejoin = "minority-rejoin"
  /// A second vector of a sender counts as another sender's.
  case countedTwice = "counted-twice"
  /// A message counts for whom it claims to come from. The simulator's links make this mistake.
  case trustedClaim = "trusted-claim"
  /// A worker takes the median of 2 f_ps models, of which the honest ones are no majority.
  case noHonestMajority = "no-honest-majority"
  /// A server uses a momentum of step t at step t + 1, too.
  case staleMomentum = "stale-momentum"
  /// A node that has reached the last step leaves.
  case noLingering = "no-lingering"
}
