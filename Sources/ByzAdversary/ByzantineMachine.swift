import ByzProtocol

/// A faulty node: an honest machine behind one or more faults.
///
/// The honest machine knows nothing of it and stays in step with the run, which is what makes a Byzantine node dangerous.
/// Of several faults the first is next to the machine: what it sends goes through the first, then the second, and so on;
/// what comes goes through the last one first.
public struct ByzantineMachine<Honest: Machine>: Machine {
  private var honest: Honest
  /// The honest machine as it began.
  private let fresh: Honest
  private var faults: [any Fault]

  /// `honest`, which has not begun, behind `faults`, the first of which is next to it.
  public init(_ honest: Honest, playing faults: [any Fault]) {
    self.honest = honest
    fresh = honest
    self.faults = faults
  }

  public var id: NodeID { honest.id }

  public mutating func handle(_ event: Event) -> [Action] {
    var events = [event]
    var actions: [Action] = []
    for index in faults.indices.reversed() {
      var heard: [Event] = []
      for event in events {
        guard let event = ownTimer(event, of: index) else {
          heard.append(event)
          continue
        }
        let interception = faults[index].intercept(event)
        if interception.isAnew { honest = fresh }
        heard += interception.heard
        actions += rewritten(tagged(interception.actions, by: index), from: index + 1)
      }
      events = heard
    }
    for event in events {
      // A timer of a fault is over when it gets here; no honest machine has one.
      if case .timer(.fault) = event { continue }
      actions += rewritten(honest.handle(event), from: 0)
    }
    return actions
  }

  /// What the faults from `first` on make of `actions`.
  private mutating func rewritten(_ actions: [Action], from first: Int) -> [Action] {
    var actions = actions
    for index in first..<max(first, faults.count) {
      var result: [Action] = []
      for action in actions {
        // The timers of other faults are their own business.
        if case .schedule(.fault, _) = action {
          result.append(action)
        } else {
          result += tagged(faults[index].rewrite(action), by: index)
        }
      }
      actions = result
    }
    return actions
  }

  // Faults number their timers as they like; outside, the number says whose timer it is, too.

  private func tagged(_ actions: [Action], by index: Int) -> [Action] {
    actions.map { action in
      guard case .schedule(.fault(let number), let milliseconds) = action else { return action }
      return .schedule(.fault(number * faults.count + index), afterMilliseconds: milliseconds)
    }
  }

  /// `event` as the fault at `index` knows it; nil for a timer of another one.
  private func ownTimer(_ event: Event, of index: Int) -> Event? {
    guard case .timer(.fault(let number)) = event else { return event }
    return number % faults.count == index ? .timer(.fault(number / faults.count)) : nil
  }
}
