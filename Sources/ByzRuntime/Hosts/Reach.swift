/// How commands are run on other hosts.
package enum Reach: Equatable {
  /// The programs that reach hosts.
  package enum Means: String, Codable, CaseIterable {
    case ssh, slurm
  }

  /// With `command`, an ssh with options as a shell reads it.
  case ssh(command: String)
  /// With srun, inside an allocation of Slurm.
  case slurm

  package var means: Means {
    switch self {
    case .ssh: .ssh
    case .slurm: .slurm
    }
  }

  /// What to start here to run `words` on `host`, without any terminal, input and output connected.
  func command(_ words: [String], on host: String) -> [String] {
    switch self {
    case .ssh(let command):
      // Options given by the user come first, and the first is the one that ssh takes.
      [
        "/bin/sh", "-c", "exec \(command) \"$@\"", "ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o",
        "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "--", host,
        "exec " + words.map(Self.quoted).joined(separator: " "),
      ]
    case .slurm:
      // The nodes of a host share all of its processors, also beside another step.
      [
        "srun", "--nodes=1", "--ntasks=1", "--overlap", "--cpu-bind=none", "--nodelist=\(host)", "--job-name=byzsgd",
      ] + words
    }
  }

  /// `command(words, on: host)` for a person to read.
  func shownCommand(_ words: [String], on host: String) -> String {
    let command = command(words, on: host)
    switch self {
    case .ssh(let ssh): return ([ssh] + command.dropFirst(4).map(Self.quoted)).joined(separator: " ").harmless
    case .slurm: return command.map(Self.quoted).joined(separator: " ").harmless
    }
  }

  /// `word` as a shell reads it back.
  package static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.utf8.allSatisfy {
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+".utf8.contains($0)
      }
    return isPlain
      ? word : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
  }
}
