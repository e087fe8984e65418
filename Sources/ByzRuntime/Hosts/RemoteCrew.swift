import ByzKeys
import ByzProtocol
import ByzTopology
import Foundation

/// Nodes on other hosts, each reached by a process of its own. What they write is brought into the run directory here.
package final class RemoteCrew: Crew {
  /// What the hosts are asked for.
  package enum Task {
    /// To run their nodes, each with its secret key where links are protected.
    case launch(keys: [NodeID: SecretKey])
    /// To tell of nodes that run already.
    case follow
  }

  private let topology: Topology
  private let directory: RunDirectory
  private let record: LaunchRecord
  private let program: HostProgram
  private let task: Task
  private let display: Display
  private var links: [HostLink] = []
  private var reported: Set<String> = []

  package init(
    _ topology: Topology, in directory: RunDirectory, _ record: LaunchRecord, program: HostProgram, task: Task,
    display: Display
  ) throws {
    self.topology = topology
    self.directory = directory
    self.record = record
    self.program = program
    self.task = task
    self.display = display
    guard try directory.followerLock.take() else {
      let process = directory.followerLock.holder.map { " \($0)" } ?? ""
      throw RunDirectory.Failure(
        description:
          "\(RunDirectory.shown(directory.path)) is followed already, by the process\(process); end that one first")
    }
  }

  /// How soon an interruption is noticed: often enough for a person.
  package var waker: @Sendable () -> Void { {} }

  package func start() throws {
    // A host that closes its end must not end the launcher.
    signal(SIGPIPE, SIG_IGN)
    for host in record.hosts {
      let files = HostFiles(of: host.nodes, in: directory, topology)
      links.append(
        try HostLink(
          host, command: program.command(for: host, of: record), orders: orders(for: host, files), files: files,
          log: directory.log(of: host)))
    }
  }

  private func orders(for host: RemoteHost, _ files: HostFiles) throws -> [UInt8] {
    let names = host.nodes.map(\.description)
    guard case .launch(let keys) = task else {
      return try Frame.encode(Order.follow(nodes: names, lengths: files.lengths))
    }
    var orders = try Frame.encode(Order.topology, Array(topology.yaml.utf8))
    for node in host.nodes {
      if let key = keys[node] { orders += try Frame.encode(Order.key(of: "\(node)"), Array(key.text.utf8)) }
    }
    return try orders + Frame.encode(Order.start(nodes: names, isDetached: record.isDetached))
  }

  private var isFollowing: Bool {
    if case .follow = task { return true }
    return false
  }

  /// Whether every host has said that its nodes run or have ended, or is lost.
  var isSettled: Bool { links.allSatisfy { $0.state == .running || !$0.isOpen } }

  /// The hosts that are lost, with the reason.
  var lostHosts: [(host: RemoteHost, reason: String)] {
    links.compactMap { link in
      if case .lost(let reason) = link.state { return (link.host, reason) }
      return nil
    }
  }

  package var endings: [NodeID: NodeEnding] {
    let isDone = links.allSatisfy { !$0.isOpen }
    var endings: [NodeID: NodeEnding] = [:]
    for link in links {
      for node in link.host.nodes {
        endings[node] = link.files.endings[node] ?? ending(ofUnknownOn: link, isDone: isDone)
      }
    }
    return endings
  }

  /// What became of a node of which its host has not said how it ended.
  private func ending(ofUnknownOn link: HostLink, isDone: Bool) -> NodeEnding? {
    switch link.state {
    case .connecting, .working, .running: nil
    case .over: .unknown("its host \(link.host.name) does not say how it ended")
    // Nodes that do not need us may well go on: that they cannot be seen is no loss until nothing else is to be seen.
    case .lost where isFollowing && !isDone: nil
    case .lost: .unknown("its host \(link.host.name) is lost")
    }
  }

  package func wait(milliseconds: Int) {
    let deadline = MonotonicTime.now.milliseconds + milliseconds
    let (known, open) = (endings.count, links.count(where: \.isOpen))
    repeat {
      var interests = links.flatMap(\.interests)
      let rest = max(0, deadline - MonotonicTime.now.milliseconds)
      _ = poll(&interests, nfds_t(interests.count), Int32(rest))
      for link in links { link.work() }
      report()
    } while MonotonicTime.now.milliseconds < deadline && endings.count == known && links.count(where: \.isOpen) == open
  }

  private func report() {
    for (host, reason) in lostHosts where reported.insert(host.label).inserted {
      display.show("lost the host \(host.name): \(reason)")
    }
  }

  package func stop(isUrgent: Bool) {
    for link in links {
      // One that has not answered yet has been asked for nothing.
      if link.state == .connecting && !isFollowing {
        reported.insert(link.host.label)
        link.leave()
      } else {
        link.stop()
      }
    }
    // A host gives its nodes five seconds.
    let deadline = MonotonicTime.now.milliseconds + 20_000
    while links.contains(where: \.isOpen) && MonotonicTime.now.milliseconds < deadline {
      wait(milliseconds: Display.refreshMilliseconds)
    }
    leave()
  }

  /// Gives up all links, whatever becomes of the nodes.
  func leave() {
    for link in links { link.leave() }
    ChildProcess.end(
      links.map(\.process), signal: SIGTERM, patience: 2_000, wake: DispatchSemaphore(value: 0))
  }
}
