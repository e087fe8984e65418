"""What scripts/compare-peers runs: agreement with ByzFL, then times beside NumPy, PyTorch and ByzFL."""

import importlib
import importlib.metadata
import importlib.util
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

import numpy
import torch

# ByzFL's aggregators alone: importing the whole package would need torchvision and what draws its figures.
package = types.ModuleType("byzfl")
package.__path__ = importlib.util.find_spec("byzfl").submodule_search_locations
sys.modules["byzfl"] = package
byzfl = importlib.import_module("byzfl.aggregators")

PROGRAM = sys.argv[1]
QUICK = "--quick" in sys.argv[2:]


def behind(rule, before):
    """ByzFL's rule behind one of its pre-aggregations, which may change what they get."""
    return lambda f: lambda vectors: rule(before(f)(vectors.copy()))


# What both define alike, as ByzFL's for a given f.
ALIKE = {
    "average": lambda f: byzfl.Average(),
    "median": lambda f: byzfl.Median(),
    "trimmed-mean": lambda f: byzfl.TrMean(f=f),
    "meamed": lambda f: byzfl.Meamed(f=f),
    "mda": lambda f: byzfl.MDA(f=f),
    "centered-clipping:radius=1,iterations=3": lambda f: byzfl.CenteredClipping(L=3, tau=1.0),
    "{rule: median, before: [nnm]}": behind(byzfl.Median(), lambda f: byzfl.NNM(f=f)),
    "{rule: median, before: [{clip: 2}]}": behind(byzfl.Median(), lambda f: byzfl.Clipping(c=2.0)),
    "{rule: median, before: [arc]}": behind(byzfl.Median(), lambda f: byzfl.ARC(f=f)),
}

NOT_ALIKE = """
Not alike:
  krum, multi-krum   ByzFL counts the n - f - 1 nearest others and averages n - f; here, as in the original paper, both
                     numbers are n - f - 2. Checked against the formula written in NumPy instead, see above.
  caf, smea          ByzFL takes one step of power iteration from a random vector for the largest eigenvalue; here it is
                     exact. Checked: the covariance of what smea selects has no larger eigenvalue than that of ByzFL.
  geometric-median   ByzFL's standard is 3 steps from zero with a smoothing of 0.1; here up to 100 from the median. Checked:
                     the sum of distances is at most 0.2 % above that of 3000 of its steps with a smoothing of 1e-9.
  bucketing          each library draws its own permutation.
  cge, phocas, bulyan  are not in ByzFL.
"""


