#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How often and how fast does the command find planted tensors of low rank, exact and noisy, and when does it say no?

  Run    bench/planted.py [--program PATH] [--only cp,few,rank10,tree,noise] [--model MODEL] [--share 1] [--json]
  Needs  NumPy; no data
  Prints for each problem (one thread, --held-out 0, no rank given): verdicts, how often rank and cells are right, the
         median of `seconds` in --json. Errors are relative, over all cells (with noise: over the
         unobserved ones). CP tensors 10^4 of rank 5 (2,000, 1,000, 500 and 300 cells) and 10 (2,000), trees
         8^4 of widths (5, 5) (2,048 and 600 cells), and 10 % noise on 2,000 cells beside Gauss and Newton's method
         started at the truth. --model replaces the default (auto); --share .25 takes a quarter of the seeds.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import common

SOLVED = 1e-6  # relative error over all cells
CUT_OFF = 1e-5  # of the largest singular value, for ranks of node matricizations
NODES = ((0,), (1,), (2,), (3,), (0, 1))


def outer_sum(factors):
    return np.einsum("ar,br,cr,dr->abcd", *factors, optimize=True)


def cp_problem(seed, rank=5, size=10):
    rng = np.random.default_rng(1_000 + seed)
    factors = [rng.normal(size=(size, rank)) for _ in range(4)]
    scale = np.linalg.norm(outer_sum(factors)) ** -0.25
    return [scale * factor for factor in factors]


def tree_problem(seed, size=8, width=5):
    rng = np.random.default_rng(2_000 + seed)
    leaves = [rng.normal(size=(size, width)) for _ in range(4)]
    inner = [rng.normal(size=(width, width)) for _ in range(2)]
    halves = [np.einsum("ar,br,rs->abs", leaves[2 * k], leaves[2 * k + 1], inner[k]) for k in range(2)]
    tensor = np.einsum("abs,cds,s->abcd", *halves, rng.normal(size=width))
    return tensor / np.linalg.norm(tensor)


def masked(tensor, count, seed):
    holes = np.full(tensor.shape, np.nan)
    cells = np.random.default_rng(3_000 + seed).permutation(tensor.size)[:count]
    holes.flat[cells] = tensor.flat[cells]
    return holes


def node_ranks(tensor):
    ranks = []
    for node in NODES:
        rest = [n for n in range(4) if n not in node]
        rows = int(np.prod([tensor.shape[n] for n in node]))
        values = np.linalg.svd(tensor.transpose(*node, *rest).reshape(rows, -1), compute_uv=False)
        ranks.append(int((values > CUT_OFF * values[0]).sum()))
    return ranks


def fit_from_truth(holes, factors, steps=30):
    """Least squares over the observed cells, by Gauss and Newton's method with a little damping."""
    factors = [factor.copy() for factor in factors]
    index, values = np.nonzero(~np.isnan(holes)), holes[~np.isnan(holes)]
    rank = factors[0].shape[1]
    places = np.cumsum([0] + [factor.size for factor in factors])
    for _ in range(steps):
        rows = [factor[i] for factor, i in zip(factors, index)]
        jacobian = np.zeros((len(values), places[-1]))
        for n, i in enumerate(index):
            others = np.prod([row for m, row in enumerate(rows) if m != n], axis=0)
            for r in range(rank):
                jacobian[np.arange(len(values)), places[n] + i * rank + r] = others[:, r]
        residual = values - np.prod(rows, axis=0).sum(axis=1)
        step = np.linalg.lstsq(jacobian, residual, rcond=1e-9)[0]
        for n, factor in enumerate(factors):
            factor += step[places[n]:places[n + 1]].reshape(factor.shape)
        if np.linalg.norm(step) < 1e-9:
            break
    return outer_sum(factors)


def complete(program, holes, scratch, seed, model):
    source, target = scratch / "holes.npy", scratch / "full.npy"
    target.unlink(missing_ok=True)
    np.save(source, holes)
    more = ["--model", model] if model else []
    done = common.run([program, "complete", source, "-o", target, "--held-out", 0, "--threads", 1, "--seed", seed,
                       "--json", "-q", *more], statuses=(0, 1))
    result = done.json()
    return result, np.load(target) if target.exists() else None


