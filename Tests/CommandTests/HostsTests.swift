import ByzRuntime
import Foundation
import Testing

/// Runs on hosts behind a stand-in for ssh; that a real one does the same is not tested here.
@Suite(.serialized) struct HostsTests {
  private func isRunning(_ process: pid_t) -> Bool { kill(process, 0) == 0 }

  private func processes(_ hosts: Hosts) throws -> [pid_t] {
    try Hosts.nodes.map { try #require(hosts.files.process(of: $0), "\($0)") }
  }

  @Test func aWholeRun() throws {
    let hosts = try Hosts()
    let result = try hosts.launch("--json").wait()
    #expect(result.status == 0, "\(result.errors)")
    let summary = try hosts.files.summary()
    #expect(summary.outcome == .completed && summary.steps == 200 && summary.lost.isEmpty && summary.modelSpread != nil)
    #expect((summary.loss ?? 9) < 0.1)
    for node in Hosts.nodes {
      let (here, there) = (
        "\(hosts.files.path)/nodes/\(node)", "\(try hosts.remoteFolder(Hosts.host(of: node)))/nodes/\(node)"
      )
      let names = try FileManager.default.contentsOfDirectory(atPath: there)
      #expect(names.contains("summary.json") && names.contains("ending"))
      for name in names {
        #expect(FileManager.default.contentsEqual(atPath: "\(here)/\(name)", andPath: "\(there)/\(name)"))
      }
    }
  }

  @Test func interruptingEndsTheNodesInGoodOrder() throws {
    let hosts = try Hosts()
    let run = try hosts.launch("--set", "training.steps=100000")
    #expect(run.waits(for: "steps/s"))
    let processes = try processes(hosts)
    run.process.interrupt()
    let result = try run.wait()
    #expect(result.status == 130, "\(result.errors)")
    let summary = try hosts.files.summary()
    #expect(summary.outcome == .interrupted && summary.steps > 0 && summary.lost.isEmpty)
    #expect(!processes.contains(where: isRunning))
  }

  @Test func nothingOutlivesAKilledLauncher() throws {
    let hosts = try Hosts()
    let run = try hosts.launch("--set", "training.steps=100000")
    #expect(run.waits(for: "steps/s"))
    let processes = try processes(hosts)
    kill(run.process.processIdentifier, SIGKILL)
    #expect(try run.wait().status == 128 + SIGKILL)
    for process in processes { #expect(try waitForEnd(of: process)) }
  }

  /// Three nodes of gamma are no more than the topology permits to fail.
  @Test func aCutLinkEndsTheNodesOfItsHost() throws {
    let hosts = try Hosts()
    let run = try hosts.launch("--set", "training.steps=1500")
    #expect(run.waits(for: "steps/s"))
    let processes = try processes(hosts)
    let link = try String(contentsOfFile: "\(hosts.folder.path)/gamma/reached-by", encoding: .utf8)
    kill(try #require(pid_t(link.dropLast())), SIGKILL)
    let result = try run.wait()
    #expect(result.status == 0 && result.errors.contains("lost the host gamma: '"), "\(result.errors)")
    #expect(try hosts.files.summary().lost == ["server-2", "worker-2", "worker-5"])
    for (node, process) in zip(Hosts.nodes, processes) where Hosts.host(of: node) == "gamma" {
      #expect(try waitForEnd(of: process), "\(node)")
    }
  }

  @Test func anUnreachableHostIsALoss() throws {
    let hosts = try Hosts()
    let result = try hosts.launch(
      "--set", "servers.nodes.4.host=unreachable", "--set", "workers.nodes.6.host=unreachable"
    ).wait()
    #expect(result.status == 0, "\(result.errors)")
    #expect(try hosts.files.summary().lost == ["server-4", "worker-6"])
    #expect(
      result.errors.contains("lost the host unreachable: '\(hosts.ssh)' -T -o BatchMode=yes")
        && result.errors.contains("\n    ssh: connect to host unreachable port 22: No route to host"),
      "\(result.errors)")
  }

  @Test func moreUnreachableHostsThanDeclaredEndIt() throws {
    let hosts = try Hosts()
    let result = try hosts.launch(
      "--set", "servers.nodes.4.host=unreachable", "--set", "servers.nodes.3.host=unreachable"
    ).wait()
    #expect(result.status == 1)
    #expect(try hosts.files.summary().reasons.first?.hasPrefix("lost server-3, server-4: more servers than") == true)
  }

  /// Whatever a host sends instead of what it should: it is cut off, and the others go on.
  @Test(arguments: [
    (#"exec cat /dev/urandom"#, "it said much else before 'byzsgd host 1'"),
    (#"exec yes chatter"#, "it said much else before 'byzsgd host 1'"),
    (#"printf '\nbyzsgd host 1\n'; exec yes"#, "it sent a frame that is too long"),
    (
      #"""
      printf '\nbyzsgd host 1\n\107\0\0\0\3\0\0\0'; printf '%s' '{"piece":{"node":"server-0","file":"log.txt","offset":0}}'
      printf '              abc\n'; exec cat
      """#, "it sent a file of 'server-0', which it does not run"
    ),
    (
      #"""
      printf '\nbyzsgd host 1\n\107\0\0\0\0\0\0\0'; printf '%s' '{"refused":{"_0":"\u001b[31mred\u0007"}}'
      printf '                               \n'; exec cat
      """#, "it says: \u{FFFD}[31mred\u{FFFD}"
    ),
    (#"exit 0"#, "ended with exit status 0"),
  ]) func aHostThatBreaksTheRulesIsCutOff(script: String, message: String) throws {
    let hosts = try Hosts(hostile: script)
    let result = try hosts.launch().wait()
    #expect(result.status == 0 && result.errors.contains("lost the host gamma: "), "\(result.errors)")
    #expect(result.errors.contains(message) && !result.errors.contains("\u{1B}"), "\(result.errors)")
    #expect(try hosts.files.summary().lost == ["server-2", "worker-2", "worker-5"])
    #expect(!hosts.files.log(of: "server-0").contains("abc"))
  }

  /// No more than the topology permits to fail: the others have completed the run. Nobody waits for worker-5, which is faulty.
  @Test func aHostThatStaysSilentIsALoss() throws {
    let hosts = try Hosts(
      hostile: #"printf '\nbyzsgd host 1\n\016\0\0\0\0\0\0\0{"running":{}}\n'; exec sleep 100"#)
    let result = try hosts.launch().wait()
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("worker-2 counts as lost: others completed the run 10 s ago"), "\(result.errors)")
    #expect(try hosts.files.summary().lost == ["server-2", "worker-2"])
  }

  @Test func whatReachesAHostFillsNoDisk() throws {
    let hosts = try Hosts(hostile: "yes flood | head -c 3000000 >&2; exit 3")
    let result = try hosts.launch().wait()
    #expect(result.status == 0 && result.errors.contains("ended with exit status 3\n    flood\n"), "\(result.errors)")
    let log = FileManager.default.contents(atPath: "\(hosts.files.path)/hosts/gamma.log")
    #expect(log?.count == 1 << 20)
  }

  @Test func nodesWithoutAHostAreNamed() throws {
    let result = try Program.run("launch", "\(Program.root)/topologies/quadratic.yaml", "--over", "ssh")
    #expect(
      result.status == 64 && result.errors.contains("no host is given for server-0, server-1"), "\(result.errors)")
  }

  @Test(arguments: [
    (["--detach"], "--detach needs --over ssh"),
    (["--over", "slurm", "--keys", "x"], "--keys does not go with --over slurm"),
    (["--over", "ssh", "--hosts", "3"], "--hosts needs --over slurm"),
    (["--over", "slurm", "--detach"], "give it to sbatch"), (["--program", "x"], "--program needs --over"),
  ]) func optionsThatDoNotGoTogetherAreRefused(options: [String], message: String) throws {
    let result = try Running(["launch", "topology.yaml"] + options).wait()
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
  }
}
