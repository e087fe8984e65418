# byzsgd for hosts that have containers:
#
#   docker build -t byzsgd .
#   docker run --rm byzsgd launch /usr/local/share/byzsgd/topologies/mnist.yaml --run-directory /tmp/run
#   docker run --rm --network host -v "$PWD:/run-here" -w /run-here byzsgd node server-0 topology.yaml
#
# No Docker engine has built this yet. What was tried is what it does: the program and
# its library, with Swift's libraries and the packages below, in a bare Debian 12.
FROM swift:6.1-bookworm AS build
WORKDIR /source
COPY . .
RUN scripts/setup
RUN swift build -c release

# Debian with Swift's libraries alone.
FROM swift:6.1-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends libzmq5 libsodium23 zlib1g libtorch1.13 \
  && rm -rf /var/lib/apt/lists/*
# The program looks for libTorchShim.so beside itself.
COPY --from=build /source/.build/release/byzsgd /source/.build/release/libTorchShim.so /usr/local/lib/byzsgd/
COPY --from=build /source/Datasets /usr/local/share/byzsgd/Datasets
COPY --from=build /source/topologies /usr/local/share/byzsgd/topologies
RUN ln -s ../lib/byzsgd/byzsgd /usr/local/bin/byzsgd
ENTRYPOINT ["byzsgd"]
