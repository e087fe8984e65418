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
    .library(name: "ByzAggregation", targets: ["ByzAggregation"]),
    .library(name: "ByzProtocol", targets: ["ByzProtocol"]),
    .library(name: "ByzAdversary", targets: ["ByzAdversary"]),
    .library(name: "ByzGradients", targets: ["ByzGradients"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),

    .target(name: "ByzNumerics"),
    .target(name: "ByzAggregation", dependencies: ["ByzNumerics"]),
    .target(name: "ByzProtocol", dependencies: ["ByzAggregation", "ByzNumerics"]),
    .target(name: "ByzAdversary", dependencies: ["ByzProtocol", "ByzNumerics"]),
    .target(name: "ByzGradients", dependencies: ["ByzNumerics", "CZlib"]),
    .target(name: "TorchShim", cxxSettings: torchCompilation, linkerSettings: torchLinking),
    .target(name: "ByzTorch", dependencies: ["ByzGradients", "ByzNumerics", "TorchShim"]),
    .target(name: "ByzWire", dependencies: ["ByzProtocol", "ByzNumerics"]),
    .target(name: "ByzTransport", dependencies: ["ByzWire", "ByzProtocol", "CZeroMQ"]),
    .target(
      name: "ByzTopology",
      dependencies: ["ByzProtocol", "ByzAggregation", "ByzAdversary", "ByzGradients", "CSodium", "Yams"]),
    .target(
      name: "ByzRuntime",
      dependencies: [
        "ByzTopology", "ByzTransport", "ByzWire", "ByzTorch", "ByzGradients", "ByzAdversary", "ByzProtocol",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "byzsgd",
      dependencies: [
        "ByzRuntime", "ByzTopology",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .testTarget(name: "ByzNumericsTests", dependencies: ["ByzNumerics"]),
    .testTarget(name: "ByzAggregationTests", dependencies: ["ByzAggregation"]),
    .testTarget(
      name: "ByzProtocolTests", dependencies: ["ByzProtocol"], exclude: ["Transcripts"]),
    .testTarget(name: "ByzAdversaryTests", dependencies: ["ByzAdversary"]),
    .testTarget(name: "ByzGradientsTests", dependencies: ["ByzGradients"]),
    .testTarget(name: "ByzTorchTests", dependencies: ["ByzTorch"]),
    .testTarget(name: "ByzWireTests", dependencies: ["ByzWire"]),
    .testTarget(name: "ByzTransportTests", dependencies: ["ByzTransport"]),
    .testTarget(name: "ByzTopologyTests", dependencies: ["ByzTopology"]),
    .testTarget(name: "ByzRuntimeTests", dependencies: ["ByzRuntime"]),
    .testTarget(name: "CommandTests", dependencies: ["byzsgd", "ByzRuntime"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
