#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does a list of 25 million observations fit in memory, and how long do reading and learning take?

The list is made by triplets.py in a temporary folder that is removed afterwards: skewed like ratings, of rank 10 plus
noise, in half stars. `rankflow check` reads it; then `rankflow complete` learns from it within the time limit.

  Run    bench/large.py [--engine flow|posterior] [--time-limit 600] [--observations 25000000 --rows 162000
         --columns 59000] [--folder FOLDER] [--program PATH] [--json]
  Needs  numpy (packages/bench.txt); about 20 bytes of disk for each observation below --folder; memory for the program
  Prints size of the list, seconds and MB/s of check, seconds and peak resident memory of complete, error against
         biases, and whether the claim holds: less than 48 bytes for each observation, which is three copies of two
         32-bit indices and a 64-bit value. The claim is judged from 5 million observations on; below, what the program
         needs for itself would be counted as theirs.

Memory is the greatest resident set that the kernel states for the finished process (wait4). The program maps the list
into memory while it reads; the kernel counts these pages too, though it may drop them at any time, so that up to the
size of the list itself (about 16 bytes for each observation) is included.
"""

import json
import sys
import tempfile
from pathlib import Path

import common

BYTES_PER_OBSERVATION = 48
JUDGED_FROM = 5_000_000
TRUTH_SLACK = 0.95  # near the ends of the scale the best prediction is a little better than the truth without noise


def make(args, file):
    command = [sys.executable, Path(__file__).with_name("triplets.py"), file, "--observations", args.observations,
               "--rows", args.rows, "--columns", args.columns, "--seed", args.seed]
    return json.loads(common.run(command).stdout)


def read(args, file, made):
    """`rankflow check`: the same list as was made, and how fast it was read."""
    done = common.run([args.program, "check", file, "--json"])
    found = done.json()
    common.verify(found["readable"] and found["num_problems"] == 0, "check finds problems in the list")
    common.verify(found["observed"] == made["observations"], "check counts other observations than were made")
    common.verify(found["rows"]["count"] <= made["rows"] and found["columns"]["count"] <= made["columns"], "shape")
    return {"seconds": done.seconds, "processor_seconds": done.user_seconds + done.system_seconds,
            "megabytes_per_second": made["bytes"] / done.seconds / 1e6, "peak_bytes": done.peak_bytes,
            "bytes_per_observation": done.peak_bytes / made["observations"]}


def learn(args, file, made):
    model = file.with_name("model.npz")
    done = common.run([args.program, "complete", file, "--engine", args.engine, "--held-out", 0.1, "--time-limit",
                       args.time_limit, "--model", model, "--json"])
    fit = done.json()
    common.verify(fit["observed"] == made["observations"], "complete learned from another number of observations")
    common.verify(model.stat().st_size > 0, "no model was written")
    error, biases = fit["held_out"]["rmse"], fit["baseline"]["rmse"]
    common.verify(TRUTH_SLACK * made["truth_rmse"] < error < biases,
                  f"held-out error {error} is not between that of the truth, {made['truth_rmse']}, and that of biases, "
                  f"{biases} (after {done.seconds:.0f} s, {fit['stop']}: {fit['message']})")
    return {"engine": args.engine, "time_limit": args.time_limit, "seconds": done.seconds,
            "processor_seconds": done.user_seconds + done.system_seconds, "peak_bytes": done.peak_bytes,
            "bytes_per_observation": done.peak_bytes / made["observations"], "rmse": error,
            "baseline_rmse": biases, "coverage90": fit["held_out"]["coverage90"],
            "rank": fit["rank"], "stop": fit["stop"], "model_bytes": model.stat().st_size}


def print_table(result):
    made, check, fit = result["made"], result["check"], result["complete"]
    print(f"list:     {made['observations']} observations of {made['rows']} x {made['columns']}, "
          f"{made['bytes'] / 1e6:.0f} MB, made in {made['seconds']:.0f} s")
    print(f"check:    {check['seconds']:.2f} s, {check['megabytes_per_second']:.0f} MB/s, "
          f"{check['peak_bytes'] / 1e6:.0f} MB, {check['bytes_per_observation']:.1f} bytes per observation")
    print(f"complete: {fit['engine']}, {fit['seconds']:.1f} s ({fit['processor_seconds']:.1f} s of processors), "
          f"{fit['peak_bytes'] / 1e6:.0f} MB, {fit['bytes_per_observation']:.1f} bytes per observation")
    print(f"          held-out error {fit['rmse']:.4f}, biases {fit['baseline_rmse']:.4f}, truth "
          f"{made['truth_rmse']:.4f}, "
          f"rank {fit['rank']}, stopped: {fit['stop']}, model {fit['model_bytes'] / 1e6:.0f} MB")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--observations", type=int, default=25_000_000)
    parser.add_argument("--rows", type=int, default=162_000)
    parser.add_argument("--columns", type=int, default=59_000)
    parser.add_argument("--seed", type=int, default=1, help="of the made list [1]")
    parser.add_argument("--engine", choices=["flow", "posterior"], default="flow")
    parser.add_argument("--time-limit", type=float, default=600, help="seconds that the program may learn [600]")
    parser.add_argument("--folder", help="where the temporary folder is made [the system's]")
    args = parser.parse_args()
    result = {"machine": common.machine(args.program)}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        file = Path(folder) / "observations.csv"
        result["made"] = make(args, file)
        common.say(f"made: {result['made']}")
        result["check"] = read(args, file, result["made"])
        common.say(f"check: {result['check']}")
        result["complete"] = learn(args, file, result["made"])
    claims = common.Claims()
    if args.observations >= JUDGED_FROM:
        claims.below("bytes of memory per observation", result["complete"]["bytes_per_observation"],
                     BYTES_PER_OBSERVATION)
    else:
        common.say(f"fewer than {JUDGED_FROM} observations: the claim about memory is not judged")
    return common.finish(args, result, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
