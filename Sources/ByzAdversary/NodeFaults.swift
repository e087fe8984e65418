import ByzProtocol

/// Ends without a word when it is about to send its first vector of a step.
struct Crash: Fault {
  let step: Int

  mutating func rewrite(_ action: Action) -> [Action] {
    [(action.stepOfVector ?? -1) >= step ? .crash : action]
  }
}

/// Stops when it is about to send its first vector of a step, and goes on with all that has come meanwhile when it hears
/// that another node is at a later one.
///
/// Nobody sends a model to a worker that does not ask; so that it hears of that step at all, it asks once when it stops.
struct Hang: Fault {
  /// How many events are kept; a process that hangs for longer loses what no buffer holds any more.
  private static let mostEvents = 256

  let step: Int
  let end: Int
  /// Whom to ask for the model of `end`; nobody for a server, which hears of others without asking.
  let asked: [NodeID]
  private var state = State.running

  private enum State {
    case running
    case hanging(events: [Event], actions: [Action])
    case over
  }

  init(from step: Int, to end: Int, asking asked: [NodeID]) {
    self.step = step
    self.end = end
    self.asked = asked
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    switch state {
    case .running where (action.stepOfVector ?? -1) >= step:
      state = .hanging(events: [], actions: [action])
      return asked.isEmpty ? [] : [.send(.request(.model, step: end), to: asked)]
    case .hanging(let events, let actions):
      // What the machine had decided to do at the same moment.
      state = .hanging(events: events, actions: actions + [action])
      return []
    default:
      return [action]
    }
  }

  mutating func intercept(_ event: Event) -> Interception {
    guard case .hanging(let events, let actions) = state else { return Interception(heard: [event]) }
    let held = events.suffix(Self.mostEvents - 1) + [event]
    guard case .received(let message, _) = event, message.step ?? 0 >= end else {
      state = .hanging(events: Array(held), actions: actions)
      return Interception()
    }
    state = .over
    return Interception(heard: Array(held), actions: actions)
  }
}

/// Stops when it is about to send its first vector of a step, and after a while begins anew, knowing nothing.
struct Restart: Fault {
  let step: Int
  let milliseconds: Int
  private var state = State.running

  private enum State { case running, down, again }

  init(at step: Int, afterMilliseconds milliseconds: Int) {
    self.step = step
    self.milliseconds = milliseconds
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    switch state {
    case .running where (action.stepOfVector ?? -1) >= step:
      state = .down
      return [.schedule(.fault(0), afterMilliseconds: milliseconds)]
    case .down: return []
    default: return [action]
    }
  }

  mutating func intercept(_ event: Event) -> Interception {
    guard case .down = state else { return Interception(heard: [event]) }
    guard case .timer(.fault) = event else { return Interception() }
    state = .again
    return Interception(heard: [.start], isAnew: true)
  }
}

/// Sends every message many times.
struct Flood: Fault {
  let copies: Int

  func rewrite(_ action: Action) -> [Action] {
    action.transmission == nil ? [action] : Array(repeating: action, count: copies + 1)
  }
}

/// Plays another fault from one step on and until another; before and after that the node is honest.
struct Scheduled: Fault {
  private var fault: any Fault
  private let steps: Range<Int>
  /// The latest step that the node was about.
  private var now = 0

  init(_ fault: any Fault, in steps: Range<Int>) {
    self.fault = fault
    self.steps = steps
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    now = max(now, action.step ?? 0)
    return steps.contains(action.step ?? now) ? fault.rewrite(action) : [action]
  }

  mutating func intercept(_ event: Event) -> Interception {
    switch event {
    // What it has begun it ends.
    case .timer(.fault): return fault.intercept(event)
    case .gradient(let step, _, _, _), .overheard(.vector(_, let step, _), _):
      return steps.contains(step) ? fault.intercept(event) : Interception(heard: [event])
    case .start, .received, .reconnected, .timer, .overheard:
      return steps.contains(now) ? fault.intercept(event) : Interception(heard: [event])
    }
  }
}

extension Message {
  /// The step of what is sent or asked for.
  var step: Int? {
    switch self {
    case .vector(_, let step, _), .request(_, let step), .digest(let step, _): step
    case .done: nil
    }
  }
}
