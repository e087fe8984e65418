import Foundation
import Testing

@testable import ByzTorch

@Suite struct TorchLibraryTests {
  private func failure(_ path: String, version: Int32 = 1) -> TorchError? {
    #expect(throws: TorchError.self) { try TorchLibrary(path: path, version: version) }
  }

  @Test func loadingAgainGivesTheSame() throws {
    let shared = try TorchLibrary.shared.get()
    #expect(try TorchLibrary(path: TorchLibrary.standardPath()).table == shared.table)
  }

  @Test func itIsThere() {
    #expect(TorchModel.missingLibrary == nil)
  }

  @Test func missing() throws {
    let path = "/nowhere/libTorchShim.so"
    for error in [failure(path), TorchLibrary.absence(of: path)] {
      let error = try #require(error)
      #expect(error.reason == .unavailable)
      #expect("\(error)".hasPrefix("libtorch: cannot "))
      for part in [path, "No such file or directory", "`swift build -c release`"] {
        #expect("\(error)".contains(part), "'\(part)' is not in: \(error)")
      }
    }
  }

  @Test(arguments: ["", "no library"]) func notALibrary(content: String) throws {
    let path = NSTemporaryDirectory() + "byzsgd-test-\(UUID().uuidString).so"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try content.write(toFile: path, atomically: true, encoding: .utf8)
    let error = try #require(failure(path))
    #expect("\(error)".hasPrefix("libtorch: cannot load \(path): "), "\(error)")
  }

  /// A library without the function to look up, and one that refuses what it was not built for.
  @Test func ofAnotherVersion() throws {
    let paths = ["libm.so.6", try TorchLibrary.standardPath()]
    for path in paths {
      let error = try #require(failure(path, version: 0))
      #expect("\(error)".contains("cannot use \(path): it belongs to another version"), "\(error)")
    }
  }

  /// Without oneDNN's product gradients take ten times as long where libtorch has no other good one.
  @Test func whatLibtorchBringsOfOneDNNIsFoundInTheWholeProcess() throws {
    _ = try TorchLibrary.shared.get()
    let library = try #require(try dlopen(TorchLibrary.standardPath(), RTLD_NOW | RTLD_NOLOAD))
    #expect(dlsym(nil, "dnnl_sgemm") == dlsym(library, "dnnl_sgemm"))
  }
}
