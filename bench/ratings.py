#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much better than biases are the predictions of ratings, how honest are the intervals, and does depth help?

A tenth of ml-latest-small (100,836 ratings of 9,724 films by 610 users) is held out at random by the program itself,
once for each seed. Films that occur in the held-out part only are included: their predictions can be no better than
a bias.

  Run    bench/ratings.py --data FOLDER [--program PATH] [--seeds 10] [--json]
  Needs  no package beside Python; below FOLDER: ml-latest-small/ratings.csv
  Prints for the default options and for --engine flow at depth 2 and 3: root mean square error, its ratio to the error
         of row and column biases on the same split, coverage of the 90 % intervals, seconds of the whole command; and
         whether the claims hold: ratio <= 0.950, coverage 0.88 to 0.92 and less than 15 s by default (stated for two
         cores); ratio <= 0.978 for the flow at depth 3, which is better than depth 2 on at least 8 of 10 splits.
"""

import statistics
import sys

import common

HELD_OUT = 0.1
VARIANTS = {"default": [], "flow, depth 2": ["--engine", "flow", "--depth", 2],
            "flow, depth 3": ["--engine", "flow", "--depth", 3]}
DEEPER_WINS = 0.8  # share of the splits on which depth 3 is better


def measure(program, file, seed, options):
    done = common.run([program, "complete", file, "--seed", seed, "--held-out", HELD_OUT, "--json", *options])
    result = done.json()
    held_out, baseline = result["held_out"], result["baseline"]
    common.verify(abs(held_out["count"] / result["observed"] - HELD_OUT) < 0.01, "the held-out part is not a tenth")
    common.verify(baseline["kind"] == "row and column biases" and result["stop"] != "diverged", "not a usable fit")
    common.verify(held_out["rmse_low"] < held_out["rmse"] < held_out["rmse_high"], "error outside its own interval")
    return {"seed": seed, "rmse": held_out["rmse"], "baseline_rmse": baseline["rmse"],
            "ratio": held_out["rmse"] / baseline["rmse"], "coverage90": held_out["coverage90"],
            "engine": result["engine"], "rank": result["rank"], "seconds": done.seconds,
            "held_out_count": held_out["count"]}


def same_split(runs):
    """All variants of one seed are judged on the same entries, else their ratios cannot be compared."""
    for splits in zip(*runs.values()):
        counts = {s["held_out_count"] for s in splits}
        spread = max(s["baseline_rmse"] for s in splits) - min(s["baseline_rmse"] for s in splits)
        seed = splits[0]["seed"]
        common.verify(len(counts) == 1 and spread < 1e-9, f"the split of seed {seed} depends on the engine")


def summary(runs):
    coverage = [r["coverage90"] for r in runs if r["coverage90"] is not None]
    return {"rmse": statistics.mean(r["rmse"] for r in runs),
            "baseline_rmse": statistics.mean(r["baseline_rmse"] for r in runs),
            "ratio": statistics.mean(r["ratio"] for r in runs),
            "coverage90": statistics.mean(coverage) if coverage else None,
            "seconds": common.spread([r["seconds"] for r in runs])}


def judge(variants, wins, seeds):
    claims = common.Claims()
    default = variants["default"]
    common.verify(default["coverage90"] is not None, "the default gave no intervals")
    claims.at_most("error by default / error of biases", default["ratio"], 0.950)
    claims.within("coverage of the 90 % intervals", default["coverage90"], 0.88, 0.92)
    claims.below("median seconds by default", default["seconds"]["median"], 15)
    claims.at_most("error of the flow at depth 3 / error of biases", variants["flow, depth 3"]["ratio"], 0.978)
    claims.at_least(f"splits of {seeds} on which depth 3 is better than depth 2", wins, DEEPER_WINS * seeds)
    return claims


def print_table(result):
    print(f"{'':16}{'RMSE':>9}{'biases':>9}{'ratio':>9}{'coverage':>10}{'median s':>10}{'min':>7}{'max':>7}")
    for name, v in result["variants"].items():
        coverage = "" if v["coverage90"] is None else f"{v['coverage90']:.3f}"
        t = v["seconds"]
        print(f"{name:16}{v['rmse']:9.4f}{v['baseline_rmse']:9.4f}{v['ratio']:9.4f}{coverage:>10}"
              f"{t['median']:10.2f}{t['min']:7.2f}{t['max']:7.2f}")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="number of splits [10]")
    args = parser.parse_args()
    file = common.data_file(args.data, "ml-latest-small/ratings.csv")
    if file is None:
        return 0
    result = {"machine": common.machine(args.program), "seeds": args.seeds}
    runs = {name: [] for name in VARIANTS}
    for seed in range(1, args.seeds + 1):
        for name, options in VARIANTS.items():
            runs[name].append(measure(args.program, file, seed, options))
        common.say(f"seed {seed}: " + ", ".join(f"{n} {r[-1]['ratio']:.4f} in {r[-1]['seconds']:.1f} s"
                                                for n, r in runs.items()))
    same_split(runs)
    result["variants"] = {name: summary(r) for name, r in runs.items()}
    result["runs"] = runs
    result["depth_3_wins"] = sum(a["rmse"] < b["rmse"] for a, b in zip(runs["flow, depth 3"], runs["flow, depth 2"]))
    return common.finish(args, result, judge(result["variants"], result["depth_3_wins"], args.seeds), print_table)


if __name__ == "__main__":
    sys.exit(main())
