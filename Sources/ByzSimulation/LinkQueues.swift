/// What is on its way over each link, as far as it bounds what may join it.
///
/// A real node hands a peer that does not read 2 R messages, and keeps of the rest the newest in each place (see
/// `Message.place`). So does this: what is on its way beyond 2 R is remembered by its place, which a newer one takes.
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

  /// The message in `place`, if the link is full and there is one that has not arrived.
  func waiting(_ sender: Int, _ receiver: Int, in place: Int) -> EventQueue<Simulation.Happening>.Ticket? {
    let link = sender * nodes + receiver
    return inFlight[link] > capacity ? waiting[link]?[place] : nil
  }

  /// A message joins the link, in `place` if the link is full.
  mutating func join(
    _ sender: Int, _ receiver: Int, in place: Int, as ticket: EventQueue<Simulation.Happening>.Ticket
  ) {
    let link = sender * nodes + receiver
    inFlight[link] += 1
    if inFlight[link] > capacity { waiting[link, default: [:]][place] = ticket }
  }

  /// A message of the link has arrived, or is lost.
  mutating func leave(_ sender: Int, _ receiver: Int) { inFlight[sender * nodes + receiver] -= 1 }
}
