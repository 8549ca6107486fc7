#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much shorter is gradient descent on factorizations of tensors than in PyTorch, and how much shorter is growing?

Rivals in float32 on one thread, on the same data and from the same start; both libraries use the same OpenBLAS. The
rivals are what a careful researcher writes, with autograd and the adaptive step fused and in place:
  CP     all cells as one product of two matrices, the Khatri-Rao products of half the factors each; then the observed
  tree   the 64 distinct rows of either pair of modes once; one product at the root; then the observed cells
  images "gathers": for each pixel the row of its value, then the product; "tables": the products of each group of 8
         pixels for all 256 values, then gathers and the product, which is what the library does
An iteration includes loss, gradient and update. After a number of iterations the losses must agree to 1e-3, or no time
is stated. Importing PyTorch is not counted. Rivals take turns, and the median over turns of the ratio within a turn is
reported. Times are processor times of the one thread, means over the iterations of a turn.

To the papers' stopping rules: descent in the library counts the iterations and the least error on the way; the rival's
time is its measured time of an iteration times those. Growing is measured whole. Only seeds count that descent solves
(error below 0.05 at some test); medians over them.

  Run    bench/tensors.py [--bench FOLDER] [--turns 5] [--seeds 5] [--quick] [--only CASE,...] [--json]
  Needs  PyTorch and numpy (packages/bench.txt: python3-torch); for images a data folder with mnist/
  Prints ratios and whether the claims about them hold.
