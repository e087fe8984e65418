// swift-tools-version: 6.1
import PackageDescription

/// libtorch: Debian's, unless BYZSGD_LIBTORCH names the folder of another one (with `include` and `lib` in it).
let libtorch = Context.environment["BYZSGD_LIBTORCH"]
let torchCompilation: [CXXSetting] =
  libtorch.map { [.unsafeFlags(["-I\($0)/include", "-I\($0)/include/torch/csrc/api/include"])] } ?? []
let torchLinking: [LinkerSetting] =
  (libtorch.map { [.unsafeFlags(["-L\($0)/lib", "-Xlinker", "-rpath", "-Xlinker", "\($0)/lib"])] } ?? [])
  + ["torch", "torch_cpu", "c10"].map { .linkedLibrary($0) }

let package = Package(
  name: "byzsgd",
  products: [
    .executable(name: "byzsgd", targets: ["byzsgd"]),
    .library(name: "ByzAggregation", targets: ["ByzAggregation", "ByzNumerics"]),
    .library(name: "ByzProtocol", targets: ["ByzProtocol"]),
    .library(name: "ByzAdversary", targets: ["ByzAdversary"]),
    .library(name: "ByzGradients", targets: ["ByzGradients"]),
    // Nothing links this one: ByzTorch loads it when it is needed, from the folder of the program.
    .library(name: "TorchShim", type: .dynamic, targets: ["TorchShim"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Without pkgConfig, whose -L flags would put Debian's libraries before those of another libtorch.
    .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),

    .target(name: "CKernels"),
    // The square root of a Double is libm's where nothing else has linked it.
    .target(name: "ByzNumerics", dependencies: ["CKernels"], linkerSettings: [.linkedLibrary("m")]),
    .target(name: "ByzAggregation", dependencies: ["ByzNumerics", "CKernels"]),
    .target(name: "ByzProtocol", dependencies: ["ByzAggregation", "ByzNumerics", "CKernels", "CSodium"]),
    .target(name: "ByzAdversary", dependencies: ["ByzProtocol", "ByzAggregation", "ByzNumerics"]),
    .target(name: "ByzGradients", dependencies: ["ByzNumerics", "CZlib"]),
    .target(name: "CProcess"),
    .target(name: "TorchInterface"),
    .target(
      name: "TorchShim", dependencies: ["TorchInterface"], publicHeadersPath: ".", cxxSettings: torchCompilation,
      linkerSettings: torchLinking),
    .target(name: "ByzTorch", dependencies: ["ByzGradients", "ByzNumerics", "TorchInterface"]),
    .target(name: "ByzWire", dependencies: ["ByzProtocol", "ByzNumerics"]),
    .target(name: "ByzKeys", dependencies: ["CSodium"]),
    .target(name: "ByzTransport", dependencies: ["ByzWire", "ByzKeys", "ByzProtocol", "CProcess", "CZeroMQ"]),
    .target(
      name: "ByzTopology",
      dependencies: [
        "ByzProtocol", "ByzAggregation", "ByzAdversary", "ByzGradients", "ByzKeys", "ByzNumerics", "CSodium", "Yams",
      ]),
    .target(
      name: "ByzSimulation",
      dependencies: ["ByzTopology", "ByzAdversary", "ByzGradients", "ByzProtocol", "ByzNumerics"]),
    .target(
      name: "ByzRuntime",
      dependencies: [
        "ByzSimulation",
        "ByzTopology", "ByzTransport", "ByzWire", "ByzTorch", "ByzGradients", "ByzAdversary", "ByzKeys", "ByzProtocol",
        "ByzAggregation", "CProcess",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "ByzBenchmark",
      dependencies: [
        "ByzRuntime", "ByzTopology", "ByzTransport", "ByzWire", "ByzGradients", "ByzKeys", "ByzProtocol",
        "ByzAggregation", "ByzNumerics", "CZeroMQ",
      ]),
    .target(name: "ByzSweep", dependencies: ["ByzRuntime", "ByzTopology"]),
    .executableTarget(
      name: "byzsgd",
      dependencies: [
        "ByzBenchmark", "ByzRuntime", "ByzSimulation", "ByzSweep", "ByzTopology", "ByzProtocol", "ByzAdversary",
        "ByzAggregation", "ByzKeys", "ByzNumerics",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .testTarget(name: "ByzNumericsTests", dependencies: ["ByzNumerics"]),
    .testTarget(name: "ByzAggregationTests", dependencies: ["ByzAggregation", "ByzNumerics", "CKernels"]),
    .testTarget(
      name: "ByzProtocolTests", dependencies: ["ByzProtocol", "ByzAggregation", "ByzNumerics"],
      exclude: ["Transcripts"]),
    .testTarget(
      name: "ByzAdversaryTests", dependencies: ["ByzAdversary", "ByzAggregation", "ByzProtocol", "ByzNumerics"]),
    .testTarget(name: "ByzGradientsTests", dependencies: ["ByzGradients", "ByzNumerics", "CZlib"]),
    .testTarget(name: "ByzTorchTests", dependencies: ["ByzTorch", "ByzGradients", "ByzNumerics", "TorchInterface"]),
    .testTarget(name: "ByzWireTests", dependencies: ["ByzWire", "ByzProtocol", "ByzNumerics"]),
    .testTarget(name: "ByzKeysTests", dependencies: ["ByzKeys", "CZeroMQ"]),
    .testTarget(
      name: "ByzTransportTests",
      dependencies: ["ByzTransport", "ByzWire", "ByzKeys", "ByzProtocol", "ByzNumerics", "CZeroMQ"]),
    .testTarget(
      name: "ByzTopologyTests",
      dependencies: [
        "ByzTopology", "ByzProtocol", "ByzAdversary", "ByzAggregation", "ByzGradients", "ByzKeys", "ByzNumerics",
      ]),
    .testTarget(
      name: "ByzSimulationTests",
      dependencies: ["ByzSimulation", "ByzTopology", "ByzAdversary", "ByzGradients", "ByzProtocol", "ByzNumerics"],
      exclude: ["Pinned"]),
    .testTarget(
      name: "ByzRuntimeTests",
      dependencies: [
        "ByzRuntime", "ByzTopology", "ByzTransport", "ByzGradients", "ByzKeys", "ByzNumerics", "ByzProtocol",
      ]),
    .testTarget(
      name: "ByzBenchmarkTests",
      dependencies: ["ByzBenchmark", "ByzRuntime", "ByzTopology", "ByzAggregation", "ByzNumerics"]),
    .testTarget(name: "ByzSweepTests", dependencies: ["ByzSweep", "ByzRuntime", "ByzTopology"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "byzsgd", "ByzBenchmark", "ByzRuntime", "ByzTopology", "ByzKeys", "ByzProtocol", "ByzNumerics", "CZeroMQ",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
