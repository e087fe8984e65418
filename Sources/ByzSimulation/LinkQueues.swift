/// What is on its way over each link, as far as it bounds what may join it.
///
/// A real node hands a peer that does not read 2 R messages, and keeps of the rest the newest of each kind. So does this:
/// what is on its way beyond 2 R is remembered by its kind, and a newer one of that kind takes its place.
struct LinkQueues {
  private let nodes: Int
  private let capacity: Int
  private var inFlight: [Int]
  private var waiting: [Int: [Int: EventQueue<Simulation.Happening>.Ticket]] = [:]

  init(nodes: Int, capacity: Int) {
    self.nodes = nodes
    self.capacity = capacity
    inFlight = Array(repeating: 0, count: nodes * nodes)
  }

  /// The message whose place one of `kind` takes, if the link is full and there is one that has not arrived.
  func waiting(_ sender: Int, _ receiver: Int, kind: Int) -> EventQueue<Simulation.Happening>.Ticket? {
    let link = sender * nodes + receiver
    return inFlight[link] > capacity ? waiting[link]?[kind] : nil
  }

  /// A message of `kind` joins the link.
  mutating func join(
    _ sender: Int, _ receiver: Int, kind: Int, as ticket: EventQueue<Simulation.Happening>.Ticket
  ) {
    let link = sender * nodes + receiver
    inFlight[link] += 1
    if inFlight[link] > capacity { waiting[link, default: [:]][kind] = ticket }
  }

  /// A message of the link has arrived, or is lost.
  mutating func leave(_ sender: Int, _ receiver: Int) { inFlight[sender * nodes + receiver] -= 1 }
}
