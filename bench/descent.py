#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much shorter is an iteration of gradient descent on factors than in PyTorch, and how much shorter is the flow?

Two rivals in float32 on one thread, on the same data and from the same start; both libraries use the same OpenBLAS with
the same kernels:
  lean          a plain module and autograd, with the group-RMSprop update fused and in place, as a careful researcher
                writes it
  as published  the published program's iteration: an optimizer object, the test loss and all norms at every step
An iteration includes loss, gradient and update. After a number of iterations the three losses must agree to 1e-3, or no
time is stated. Importing PyTorch is not counted. Rivals take turns, and the median over turns of the ratio within a turn
is reported. Times are processor times of the one thread. The time to the stopping rule (mean squared error 1e-6 on 2,000
entries, depth 3) is lean's time of an iteration times the iterations that the library counts there.

  Run    bench/descent.py [--bench PATH] [--turns 7] [--quick] [--json]
  Needs  PyTorch and numpy (packages/bench.txt: python3-torch); no data folder
  Prints ratios and whether the claims about them hold.
"""

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

LR, BETA, EPS = 1e-3, 0.99, 1e-4
LOSSES_AGREE = 1e-3  # float32, different orders of summation
# case, depth, iterations of the library and of the rivals in a turn, ratios claimed: lean, as published
CASES = [("completion", 2, 1000, 100, 7, 10), ("completion", 3, 600, 100, 2.9, 4.8), ("completion", 4, 400, 100, 2.2, 3.5),
         ("large", 2, 10, 2, 10, None), ("large", 3, 3, 1, 2, None), ("sensing", 3, 10, 2, 6, None)]
FLOW_CLAIM = 300
LIMIT_CLAIM = 0.8


class Rival:
    """A product of factors, its loss, and the update that the paper calls GroupRMSprop."""

    def __init__(self, data, depth):
        self.factors = [torch.nn.Parameter(torch.tensor(data[f"factor{l + 1}"])) for l in range(depth)]
        self.sensing = "matrices" in data
        if self.sensing:
            rows, columns = self.factors[-1].shape[0], self.factors[0].shape[1]
            self.matrices = torch.tensor(data["matrices"]).view(-1, rows, columns)
            self.values = torch.tensor(data["values"]).flatten()
        else:
            self.index = torch.tensor(data["row"]).long(), torch.tensor(data["column"]).long()
            self.values = torch.tensor(data["value"])
        self.mean_square, self.power = 0.0, 1.0

    def end_matrix(self):
        w = self.factors[0]
        for factor in self.factors[1:]:
            w = factor @ w
        return w

    def loss(self, w):
        if self.sensing:
            found = (self.matrices * w).sum(dim=(1, 2))
        else:
            found = w[self.index]
        return torch.nn.functional.mse_loss(found, self.values)

    def update(self):
        gradients = [f.grad for f in self.factors]
        self.power *= BETA
        square = sum(float(torch.dot(g.flatten(), g.flatten())) for g in gradients)
        self.mean_square = BETA * self.mean_square + (1 - BETA) * square
        step = LR / ((self.mean_square / (1 - self.power)) ** 0.5 + EPS)
        with torch.no_grad():
            torch._foreach_add_(self.factors, gradients, alpha=-step)

    def iterate(self, iterations):
        for _ in range(iterations):
            for f in self.factors:
                f.grad = None
            loss = self.loss(self.end_matrix())
            loss.backward()
            self.update()
        return float(loss)


class GroupRMSprop(torch.optim.Optimizer):
    """One step size for all parameters, as an optimizer object with a state of tensors."""

    def __init__(self, parameters):
        super().__init__(parameters, {"lr": LR, "alpha": BETA, "eps": EPS})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            state = self.state
            if "step" not in state:
                state["step"], state["square"] = 0, torch.tensor(0.0)
            state["step"] += 1
            norm = sum(torch.sum(p.grad.data ** 2) for p in group["params"])
            state["square"].mul_(group["alpha"]).add_(norm, alpha=1 - group["alpha"])
            average = state["square"].div(1 - group["alpha"] ** state["step"]).sqrt_().add_(group["eps"])
            for p in group["params"]:
                p.data.addcdiv_(p.grad.data, average.expand_as(p.data), value=-group["lr"])


class AsPublished(Rival):
    def __init__(self, data, depth):
        super().__init__(data, depth)
        self.optimizer = GroupRMSprop(self.factors)
        self.truth = torch.tensor(data["end"])  # any matrix of the shape: only the time counts

    def iterate(self, iterations):
        for _ in range(iterations):
            w = self.end_matrix()
            loss = self.loss(w)
            parameter_norm = sum(p.norm() ** 2 for p in self.factors)
            self.optimizer.zero_grad()
            loss.backward()
            with torch.no_grad():
                test = (w - self.truth).pow(2).mean().item()
                gradient_norm = sum(p.grad.norm() ** 2 for p in self.factors).item()
            self.logged = loss.item(), test, parameter_norm.item(), gradient_norm
            self.optimizer.step()
        return float(loss)


def library(args, case, depth, iterations, path=None):
    command = [args.bench, case, depth, iterations] + ([path] if path else [])
    return common.run(command).json()


def seconds_per_iteration(rival, iterations):
    start = time.thread_time()
    rival.iterate(iterations)
    return (time.thread_time() - start) / iterations


def check_losses(args, case, depth, folder):
    """The library's loss after a few iterations, and both rivals', from the same start."""
    iterations = 30 if case == "completion" else 3
    path = folder / f"{case}{depth}.npz"
    found = library(args, case, depth, iterations, path)["loss"]
    with np.load(path) as archive:
        data = dict(archive)
    path.unlink()
    rivals = {"lean": Rival(data, depth), "as published": AsPublished(data, depth)}
    for name, rival in rivals.items():
        loss = rival.iterate(iterations + 1)  # the loss is that before the last update
        common.verify(abs(loss / found - 1) < LOSSES_AGREE, f"{case}, depth {depth}, {name}: loss {loss}, library {found}")
    return rivals


def matrix_vector_seconds(rival):
    """Reading the sensing matrices once, as a product of a matrix and a vector."""
    matrices = rival.matrices.view(rival.matrices.shape[0], -1)
    w = rival.end_matrix().detach().flatten()
    start = time.thread_time()
    torch.mv(matrices, w)
    return time.thread_time() - start


def compare(args, case, depth, iterations, rival_iterations, folder):
    rivals = check_losses(args, case, depth, folder)
    times = {"rankflow": [], "lean": [], "as published": []}
    if case == "sensing":
        times["matrix-vector product"] = []
    for _ in range(args.turns):
        times["rankflow"].append(library(args, case, depth, iterations)["seconds_per_iteration"])
        for name, rival in rivals.items():
            times[name].append(seconds_per_iteration(rival, rival_iterations))
        if case == "sensing":
            times["matrix-vector product"].append(matrix_vector_seconds(rivals["lean"]))
    ratios = {name: statistics.median(o / m for o, m in zip(list_, times["rankflow"]))
              for name, list_ in times.items() if name != "rankflow"}
    return {"case": case, "depth": depth, "seconds_per_iteration": {k: common.spread(v) for k, v in times.items()},
            "ratios": ratios}


def stopping_rule(args, lean_seconds):
    """Lean needs the iterations that the library counts; the flow is measured whole."""
    iterations = library(args, "stop", 3, 200_000)["iterations"]
    flow = statistics.median(library(args, "flow", 3, 1)["seconds"] for _ in range(args.turns))
    return {"iterations": iterations, "lean_seconds": iterations * lean_seconds, "flow_seconds": flow,
            "ratio": iterations * lean_seconds / flow}


def limits(rows, flops):
    """No iteration of a deeper product is shorter than its 3 (N - 2) dense products of 100 x 100 matrices at the
    machine's peak, after all that an iteration at depth 2 has to do as well: passes over the entries and the update."""
    small = {row["depth"]: row for row in rows if row["case"] == "completion"}
    base = small[2]["seconds_per_iteration"]["rankflow"]["median"]
    found = []
    for depth in (3, 4):
        least = base + 3 * (depth - 2) * 2e6 / flops
        lean = small[depth]["seconds_per_iteration"]["lean"]["median"]
        found.append({"depth": depth, "seconds": least, "lean_ratio_at_the_limit": lean / least,
                      "share": least / small[depth]["seconds_per_iteration"]["rankflow"]["median"]})
    return found


