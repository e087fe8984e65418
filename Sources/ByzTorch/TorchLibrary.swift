import Foundation
import TorchInterface

/// libTorchShim.so, and libtorch with it: loaded when the first model is made and not when a process starts, because most
/// processes and commands need it late or never.
struct TorchLibrary: Sendable {
  /// The library of this process, loaded on first use and never unloaded: threads may hold what is in it until they end.
  static let shared = Result { try TorchLibrary(path: standardPath()) }

  /// Beside the program, where `swift build` puts both, whatever link or search path the program was started through.
  static func standardPath() throws -> String {
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: program).deletingLastPathComponent().appending(path: "libTorchShim.so").path
  }

  /// What to say of a library that is not there; nil if it is. Loads nothing.
  static func absence(of path: String) -> TorchError? {
    access(path, R_OK) == 0 ? nil : error("cannot read \(path)", String(cString: strerror(errno)))
  }

  /// What it offers; it stays where it is, since the library is never unloaded.
  nonisolated(unsafe) let table: UnsafePointer<byz_torch_functions>

  var functions: byz_torch_functions { table.pointee }

  /// Loads a library, or finds it loaded.
  ///
  /// - Throws: `TorchError` if it is missing, cannot be loaded or was built from another version of this package.
  init(path: String, version: Int32 = Int32(BYZ_TORCH_VERSION)) throws {
    // Global, as if it were linked: it looks for oneDNN in all libraries of the process.
    guard let handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL) else {
      throw Self.error("cannot load \(path)", dlerror().map { String(cString: $0) } ?? "no reason given")
    }
    let entry = dlsym(handle, "byz_torch").map { unsafeBitCast($0, to: Entry.self) }
    guard let table = entry?(version, MemoryLayout<byz_torch_functions>.size) else {
      throw Self.error("cannot use \(path)", "it belongs to another version of this program")
    }
    self.table = table
  }

  private typealias Entry = @convention(c) (Int32, Int) -> UnsafePointer<byz_torch_functions>?

  private static func error(_ problem: String, _ cause: String) -> TorchError {
    TorchError(reason: .unavailable, message: "\(problem): \(cause); `swift build -c release` builds it")
  }
}
