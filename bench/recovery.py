#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""From how few entries is a low-rank matrix recovered exactly, how fast, and what does depth change?

The matrix is the 100 x 100 one of rank 5 in tests/refdata. Two questions:
  (a) its 2,000 entries listed beside it, depth 3: error over all 10,000 entries, rank, seconds of the whole command;
  (b) 1,500 and 1,200 entries at random, 10 draws each, depth 2, 3 and 4: how many of the draws are recovered.
A draw counts as recovered when the mean squared error over all entries, observed or not, is below 1e-6. A row or column
with fewer than 5 observed entries fits many matrices of rank 5, so that no method can recover such a draw; the table
says how many draws have no such line.

  Run    bench/recovery.py [--program PATH] [--draws 10] [--runs 21] [--json]
  Needs  numpy (packages/bench.txt); no data folder
  Prints both results and whether the claims hold, which are all about (a): mean squared error at most 1e-6, rank 5,
         effective rank 4.90 to 4.95, median wall time of the whole command below 0.10 s.
"""

import itertools
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

import common

REFDATA = common.ROOT / "tests" / "refdata"
RECOVERED = 1e-6  # mean squared error over all entries
RANK, COUNTS, DEPTHS = 5, [1500, 1200], [2, 3, 4]


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
    for count, draw in itertools.product(COUNTS, range(args.draws)):
        chosen = np.random.default_rng([count, draw]).choice(truth.size, count, replace=False)
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
        common.say(f"{count} entries, draw {draw}: "
                   + ", ".join(f"depth {d} error {rows[count, d]['errors'][-1]:.2g}" for d in DEPTHS))
    return [{"entries": count, "depth": depth, "recovered": sum(e < RECOVERED for e in row["errors"]),
             "determined": sum(row["determined"]), "draws": args.draws,
             "median_error": statistics.median(row["errors"]), "max_error": max(row["errors"]),
             "seconds": common.spread(row["seconds"]), "mean_squared_errors": row["errors"], "ranks": row["ranks"]}
            for (count, depth), row in rows.items()]


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
    a, claims = result["listed"], common.Claims()
    claims.at_most("2,000 entries, depth 3: mean squared error", a["mean_squared_error"], 1e-6)
    claims.within("2,000 entries, depth 3: rank", a["rank"], 5, 5)
    claims.within("2,000 entries, depth 3: effective rank", a["effective_rank"], 4.90, 4.95)
    claims.below("2,000 entries, depth 3: median seconds of the whole command", a["seconds"]["median"], 0.10)
    return common.finish(args, result, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