def print_table(result):
    print(f"{'case':<12}{'depth':>6}{'us/iteration':>15}  times longer")
    for row in result["cases"]:
        micro = row["seconds_per_iteration"]["rankflow"]["median"] * 1e6
        rest = ", ".join(f"{name} {ratio:.1f}" for name, ratio in row["ratios"].items())
        print(f"{row['case']:<12}{row['depth']:>6}{micro:>15.1f}  {rest}")
    print(f"one core at its peak: {result['peak_flops'] / 1e9:.0f} Gflop/s on cached products")
    for limit in result["limits"]:
        print(f"completion, depth {limit['depth']}: not below {limit['seconds'] * 1e6:.1f} us at that peak "
              f"({limit['lean_ratio_at_the_limit']:.1f} times shorter than lean); reached {100 * limit['share']:.0f} %")
    if "stopping_rule" in result:
        print(f"to the stopping rule at depth 3: the flow {result['stopping_rule']['ratio']:.0f} times shorter than lean")


def main():
    p = common.parser(__doc__)
    p.add_argument("--bench", default=str(common.ROOT / "build" / "release" / "bench" / "descent_bench"))
    p.add_argument("--turns", type=int, default=7)
    p.add_argument("--quick", action="store_true", help="100 x 100 completion alone")
    args = p.parse_args()
    torch.set_num_threads(1)
    claims = common.Claims()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case, depth, iterations, rival_iterations, lean, published in CASES:
            if args.quick and case != "completion":
                continue
            common.say(f"{case}, depth {depth}")
            row = compare(args, case, depth, iterations, rival_iterations, Path(folder))
            rows.append(row)
            claims.at_least(f"{case}, depth {depth}: lean / rankflow", row["ratios"]["lean"], lean)
            if published:
                claims.at_least(f"{case}, depth {depth}: as published / rankflow", row["ratios"]["as published"], published)
    result = {"machine": common.machine(args.program, (torch, np)), "cases": rows}
    result["peak_flops"] = library(args, "peak", 0, 0)["flops"]
    result["limits"] = limits(rows, result["peak_flops"])
    for limit in result["limits"]:
        claims.at_least(f"completion, depth {limit['depth']}: share of the machine's limit", limit["share"], LIMIT_CLAIM)
    lean = next(r for r in rows if r["case"] == "completion" and r["depth"] == 3)
    result["stopping_rule"] = stopping_rule(args, lean["seconds_per_iteration"]["lean"]["median"])
    claims.at_least("stopping rule, depth 3: lean / flow", result["stopping_rule"]["ratio"], FLOW_CLAIM)
    return common.finish(args, result, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