def ours(rule, vectors, f):
    """The aggregates that byzsgd makes of vectors of shape (cases, n, d)."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "vectors.npy"), Path(folder, "aggregates.npy")
        numpy.save(source, vectors)
        subprocess.run([PROGRAM, "aggregate", source, target, "--rule", rule, "--byzantine", str(f)], check=True)
        return numpy.load(target)


def drawn(generator, shape):
    """Normal deviates around a common offset, the first f of every case far away."""
    return (generator.standard_normal(shape) + generator.standard_normal(shape[-1])).astype("float32")


def krum_scores(vectors, f):
    squares = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    return numpy.sort(squares, axis=1)[:, 1:len(vectors) - f - 1].sum(axis=1)


def krum(f):
    return lambda vectors: vectors[krum_scores(vectors, f).argmin()]


def multi_krum(f):
    def rule(vectors):
        best = numpy.argsort(krum_scores(vectors, f))[:len(vectors) - f - 2]
        return vectors[best].mean(axis=0)
    return rule


def largest_error(rule, theirs, least, cases):
    """The largest difference relative to the largest input, over all n up to 13 and all f with n >= least(f)."""
    generator = numpy.random.default_rng(1)
    worst, compared = 0.0, 0
    for n, d in itertools.product(range(3, 14), (2, 5)):
        for f in (f for f in range(n) if n >= least(f)):
            vectors = drawn(generator, (cases, n, d))
            results = ours(rule, vectors, f)
            for case, result in zip(vectors.astype("float64"), results):
                expected = theirs(f)(case)
                worst = max(worst, numpy.abs(result - expected).max() / numpy.abs(case).max())
                compared += 1
    return worst, compared


def smallest_eigenvalue_excess(cases):
    """By how much, at most, the covariance that smea selects has a larger eigenvalue than the one that ByzFL selects."""
    generator = numpy.random.default_rng(2)
    n, f, d = 7, 2, 4
    vectors = drawn(generator, (cases, n, d))
    worst = -numpy.inf
    for case, result in zip(vectors.astype("float64"), ours("smea", vectors, f)):
        def eigenvalue(aggregate):
            subsets = [list(s) for s in itertools.combinations(range(n), n - f)]
            nearest = min(subsets, key=lambda s: numpy.abs(case[s].mean(axis=0) - aggregate).max())
            return numpy.linalg.eigvalsh(numpy.cov(case[nearest].T, bias=True))[-1]
        worst = max(worst, eigenvalue(result) - eigenvalue(byzfl.SMEA(f=f)(case)))
    return worst


def largest_distance_excess(cases):
    """By how much, at most, our geometric median's sum of distances exceeds that of many of ByzFL's steps, relatively."""
    generator = numpy.random.default_rng(4)
    worst = -numpy.inf
    for n, d in itertools.product(range(3, 14), (2, 5)):
        vectors = drawn(generator, (cases, n, d))
        for case, result in zip(vectors.astype("float64"), ours("geometric-median", vectors, 0)):
            mine, theirs = (
                numpy.linalg.norm(case - point, axis=1).sum()
                for point in (result, byzfl.GeometricMedian(nu=1e-9, T=3000)(case)))
            worst = max(worst, mine / theirs - 1)
    return worst


def agreement(cases):
    print("What is computed, beside ByzFL's: the largest difference relative to the largest input\n")
    failed = False
    pairs = [(rule, theirs, lambda f: 2 * f + 1) for rule, theirs in ALIKE.items()]
    pairs += [("krum", krum, lambda f: 2 * f + 3), ("multi-krum", multi_krum, lambda f: 2 * f + 3)]
    for rule, theirs, least in pairs:
        error, compared = largest_error(rule, theirs, least, cases)
        # As well as a float can hold the result.
        failed |= not error <= 1e-6
        print(f"  {rule:45} {error:8.1e} in {compared} cases{'' if error <= 1e-6 else '   DIFFERS'}", flush=True)
    for name, excess, limit in (
        ("smea: eigenvalue above ByzFL's, at most", smallest_eigenvalue_excess(cases), 1e-5),
        ("geometric-median: distances above ByzFL's", largest_distance_excess(cases), 2e-3),
    ):
        failed |= not excess <= limit
        print(f"  {name:45} {excess:8.1e}{'' if excess <= limit else '   DIFFERS'}", flush=True)
    print(NOT_ALIKE)
    return not failed


def seconds_of(function, budget):
    """The median time of a call, over calls of `budget` seconds and at least three of them."""
    function()
    times = []
    while sum(times) < budget or len(times) < 3:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def our_seconds(rule, path, f, budget):
    command = [PROGRAM, "bench", "aggregation", "--vectors", path, "--byzantine", str(f), "--rule", rule]
    command += ["--seconds", str(budget), "--json", "--quiet"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)["rows"][0]["one_thread"]["median"]


def numpy_trimmed_mean(vectors, f):
    return numpy.sort(vectors, axis=0)[f:len(vectors) - f].mean(axis=0)


def torch_trimmed_mean(vectors, f):
    return torch.sort(vectors, dim=0)[0][f:len(vectors) - f].mean(dim=0)


def torch_median(vectors):
    middle = torch.sort(vectors, dim=0)[0]
    return (middle[(len(vectors) - 1) // 2] + middle[len(vectors) // 2]) / 2


def peers(rule, f, x, tensor):
    """What computes the same on NumPy, PyTorch and ByzFL."""
    of_numpy = {
        "average": lambda: x.mean(axis=0), "median": lambda: numpy.median(x, axis=0),
        "trimmed-mean": lambda: numpy_trimmed_mean(x, f), "mda": lambda: x @ x.T,
    }
    of_torch = {
        "average": lambda: tensor.mean(dim=0), "median": lambda: torch_median(tensor),
        "trimmed-mean": lambda: torch_trimmed_mean(tensor, f), "mda": lambda: tensor @ tensor.T,
    }
    of_byzfl = {
        "average": byzfl.Average(), "median": byzfl.Median(), "trimmed-mean": byzfl.TrMean(f=f),
        "meamed": byzfl.Meamed(f=f), "mda": byzfl.MDA(f=f), "krum": byzfl.Krum(f=f), "multi-krum": byzfl.MultiKrum(f=f),
        "geometric-median": byzfl.GeometricMedian(), "centered-clipping": byzfl.CenteredClipping(),
        "{rule: average, before: [nnm]}": behind(byzfl.Average(), lambda f: byzfl.NNM(f=f))(f),
        "{rule: average, before: [arc]}": behind(byzfl.Average(), lambda f: byzfl.ARC(f=f))(f),
    }
    theirs = of_byzfl.get(rule)
    return of_numpy.get(rule), of_torch.get(rule), theirs and (lambda: theirs(x))


def times(sizes, budget, rounds):
    print("Milliseconds on one thread, medians; beside mda, NumPy and PyTorch compute only the product X X^T\n")
    print(f"  {'rule':34}{'n':>4}{'f':>4}{'d':>10}{'ours':>10}{'NumPy':>16}{'PyTorch':>16}{'ByzFL':>18}")
    for n, f, d, rules in sizes:
        x = drawn(numpy.random.default_rng(3), (1, n, d))[0]
        tensor = torch.from_numpy(x)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "vectors.npy")
            numpy.save(path, x)
            for rule in rules:
                functions = peers(rule, f, x, tensor)
                samples = [[] for _ in range(4)]
                # In turn, so that whatever else the machine does meets all of them.
                for _ in range(rounds):
                    samples[0].append(our_seconds(rule, path, f, budget))
                    for sample, function in zip(samples[1:], functions):
                        if function:
                            sample.append(seconds_of(function, budget))
                mine = statistics.median(samples[0])
                cells = [f"{1e3 * mine:10.3f}"]
                for sample, width in zip(samples[1:], (16, 16, 18)):
                    theirs = statistics.median(sample) if sample else None
                    cells.append((f"{1e3 * theirs:.2f} ({theirs / mine:.3g}x)" if sample else "-").rjust(width))
                print(f"  {rule:34}{n:4}{f:4}{d:10}{''.join(cells)}", flush=True)
    print("\nIn brackets: how many times as long as ours.")


def main():
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("byzfl", "numpy", "torch"))
    print(f"Peers: {versions}\n")
    is_alike = agreement(5 if QUICK else 40)
    coordinatewise = ["average", "median", "trimmed-mean", "mda"]
    everything = coordinatewise + [
        "meamed", "krum", "multi-krum", "geometric-median", "centered-clipping",
        "{rule: average, before: [nnm]}", "{rule: average, before: [arc]}",
    ]
    large = 50_000 if QUICK else 1_000_000
    sizes = [(15, 5, 79_510, everything)]
    sizes += [(n, f, large, coordinatewise) for n, f in ((5, 1), (7, 2), (11, 3), (15, 5))]
    times(sizes, *((0.02, 1) if QUICK else (0.3, 3)))
    return 0 if is_alike else 1


sys.exit(main())
