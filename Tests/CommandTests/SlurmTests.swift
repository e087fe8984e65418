import Foundation
import Testing

/// Runs in an allocation, with stand-ins for Slurm's programs; that real ones do the same is not tested here.
@Suite struct SlurmTests {
  private let folder: TemporaryFolder
  private let quadratic = "\(Program.root)/topologies/quadratic.yaml"

  init() throws {
    folder = try TemporaryFolder()
    // Addresses of this machine that nobody else uses.
    let network = "127.\(Int.random(in: 1...254)).\(Int.random(in: 0...255))"
    try addProgram(
      "scontrol",
      """
      case "$2 $3" in
      "hostnames n[1-3]") echo n1; echo n2; echo n3 ;;
      "node n"*) printf 'NodeName=%s Arch=x86_64\\n   NodeAddr=\(network).%s NodeHostName=%s\\n' "$3" "${3#n}" "$3" ;;
      *) echo "stranger: $*" >&2; exit 1 ;;
      esac
      """)
    try addProgram(
      "srun",
      """
      while case "$1" in --*) true ;; *) false ;; esac; do
        case "$1" in --nodelist=*) HOME='\(folder.path)/'"${1#--nodelist=}"; export HOME; mkdir -p "$HOME" ;; esac
        shift
      done
      exec "$@"
      """)
    try addProgram("salloc", #"printf '%s\n' "$@""#)
  }

  private func addProgram(_ name: String, _ script: String) throws {
    chmod(try folder.write("#!/bin/sh\n\(script)\n", to: name), 0o700)
  }

  private func launch(inAllocation: Bool, _ options: String...) throws -> Program.Result {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let variables =
      ["PATH=\(folder.path):\(path)"] + (inAllocation ? ["SLURM_JOB_ID=7", "SLURM_JOB_NODELIST=n[1-3]"] : [])
    return try Running(
      ["-u", "SLURM_JOB_ID"] + variables + [Program.path, "launch", quadratic, "--over", "slurm"] + options,
      program: "/usr/bin/env"
    ).wait()
  }

  @Test func aWholeRun() throws {
    let files = RunFiles(path: "\(folder.path)/run")
    let result = try launch(inAllocation: true, "--run-directory", files.path)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try files.summary().steps == 200)
    let topology = try String(contentsOfFile: "\(files.path)/topology.yaml", encoding: .utf8)
    #expect(topology.contains("security: curve") && topology.contains(":7004") && topology.contains("host: n3"))
    // Hosts share the folder in which Slurm starts them, and each has a part of its own.
    for host in ["n1", "n2", "n3"] {
      let run = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(host)/byzsgd-runs").first ?? ""
      let part = "\(folder.path)/\(host)/byzsgd-runs/\(run)/\(host)"
      #expect(FileManager.default.fileExists(atPath: "\(part)/nodes"))
      #expect(!FileManager.default.fileExists(atPath: "\(part)/keys"))
    }
  }

  @Test func fewerHostsThanTheAllocationHas() throws {
    let result = try launch(inAllocation: true, "--hosts", "4")
    #expect(result.status == 64 && result.errors.contains("--hosts 4: the allocation has only 3"), "\(result.errors)")
  }

  @Test func outsideOfAnAllocationOneIsAskedFor() throws {
    let missing = try launch(inAllocation: false)
    #expect(missing.status == 64 && missing.errors.contains("say how many hosts to ask for, with --hosts"))
    let result = try launch(inAllocation: false, "--hosts", "3", "--set", "training.steps=5")
    let words = result.output.split(separator: "\n").map(String.init)
    #expect(words.prefix(2) == ["--nodes=3", "--job-name=quadratic"] && words.count > 3, "\(result.errors)")
    #expect(
      Array(words.dropFirst(3)) == [
        "launch", quadratic, "--over", "slurm", "--hosts", "3", "--set", "training.steps=5",
      ])
  }

  @Test func theScriptSaysAllThatTheCommandSays() throws {
    let result = try launch(
      inAllocation: false, "--script", "--hosts", "2", "--set", "name=it's", "--fault", "worker-1=crash:step=3",
      "--json")
    #expect(result.status == 64)
    let good = try launch(
      inAllocation: false, "--script", "--hosts", "2", "--set", "training={steps: 3}", "--fault", "worker-1=none",
      "--json")
    let lines = good.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.prefix(3) == ["#!/bin/sh", "#SBATCH --job-name=quadratic", "#SBATCH --nodes=2"], "\(good.errors)")
    #expect(
      lines[3].hasSuffix(" launch \(quadratic) --over slurm --set 'training={steps: 3}' --fault worker-1=none --json"),
      "\(lines[3])")
  }
}