"""

import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before any of them is loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402

import common  # noqa: E402

LR, BETA, EPS = 1e-2, 0.99, 1e-6
LOSSES_AGREE = 1e-3  # float32, different orders of summation
SOLVED = 0.05
# case, iterations of the library and of the rival in a turn, ratio claimed of plain iterations
CASES = [("cp4", 400, 100, 5), ("cp3", 1000, 200, 4), ("tree512", 100, 20, 1.7), ("tree32", 1000, 200, 6)]
# growing case, descent to the rule: case, deviation, tolerance, patience, most iterations, ratio claimed
STOPS = [("cp4", "cp4", 0.01, 1e-8, 50, 40000, 200), ("tree5", "tree512", 0.01, 5e-5, 100, 150000, 200),
         ("tree5", "tree32", 0.03, 5e-5, 100, 300000, 8)]
WHOLE_RUNS = {"cp4": 8, "tree512": 3}  # negligible components are advanced once per window
IMAGES_CLAIM = 10


class Rival:
    """Adaptive descent as the papers take it: one step size for all weights."""

    def __init__(self, data):
        count = sum(name.startswith("weights") for name in data)
        self.weights = [torch.nn.Parameter(torch.tensor(data[f"weights{k}"])) for k in range(count)]
        self.values = torch.tensor(data["value"]).flatten()
        self.index = [torch.tensor(np.asarray(data[f"index{n}"]).flatten()).long() for n in range(4) if f"index{n}" in data]
        self.mean_square, self.power = 0.0, 1.0

    def update(self):
        gradients = [w.grad for w in self.weights]
        self.power *= BETA
        square = sum(float(torch.dot(g.flatten(), g.flatten())) for g in gradients)
        self.mean_square = BETA * self.mean_square + (1 - BETA) * square
        step = LR / ((self.mean_square / (1 - self.power)) ** 0.5 + EPS)
        with torch.no_grad():
            torch._foreach_add_(self.weights, gradients, alpha=-step)

    def iterate(self, iterations):
        for _ in range(iterations):
            for w in self.weights:
                w.grad = None
            loss = torch.nn.functional.mse_loss(self.cells().take(self.flat), self.values)
            loss.backward()
            self.update()
        return float(loss)


def pairs(a, b):
    """All products of a row of a and a row of b."""
    return (a.unsqueeze(1) * b.unsqueeze(0)).reshape(-1, a.shape[1])


class CpRival(Rival):
    def __init__(self, data):
        super().__init__(data)
        self.flat = torch.zeros_like(self.index[0])
        for index, weights in zip(self.index, self.weights):
            self.flat = self.flat * weights.shape[0] + index

    def cells(self):
        w = self.weights
        return pairs(w[0], w[1]) @ (pairs(w[2], w[3]) if len(w) == 4 else w[2]).t()


class TreeRival(Rival):
    """Weights come as the library has them: four leaves, two pairs, the root."""

    def __init__(self, data):
        super().__init__(data)
        size = self.weights[0].shape[0]
        self.flat = ((self.index[0] * size + self.index[1]) * size + self.index[2]) * size + self.index[3]

    def cells(self):
        a, b, c, d, left, right, root = self.weights
        return ((pairs(a, b) @ left) * root.t()) @ (pairs(c, d) @ right).t()


def library(args, *words, program="tensors_bench"):
    return common.run([Path(args.bench) / program, *words]).json()


def seconds_per_iteration(rival, iterations):
    start = time.thread_time()
    rival.iterate(iterations)
    return (time.thread_time() - start) / iterations


def check_losses(args, case, folder):
    """The library's loss after a few iterations and the rival's, from the same start."""
    iterations = 5 if args.quick else 40
    path = folder / f"{case}.npz"
    found = library(args, case, "run", iterations, path)["loss"]
    with np.load(path) as archive:
        data = dict(archive)
    path.unlink()
    rival = (TreeRival if case.startswith("tree") else CpRival)(data)
    loss = rival.iterate(iterations + 1)  # the loss is that before the last update
    common.verify(abs(loss / found - 1) < LOSSES_AGREE, f"{case}: loss {loss}, library {found}")
    return rival


def compare(args, case, iterations, rival_iterations, folder):
    rival = check_losses(args, case, folder)
    times = {"rankflow": [], "PyTorch": []}
    for _ in range(args.turns):
        times["rankflow"].append(library(args, case, "run", iterations)["seconds_per_iteration"])
        times["PyTorch"].append(seconds_per_iteration(rival, rival_iterations))
    ratio = statistics.median(o / m for o, m in zip(times["PyTorch"], times["rankflow"]))
    return {"case": case, "seconds_per_iteration": {k: common.spread(v) for k, v in times.items()}, "ratio": ratio}


def idx(path):
    with gzip.open(path) as file:
        bytes_ = file.read()
    order = bytes_[3]
    shape = [int.from_bytes(bytes_[4 + 4 * n:8 + 4 * n], "big") for n in range(order)]
    return np.frombuffer(bytes_, np.uint8, offset=4 + 4 * order).reshape(shape)


class ImageRival:
    """Order 784, two values a mode, five components, Adam, batches of 5,000 in the order of the file."""

    BATCH = 5000

    def __init__(self, folder, start, tables):
        bits = (idx(folder / "train-images-idx3-ubyte.gz").reshape(-1, 784) >= 128).astype(np.int64)
        self.codes = torch.tensor(bits.reshape(-1, 98, 8) @ (1 << np.arange(7, -1, -1)) if tables else bits)
        self.values = torch.tensor((idx(folder / "train-labels-idx1-ubyte.gz") == 6) * np.float32(2))
        self.weights = torch.nn.Parameter(torch.tensor(start.reshape(784, 2, -1)))
        self.optimizer = torch.optim.Adam([self.weights], lr=5e-4)
        self.place = torch.arange(98 if tables else 784)
        self.tables = tables

    def rows(self):
        if not self.tables:
            return self.weights
        w = self.weights.view(98, 8, 2, -1)
        table = w[:, 0]
        for k in range(1, 8):
            table = (table.unsqueeze(2) * w[:, k].unsqueeze(1)).reshape(98, -1, w.shape[-1])
        return table

    def batch(self, first):
        found = self.rows()[self.place, self.codes[first:first + self.BATCH]].prod(1).sum(1)
        loss = torch.nn.functional.mse_loss(found, self.values[first:first + self.BATCH])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss)

    def epoch(self, batches=12):
        """Mean loss of its batches, and processor seconds, of an epoch if it is cut short."""
        start = time.thread_time()
        loss = sum(self.batch(k * self.BATCH) for k in range(batches)) / batches
        return loss, (time.thread_time() - start) * 12 / batches


def images(args, folder):
    path = common.data_file(args.data, "mnist/train-images-idx3-ubyte.gz")
    if path is None:
        return None
    start = folder / "start.npz"
    command = [path.parent, 5, 1, "natural", 0, start]
    found = library(args, *command, program="image_bench")["epoch_loss"]
    with np.load(start) as archive:
        weights = archive["start"].astype(np.float32)
    rivals = {name: ImageRival(path.parent, weights, name == "tables") for name in ("gathers", "tables")}
    times = {"rankflow": [], "gathers": [], "tables": []}
    for name, rival in rivals.items():
        loss, _ = rival.epoch()
        common.verify(abs(loss / found - 1) < LOSSES_AGREE, f"images, {name}: loss {loss}, library {found}")
    for _ in range(args.turns):
        times["rankflow"].append(library(args, path.parent, 5, 20, program="image_bench")["seconds_per_epoch"])
        for name, rival in rivals.items():
            times[name].append(rival.epoch(2 if args.quick else 12)[1])
    ratios = {name: statistics.median(o / m for o, m in zip(times[name], times["rankflow"])) for name in rivals}
    return {"seconds_per_epoch": {k: common.spread(v) for k, v in times.items()}, "ratios": ratios}


def stopping_rule(args, grow_case, case, deviation, tolerance, patience, most, rival_seconds):
    """Per seed that descent solves: its iterations, and whether growing ends at an error that is not larger."""
    runs = []
    for seed in range(1, args.seeds + 1):
        common.say(f"{case}: descent to the stopping rule, seed {seed}")
        descent = library(args, case, "stop", seed, deviation, tolerance, patience, 200 if args.quick else most)
        growing = library(args, grow_case, "grow", seed)
        runs.append({"seed": seed, "descent": descent, "growing": growing,
                     "counts": descent["stop"] == "converged" and descent["least_error"] < SOLVED})
    solved = [run for run in runs if run["counts"]]
    if not solved:
        return {"growing": grow_case, "descent": case, "runs": runs, "solved": 0}
    ours = statistics.median(run["growing"]["seconds"] for run in solved)
    theirs = statistics.median(run["descent"]["iterations"] for run in solved) * rival_seconds
    own = statistics.median(run["descent"]["seconds"] for run in solved)
    return {"growing": grow_case, "descent": case, "deviation": deviation, "runs": runs, "solved": len(solved),
            "growing_seconds": ours, "descent_seconds": own, "PyTorch_seconds": theirs, "ratio": theirs / ours,
            "descent_seconds_per_iteration": statistics.median(
                run["descent"]["seconds"] / run["descent"]["iterations"] for run in solved),
            "not_larger": sum(run["growing"]["error"] <= run["descent"]["least_error"] for run in solved)}


def print_table(result):
    print(f"{'case':<10}{'us/iteration':>14}{'PyTorch':>12}{'times':>9}")
    for row in result["cases"]:
        seconds = row["seconds_per_iteration"]
        print(f"{row['case']:<10}{seconds['rankflow']['median'] * 1e6:>14.1f}{seconds['PyTorch']['median'] * 1e6:>12.1f}"
              f"{row['ratio']:>9.1f}")
    if result.get("images"):
        found = result["images"]
        text = ", ".join(f"{name} {found['seconds_per_epoch'][name]['median'] * 1e3:.0f} ms ({ratio:.1f} times)"
                         for name, ratio in found["ratios"].items())
        print(f"images, an epoch: {found['seconds_per_epoch']['rankflow']['median'] * 1e3:.1f} ms; {text}")
    for row in result["stopping_rules"]:
        if row["solved"] == 0:
            print(f"{row['descent']} to the stopping rule: descent solved no seed")
            continue
        print(f"{row['descent']} from deviation {row['deviation']} to the stopping rule, {row['solved']} of "
              f"{len(row['runs'])} seeds: growing {row['growing_seconds']:.3g} s, own descent {row['descent_seconds']:.3g} s "
              f"({row['descent_seconds_per_iteration'] * 1e6:.0f} us/iteration over the whole run), PyTorch "
              f"{row['PyTorch_seconds']:.3g} s (iterations x time of one): {row['ratio']:.0f} times; error not larger in "
              f"{row['not_larger']} of {row['solved']}")


def same_blas():
    """PyTorch has to use the OpenBLAS that the library uses; else a ratio compares two BLAS."""
    with open("/proc/self/maps") as maps:
        return any("openblas" in line for line in maps)


def main():
    p = common.parser(__doc__)
    p.add_argument("--bench", default=str(common.ROOT / "build" / "release" / "bench"), help="folder of the programs")
    p.add_argument("--turns", type=int, default=5)
    p.add_argument("--seeds", type=int, default=5, help="to the stopping rules")
    p.add_argument("--quick", action="store_true", help="few iterations: shows that the script works, not how fast anything is")
    p.add_argument("--only", default="",
                   help="comma-separated: cases, images, stops (all stopping rules) or stop-CASE (one of them)")
    args = p.parse_args()
    torch.set_num_threads(1)
    common.verify(same_blas(), "PyTorch does not use OpenBLAS here")
    only = set(filter(None, args.only.split(",")))
    claims = common.Claims()
    result = {"machine": common.machine(args.program, (torch, np)), "cases": [], "stopping_rules": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, iterations, rival_iterations, claim in CASES:
            needed = not only or case in only or {"stops", f"stop-{case}"} & only
            if not needed:
                continue
            common.say(case)
            shrink = 20 if args.quick else 1
            row = compare(args, case, iterations // shrink, rival_iterations // shrink, folder)
            result["cases"].append(row)
            claims.at_least(f"{case}: PyTorch / rankflow, an iteration", row["ratio"], claim)
        if not only or "images" in only:
            common.say("images")
            result["images"] = images(args, folder)
            if result["images"]:
                claims.at_least("images: PyTorch with gathers / rankflow, an epoch",
                                result["images"]["ratios"]["gathers"], IMAGES_CLAIM)
    if not only or any(word.startswith("stop") for word in only):
        seconds = {row["case"]: row["seconds_per_iteration"]["PyTorch"]["median"] for row in result["cases"]}
        for grow_case, case, deviation, tolerance, patience, most, claim in STOPS:
            if only and not {"stops", f"stop-{case}"} & only:
                continue
            row = stopping_rule(args, grow_case, case, deviation, tolerance, patience, most, seconds[case])
            result["stopping_rules"].append(row)
            if row["solved"]:
                if case in WHOLE_RUNS:
                    claims.at_least(f"{case}, mean over whole runs: PyTorch / rankflow, an iteration",
                                    seconds[case] / row["descent_seconds_per_iteration"], WHOLE_RUNS[case])
                claims.at_least(f"{case} to the stopping rule: PyTorch / growing", row["ratio"], claim)
                claims.at_least(f"{case}: share of seeds at which growing ends at an error that is not larger",
                                row["not_larger"] / row["solved"], 1)
    return common.finish(args, result, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
