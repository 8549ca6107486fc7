#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""From how few entries is a low-rank matrix recovered exactly, how fast, and what does depth change?

The matrix is the 100 x 100 one of rank 5 in tests/refdata. Two questions:
  (a) its 2,000 entries listed beside it, depth 3: error over all 10,000 entries, rank, seconds of the whole command;
  (b) 1,500 and 1,200 entries at random, 10 draws each, depth 2, 3 and 4: how many of the draws are recovered.
A draw counts as recovered when the mean squared error over all entries, observed or not, is below 1e-6. A row or column
with fewer than 5 observed entries fits many matrices of rank 5, so that no method can recover such a draw; the table
says how many draws have no such line. On the same draws, gradient descent on the factors (the published optimizer, start
and stop: train error 1e-6) and the matrix of least nuclear norm with its dual bound, by one study of `rankflow run`.

  Run    bench/recovery.py [--program PATH] [--draws 10] [--runs 21] [--json]
  Needs  numpy (packages/bench.txt); no data folder
  Prints both results and whether the claims hold, which are all about (a): mean squared error at most 1e-6, rank 5,
         effective rank 4.90 to 4.95, median wall time of the whole command below 0.10 s.
"""

import csv
import itertools
import json
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

import common

REFDATA = common.ROOT / "tests" / "refdata"
RECOVERED = 1e-6  # mean squared error over all entries
RANK, COUNTS, DEPTHS = 5, [1500, 1200], [2, 3, 4]

# Gradient descent as in Arora et al. 2019; `positions` is the list of files with the draws.
STUDY = """title = "Recovery from few entries, by draw"
seed = 1
[data]
kind = "file"
path = "{truth}"
[problem]
measurement = "entries"
normalization = "mean"
[model]
initialization = "gaussian"
scale_of = "end_matrix"
scale = 1e-3
[engine]
kind = "descent"
optimizer = "group_rmsprop"
step_size = 1e-3
epsilon = 1e-4
loss_tolerance = 1e-6
max_iterations = 300000
instruments = ["reconstruction_error", "effective_rank", "nuclear_norm"]
[vary]
data.positions = {positions}
model.depth = {depths}
[[also]]
engine = {{ kind = "nuclear_norm", tolerance = 0, relative_gap = 1e-5, record_every = 0 }}
vary.data.positions = {positions}
"""


def write_triplets(path, truth, pairs):
    with open(path, "w") as out:
        out.write("row,column,value\n")
        for i, j in pairs:
            out.write(f"{i},{j},{truth[i, j]!r}\n")


def read_triplets(path, shape):
    """The completed list of cells as a matrix; a cell that is not in the list stays NaN."""
    cells = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(0, 1, 2))
    out = np.full(shape, np.nan)
    out[cells[:, 0].astype(int), cells[:, 1].astype(int)] = cells[:, 2]
    return out


def mean_square(filled, truth):
    common.verify(np.isfinite(filled).all(), "the completed matrix has holes")
    return float(np.mean((filled - truth) ** 2))


def listed_entries(args, truth, folder):
    """(a): every run must give the same bytes; the error is taken from them."""
    source, target = folder / "observed.csv", folder / "out.csv"
    pairs = np.loadtxt(REFDATA / "a2_obs_2000.csv", delimiter=",", skiprows=1, dtype=int)
    common.verify(len(pairs) == 2000 == len(np.unique(pairs, axis=0)), "not 2,000 different entries")
    write_triplets(source, truth, pairs.tolist())
    command = [args.program, "complete", source, "--depth", 3, "--center", "none", "--held-out", 0, "-o", target,
               "--json"]
    seconds, written = [], set()
    for _ in range(args.runs):
        done = common.run(command)
        seconds.append(done.seconds)
        written.add(target.read_bytes())
    common.verify(len(written) == 1, "the same command wrote different tables")
    fit = done.json()
    error = mean_square(read_triplets(target, truth.shape), truth)
    return {"mean_squared_error": error, "rank": fit["rank"], "effective_rank": fit["effective_rank"],
            "engine": fit["engine"], "seconds": common.spread(seconds)}


def fewest_in_a_line(table):
    observed = ~np.isnan(table)
    return int(min(observed.sum(axis=0).min(), observed.sum(axis=1).min()))


def drawn_entries(args, truth, folder):
    """(b): all depths see the same draws."""
    source, target = folder / "drawn.npy", folder / "filled.npy"
    rows = {key: {"errors": [], "seconds": [], "ranks": [], "determined": []}
            for key in itertools.product(COUNTS, DEPTHS)}
    for count, number in itertools.product(COUNTS, range(args.draws)):
        chosen = draw(truth, count, number)
        table = np.full(truth.size, np.nan)
        table[chosen] = truth.ravel()[chosen]
        table = table.reshape(truth.shape)
        np.save(source, table)
        for depth in DEPTHS:
            done = common.run([args.program, "complete", source, "--engine", "flow", "--depth", depth,
                               "--center", "none", "--held-out", 0, "-o", target, "--json"])
            row = rows[count, depth]
            row["errors"].append(mean_square(np.load(target), truth))
            row["seconds"].append(done.seconds)
            row["ranks"].append(done.json()["rank"])
            row["determined"].append(fewest_in_a_line(table) >= RANK)
        common.say(f"{count} entries, draw {number}: "
                   + ", ".join(f"depth {d} error {rows[count, d]['errors'][-1]:.2g}" for d in DEPTHS))
    return [{"entries": count, "depth": depth, "recovered": sum(e < RECOVERED for e in row["errors"]),
             "determined": sum(row["determined"]), "draws": args.draws,
             "median_error": statistics.median(row["errors"]), "max_error": max(row["errors"]),
             "seconds": common.spread(row["seconds"]), "mean_squared_errors": row["errors"], "ranks": row["ranks"]}
            for (count, depth), row in rows.items()]


def draw(truth, count, number):
    return np.random.default_rng([count, number]).choice(truth.size, count, replace=False)


def rivals_on_the_same_draws(args, truth, folder):
    """Gradient descent at every depth and the least nuclear norm: mean squared errors by (entries, method)."""
    count_of = {}
    for count, number in itertools.product(COUNTS, range(args.draws)):
        name = f"positions-{count}-{number}.csv"
        pairs = np.stack(np.unravel_index(draw(truth, count, number), truth.shape), axis=1)
        np.savetxt(folder / name, pairs, fmt="%d", delimiter=",", header="i,j", comments="")
        count_of[name] = count
    study = folder / "study.toml"
    study.write_text(STUDY.format(truth=REFDATA / "a2_gt_100x100_rank5.csv", positions=list(count_of), depths=DEPTHS))
    common.run([args.program, "run", study, "-o", folder / "out", "-j", 2, "-q"])
    errors, gaps = {}, []
    for record in (folder / "out" / "runs").glob("*/result.json"):
        run = json.loads(record.read_text())
        settings = run["settings"]
        nuclear = settings["engine.kind"] == "nuclear_norm"
        method = "least nuclear norm" if nuclear else f"gradient descent, depth {settings['model.depth']}"
        key = count_of[Path(settings["data.positions"]).name], method
        with open(record.with_name("trajectory.csv")) as rows:
            errors.setdefault(key, []).append(float(list(csv.DictReader(rows))[-1]["reconstruction_error"]))
        if nuclear:
            gaps.append(1 - run["numbers"]["dual_bound"] / run["numbers"]["norm"])
    return [{"entries": count, "method": method, "recovered": sum(e < RECOVERED for e in values),
             "draws": len(values), "median_error": statistics.median(values), "max_error": max(values)}
            for (count, method), values in sorted(errors.items(), key=lambda item: (-item[0][0], item[0][1]))], max(gaps)


def print_table(result):
    a = result["listed"]
    t = a["seconds"]
    print(f"2,000 listed entries, depth 3: mean squared error {a['mean_squared_error']:.2g}, rank {a['rank']}, "
          f"effective rank {a['effective_rank']:.3f}, {t['median']:.3f} s ({t['min']:.3f} to {t['max']:.3f}, "
          f"{t['count']} runs)")
    print(f"{'entries':>8}{'depth':>6}{'recovered':>11}{'determined':>12}{'median error':>14}{'max error':>11}"
          f"{'median s':>10}{'max s':>8}")
    for r in result["drawn"]:
        print(f"{r['entries']:8}{r['depth']:6}{r['recovered']:5} of {r['draws']:2}{r['determined']:12}"
              f"{r['median_error']:14.2g}{r['max_error']:11.2g}"
              f"{r['seconds']['median']:10.3f}{r['seconds']['max']:8.3f}")
    print(f"{'entries':>8}  {'on the same draws':30}{'recovered':>11}{'median error':>14}{'max error':>11}")
    for r in result["rivals"]:
        print(f"{r['entries']:8}  {r['method']:30}{r['recovered']:5} of {r['draws']:2}{r['median_error']:14.2g}"
              f"{r['max_error']:11.2g}")
    print(f"least nuclear norms are certified to a relative gap of {result['largest_gap']:.1g} at most")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--draws", type=int, default=10, help="random draws of each number of entries [10]")
    parser.add_argument("--runs", type=int, default=21, help="timed runs on the listed entries [21]")
    args = parser.parse_args()
    truth = np.loadtxt(REFDATA / "a2_gt_100x100_rank5.csv", delimiter=",")
    common.verify(truth.shape == (100, 100) and np.linalg.matrix_rank(truth, tol=1e-4) == 5, "not the rank-5 matrix")
    result = {"machine": common.machine(args.program, [np])}
    with tempfile.TemporaryDirectory() as folder:
        result["listed"] = listed_entries(args, truth, Path(folder))
        result["drawn"] = drawn_entries(args, truth, Path(folder))
        result["rivals"], result["largest_gap"] = rivals_on_the_same_draws(args, truth, Path(folder))
    a, claims = result["listed"], common.Claims()
    claims.at_most("2,000 entries, depth 3: mean squared error", a["mean_squared_error"], 1e-6)
    claims.within("2,000 entries, depth 3: rank", a["rank"], 5, 5)
    claims.within("2,000 entries, depth 3: effective rank", a["effective_rank"], 4.90, 4.95)
    claims.below("2,000 entries, depth 3: median seconds of the whole command", a["seconds"]["median"], 0.10)
    return common.finish(args, result, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
