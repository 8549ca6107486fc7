#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is a list of observations read, and how far is that from merely counting its lines?

The reader alone: `read_bench`, beside the program, reads about 120 MB of lines as MovieLens has them (user, film,
rating, timestamp; about 26 bytes). Whole commands: a list of about 200 MB is made by triplets.py in a temporary folder
that is removed afterwards, and `rankflow check FILE`, `rankflow convert FILE out.npz` and, as the floor,
`cat FILE | wc -l` take turns.

  Run    bench/parse_rate.py [--megabytes 200] [--runs 7] [--folder FOLDER] [--program PATH] [--json]
  Needs  numpy (packages/bench.txt); twice the size of the list on disk; cat and wc; read_bench, built with the program
  Prints MB/s of one core of the reader, and whether the claim holds that this is at least 200; then for each command
         median, least and greatest wall and user seconds, and MB/s of one core, the list's size over the user seconds
         of all threads. Nothing is claimed of the commands.

check also finds doubles and sums the values up; convert also writes the table. Their lines are short, about 14 bytes:
more numbers in each MB than lists with longer ids, longer values or further columns have, so their MB/s are fewer. The
first turn warms the file cache and is not counted.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import common

CLAIM = 200  # MB/s of one core, the reader alone on MovieLens-like lines
BYTES_PER_LINE = 14.5  # of a list of this shape, about; the rate is taken from the real size


def make(args, file):
    observations = int(args.megabytes * 1e6 / BYTES_PER_LINE)
    rows, columns = max(1000, observations // 150), max(500, observations // 400)
    command = [sys.executable, Path(__file__).with_name("triplets.py"), file, "--observations", observations,
               "--rows", rows, "--columns", columns]
    return json.loads(common.run(command).stdout)


def reader_rate(args):
    """MB/s of one core of the reader alone, or None after saying that its program is not there."""
    program = Path(args.program).with_name("bench") / "read_bench"
    if not program.is_file():
        common.say(f"skipped: the reader alone; {program} is not built")
        return None
    done = common.run([program, "--benchmark_filter=BM_ReadTable", "--benchmark_format=json"]).json()
    (found,) = done["benchmarks"]
    common.verify(not found.get("error_occurred"), "read_bench read another list")
    return found["bytes_per_second"] / 1e6


def verify_check(done, made, _):
    found = done.json()
    common.verify(found["readable"] and found["observed"] == made["observations"], "check found another list")


def verify_convert(done, made, target):
    found = done.json()["observed"] == made["observations"]
    common.verify(found and target.stat().st_size > 0, "convert wrote another list")


def verify_count(done, made, _):
    common.verify(int(done.stdout) == made["observations"] + 1, "wc counted other lines")


def measure(args, file, made):
    target = file.with_name("out.npz")
    commands = {
        "check": ([args.program, "check", file, "--json"], verify_check),
        "convert to .npz": ([args.program, "convert", file, target, "--json"], verify_convert),
        "cat | wc -l": (["sh", "-c", 'cat "$0" | wc -l', file], verify_count),
    }
    runs = {name: [] for name in commands}
    for turn in range(args.runs + 1):
        for name, (command, verify) in commands.items():
            target.unlink(missing_ok=True)
            done = common.run(command)
            verify(done, made, target)
            if turn > 0:
                runs[name].append(done)
        common.say(f"turn {turn} of {args.runs}" + (" (not counted)" if turn == 0 else ""))
    out = {}
    for name, list_of_runs in runs.items():
        wall = common.spread([r.seconds for r in list_of_runs])
        user = common.spread([r.user_seconds for r in list_of_runs])
        out[name] = {"wall_seconds": wall, "user_seconds": user, "peak_bytes": max(r.peak_bytes for r in list_of_runs),
                     "system_seconds": common.spread([r.system_seconds for r in list_of_runs]),
                     "megabytes_per_core_second": made["bytes"] / max(user["median"], 1e-6) / 1e6,
                     "megabytes_per_second": made["bytes"] / wall["median"] / 1e6}
    return out


def print_table(result):
    made = result["made"]
    if result["reader_megabytes_per_core_second"] is not None:
        rate = result["reader_megabytes_per_core_second"]
        print(f"the reader alone, MovieLens-like lines: {rate:.0f} MB/s of one core")
    print(f"{made['observations']} observations of {made['rows']} x {made['columns']}, {made['bytes'] / 1e6:.0f} MB")
    print(f"{'':18}{'wall s':>8}{'min':>8}{'max':>8}{'user s':>9}{'min':>8}{'max':>8}{'MB/s':>7}{'MB/s per core':>15}")
    for name, c in result["commands"].items():
        w, u = c["wall_seconds"], c["user_seconds"]
        print(f"{name:18}{w['median']:8.3f}{w['min']:8.3f}{w['max']:8.3f}"
              f"{u['median']:9.3f}{u['min']:8.3f}{u['max']:8.3f}"
              f"{c['megabytes_per_second']:7.0f}{c['megabytes_per_core_second']:15.0f}")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--megabytes", type=float, default=200, help="size of the list, about [200]")
    parser.add_argument("--runs", type=int, default=7, help="counted turns [7]")
    parser.add_argument("--folder", help="where the temporary folder is made [the system's]")
    args = parser.parse_args()
    result = {"machine": common.machine(args.program), "reader_megabytes_per_core_second": reader_rate(args)}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        file = Path(folder) / "observations.csv"
        free = shutil.disk_usage(folder).free
        if free < 3e6 * args.megabytes:
            common.say(f"skipped: {folder} has {free / 1e6:.0f} MB free, three times the list are needed")
            return 0
        result["made"] = make(args, file)
        result["commands"] = measure(args, file, result["made"])
    claims = common.Claims()
    rate = result["reader_megabytes_per_core_second"]
    if rate is not None:
        claims.at_least("MB/s of one core, the reader alone on MovieLens-like lines", rate, CLAIM)
    return common.finish(args, result, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
