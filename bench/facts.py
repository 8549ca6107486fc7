#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How well are facts ranked, noisy lists and counts predicted by arrays' other losses and engines?

  Run    bench/facts.py --data FOLDER [--program PATH] [--seeds 5] [--threads 2] [--only umls,lists,counts] [--json]
  Needs  NumPy; below FOLDER: sparse/umls_*.tns, sparse/splatt_med.tns, traffic/nyc_taxi.npy
  Prints umls: filtered figures of the test facts, head and tail averaged, for each seed. splatt_med, a fifth removed:
         error and that of means. nyc_taxi, half of the cells removed: deviance and error under the Poisson and the
         squared loss (there the prediction is raised to 0.05 where it is below), 100 s each. And whether the claims
         hold: MRR >= .84, hits@10 >= .97, AUC >= .995 at every seed; error below that of means; Poisson deviance below
         the squared one's.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import common

SMALLEST_RATE = 0.05
COUNTS_SECONDS = 100  # of either fit to counts: both could go on for many minutes


def umls(program, folder, seeds, threads):
    files = [folder / f"umls_{part}.tns" for part in ("train", "test", "valid")]
    rows = []
    for seed in range(seeds):
        done = common.run([program, "complete", files[0], "--test", files[1], "--valid", files[2], "--loss", "logistic",
                           "--absent", "zero", "--seed", seed, "--threads", threads, "--json", "-q"])
        result = done.json()
        ranking = result["ranking"]
        common.verify(ranking["facts"] == 661 and ranking["ranked_modes"] == [1, 3], "not the test facts' heads and tails")
        rows.append({"seed": seed, "mrr": ranking["mrr"], "hits10": ranking["hits10"], "auc": ranking["auc"],
                     "effects_mrr": result["baseline"]["ranking"]["mrr"], "rank": result["rank"], "seconds": done.seconds})
    return rows


def lists(program, file, scratch, threads):
    lines = np.loadtxt(file)
    removed = np.random.default_rng(0).random(len(lines)) < 0.2
    for name, chosen in (("train", ~removed), ("test", removed)):
        np.savetxt(scratch / f"{name}.tns", lines[chosen], "%d")
    done = common.run([program, "complete", scratch / "train.tns", "--test", scratch / "test.tns", "--model", "cp",
                       "--threads", threads, "--json", "-q"], statuses=(0, 1))
    result = done.json()
    common.verify(result["held_out"]["count"] == removed.sum(), "the removed cells do not judge")
    return {"rmse": result["held_out"]["rmse"], "means": result["baseline"]["rmse"], "model": result["model"],
            "rank": result["rank"], "constant": float(lines[removed, 3].std()), "seconds": done.seconds}


def counts(program, file, scratch, threads):
    truth = np.load(file).astype(float)
    removed = np.random.default_rng(0).random(truth.shape) < 0.5
    np.save(scratch / "half.npy", np.where(removed, np.nan, truth))
    found = {}
    for loss in ("poisson", "squared"):
        done = common.run([program, "complete", scratch / "half.npy", "--model", "cp", "--loss", loss, "--threads",
                           threads, "--time-limit", COUNTS_SECONDS, "-o", scratch / "full.npy", "--json", "-q"],
                          statuses=(0, 1))
        rate = np.load(scratch / "full.npy")[removed]
        y, floored = truth[removed], np.maximum(rate, SMALLEST_RATE)
        deviance = 2 * np.mean(np.where(y > 0, y * np.log(np.maximum(y, 1) / floored), 0) - y + floored)
        found[loss] = {"deviance": float(deviance), "rmse": float(np.sqrt(np.mean((rate - y) ** 2))),
                       "rank": done.json()["rank"], "seconds": done.seconds}
    return found


def print_table(result):
    for row in result.get("umls", []):
        print("umls        " + "  ".join(f"{key} {value:.4g}" for key, value in row.items()))
    if "splatt_med" in result:
        row = result["splatt_med"]
        print(f"splatt_med  error {row['rmse']:.4f}, means {row['means']:.4f}, constant {row['constant']:.4f}, model "
              f"{row['model']}, {row['seconds']:.1f} s")
    for loss, row in result.get("nyc_taxi", {}).items():
        print(f"nyc_taxi    {loss}: deviance {row['deviance']:.4f}, error {row['rmse']:.3f}, rank {row['rank']}, "
              f"{row['seconds']:.1f} s")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="number of starts [5]")
    parser.add_argument("--threads", type=int, default=2, help="threads of the program [2]")
    parser.add_argument("--only", default="umls,lists,counts", help="rows to make [all]")
    args = parser.parse_args()
    wanted = args.only.split(",")
    claims, out = common.Claims(), {"machine": common.machine(args.program, [np])}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        train = common.data_file(args.data, "sparse/umls_train.tns") if "umls" in wanted else None
        if train:
            rows = out["umls"] = umls(args.program, train.parent, args.seeds, args.threads)
            for key, least in (("mrr", 0.84), ("hits10", 0.97), ("auc", 0.995)):
                claims.at_least(f"umls: least {key}", min(row[key] for row in rows), least)
        med = common.data_file(args.data, "sparse/splatt_med.tns") if "lists" in wanted else None
        if med:
            row = out["splatt_med"] = lists(args.program, med, scratch, args.threads)
            claims.below("splatt_med: error", row["rmse"], min(row["means"], row["constant"]))
        taxi = common.data_file(args.data, "traffic/nyc_taxi.npy") if "counts" in wanted else None
        if taxi:
            rows = out["nyc_taxi"] = counts(args.program, taxi, scratch, args.threads)
            claims.below("nyc_taxi: Poisson deviance", rows["poisson"]["deviance"], rows["squared"]["deviance"])
    return common.finish(args, out, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