def study(args, scratch, name, seeds, tensors, count, rank, noise=0.0):
    """`tensors` makes the tensor of a seed, with its factors or None."""
    rows = []
    for seed in range(max(1, round(seeds * args.share))):
        truth, factors = tensors(seed)
        noisy = truth
        if noise:
            scale = noise * np.sqrt(np.mean(truth**2))
            noisy = truth + scale * np.random.default_rng(4_000 + seed).normal(size=truth.shape)
        holes = masked(noisy, count, seed)
        result, full = complete(args.program, holes, scratch, seed, args.model)
        judged = np.isnan(holes) if noise else np.ones(truth.shape, bool)  # observed cells keep their noise
        relative = lambda x: float(np.linalg.norm((x - truth)[judged]) / np.linalg.norm(truth[judged]))
        row = {"seed": seed, "verdict": result["verdict"], "model": result["model"], "rank": result["rank"],
               "seconds": result["seconds"], "error": None if full is None else relative(full)}
        if factors is None and full is not None:
            row["rank_right"] = node_ranks(full) == node_ranks(truth)
        else:
            row["rank_right"] = row["rank"] == rank
        if noise:
            row["from_truth"] = relative(fit_from_truth(holes, factors))
        common.say(f"{name}: {row}")
        rows.append(row)
    found = [r for r in rows if r["verdict"] == "solved" and r["error"] is not None and r["error"] < SOLVED]
    out = {"name": name, "rows": rows, "count": len(rows), "solved": len(found),
           "wrongly_solved": sum(r["verdict"] == "solved" for r in rows) - len(found),
           "rank_right": sum(r["rank_right"] for r in (rows if noise else found)),
           "not_determined": sum(r["verdict"] == "not_determined" for r in rows),
           "seconds": common.spread([r["seconds"] for r in rows])}
    if noise:
        out["error"] = float(np.median([r["error"] for r in rows]))
        out["from_truth"] = float(np.median([r["from_truth"] for r in rows]))
    return out


def print_table(result):
    print(f"{'':34} seeds  solved  wrongly  rank right  not determined  seconds: median (least to greatest)")
    for r in result["problems"]:
        s = r["seconds"]
        print(f"{r['name']:34} {r['count']:5} {r['solved']:7} {r['wrongly_solved']:8} {r['rank_right']:11} "
              f"{r['not_determined']:15}  {s['median']:.3f} ({s['min']:.3f} to {s['max']:.3f})")
        if "from_truth" in r:
            print(f"{'':34} median error {r['error']:.4f}; of a fit from the truth {r['from_truth']:.4f}")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--only", default="cp,few,rank10,tree,noise", help="problems [all]")
    parser.add_argument("--model", help="of `rankflow complete` [its default, auto]")
    parser.add_argument("--share", type=float, default=1, help="of the seeds [1]")
    args = parser.parse_args()
    wanted, claims, problems = args.only.split(","), common.Claims(), []
    cp = lambda rank: lambda seed: (lambda f: (outer_sum(f), f))(cp_problem(seed, rank))
    tree = lambda seed: (tree_problem(seed), None)
    with tempfile.TemporaryDirectory() as folder:
        def run(name, seeds, *rest, least=None, noise=0.0):
            r = study(args, Path(folder), name, seeds, *rest, noise=noise)
            problems.append(r)
            claims.at_most(f"{name}: wrongly solved", r["wrongly_solved"], 0)
            if least is not None:
                claims.at_least(f"{name}: solved with the right rank", r["rank_right"] / r["count"], least / seeds)
            return r

        if "cp" in wanted:
            for count in (2_000, 1_000):
                r = run(f"CP 10^4, rank 5, {count:,} cells", 20, cp(5), count, 5, least=20)
                claims.below(f"{r['name']}: median seconds", r["seconds"]["median"], 0.1)
        if "few" in wanted:
            run("CP 10^4, rank 5, 500 cells", 20, cp(5), 500, 5, least=18)
            r = run("CP 10^4, rank 5, 300 cells", 20, cp(5), 300, 5)
            claims.at_least(f"{r['name']}: not determined", r["not_determined"] / r["count"], 1)
        if "rank10" in wanted:
            run("CP 10^4, rank 10, 2,000 cells", 10, cp(10), 2_000, 10, least=10)
        if "tree" in wanted:
            for count in (2_048, 600):
                run(f"tree 8^4, widths 5, {count:,} cells", 10, tree, count, 5, least=10)
        if "noise" in wanted:
            r = run("CP 10^4, 2,000 cells, 10 % noise", 15, cp(5), 2_000, 5, noise=0.1)
            claims.at_least(f"{r['name']}: rank right", r["rank_right"] / r["count"], 14 / 15)
            claims.at_most(f"{r['name']}: error / that of a fit from the truth", r["error"] / r["from_truth"], 1.05)
    out = {"machine": common.machine(args.program, [np]), "model": args.model or "auto", "problems": problems}
    return common.finish(args, out, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
