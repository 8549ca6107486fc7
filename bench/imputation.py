#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does rankflow with default options fill holes of tables better than scikit-learn's imputers, and in what time?

Four tables; a fifth of the observed entries is removed at random, once for each seed. Rivals: IterativeImputer() and
KNNImputer() with their default options, given the columns standardized by what is left of them.

  Run    bench/imputation.py --data FOLDER [--program PATH] [--seeds 5] [--json]
  Needs  numpy, scikit-learn (packages/bench.txt); below FOLDER: missing/metabolite_complete.npy,
         missing/khan_missing.npy, missing/air_quality_uci.npy, biology/covid19_serology.npy
  Prints error and seconds of each method on each table (means over the seeds) and whether the claims hold: lower error
         than both rivals on each table, total time at most 1.5 times IterativeImputer's.

Error: root mean square over all removed entries, in units of the full table's column standard deviations. Time: the
whole command for rankflow, process start, reading and writing included; fit_transform alone for the rivals, imports
not counted. The methods take turns for each seed, each seed beginning with another one. BLAS threads of the rivals are
left at the library's default, which is printed.
"""

import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.experimental import enable_iterative_imputer  # noqa: F401, what makes IterativeImputer importable
from sklearn.impute import IterativeImputer, KNNImputer
from threadpoolctl import threadpool_info

import common

REMOVED = 0.2
TIME_RATIO = 1.5
METHODS = ["rankflow", "IterativeImputer", "KNNImputer"]
TABLES = {
    "metabolites": ("missing/metabolite_complete.npy", lambda a: a),
    "khan": ("missing/khan_missing.npy", lambda a: a),
    "air quality": ("missing/air_quality_uci.npy", lambda a: a[:2000]),
    "serology": ("biology/covid19_serology.npy", lambda a: a.reshape(438, 66)),
}


def complete(program, folder, table):
    """The table filled by `rankflow complete in.npy -o out.npy` and the seconds of the whole command."""
    source, target = folder / "in.npy", folder / "out.npy"
    np.save(source, table)
    target.unlink(missing_ok=True)
    seconds = common.run([program, "complete", source, "-o", target]).seconds
    return np.load(target), seconds


def impute(imputer, table):
    """The table filled by an imputer of scikit-learn in standardized columns, and the seconds of fit_transform."""
    mean, scale = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    scale[scale == 0] = 1
    standardized = (table - mean) / scale
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 10 rounds, its default, were not enough for its own tolerance
        start = time.perf_counter()
        filled = imputer.fit_transform(standardized)
        seconds = time.perf_counter() - start
    common.verify(filled.shape == table.shape, f"{type(imputer).__name__} dropped columns")
    return filled * scale + mean, seconds


def fill(method, program, folder, table):
    if method == "rankflow":
        return complete(program, folder, table)
    return impute({"IterativeImputer": IterativeImputer, "KNNImputer": KNNImputer}[method](), table)


def check_filled(method, filled, table):
    """No hole is left, and what was observed is what it was."""
    left = ~np.isnan(table)
    common.verify(filled.shape == table.shape and np.isfinite(filled).all(), f"{method} left holes")
    common.verify(np.allclose(filled[left], table[left], rtol=1e-9, atol=1e-9 * np.abs(table[left]).max()),
                  f"{method} changed observed entries")


def measure(args, name, full):
    """Mean error and seconds of each method on one table."""
    observed, spread = ~np.isnan(full), np.nanstd(full, axis=0)
    errors, seconds = {m: [] for m in METHODS}, {m: [] for m in METHODS}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(args.seeds):
            removed = observed & (np.random.default_rng(seed).random(full.shape) < REMOVED)
            table = np.where(removed, np.nan, full)
            first = seed % len(METHODS)
            for method in METHODS[first:] + METHODS[:first]:
                filled, taken = fill(method, args.program, Path(folder), table)
                check_filled(method, filled, table)
                error = ((filled - full) / spread)[removed]
                errors[method].append(float(np.sqrt(np.mean(error**2))))
                seconds[method].append(taken)
            common.say(f"{name}, seed {seed}: "
                       + ", ".join(f"{m} {errors[m][-1]:.4f} in {seconds[m][-1]:.2f} s" for m in METHODS))
    return {"shape": list(full.shape),
            "methods": {m: {"rmse": float(np.mean(errors[m])), "rmse_each": errors[m],
                            "mean_seconds": float(np.mean(seconds[m])), "seconds": common.spread(seconds[m])}
                        for m in METHODS}}


def print_table(result):
    print(f"{'':24}" + "".join(f"{m:>28}" for m in METHODS))
    for name, table in result["tables"].items():
        shape = "x".join(str(d) for d in table["shape"])
        cells = (table["methods"][m] for m in METHODS)
        print(f"{name + ' ' + shape:24}" + "".join(f"{c['rmse']:>17.4f}{c['mean_seconds']:>9.2f} s" for c in cells))
    total = result["total_seconds"]
    print(f"{'sum of mean seconds':24}" + "".join(f"{total[m]:>26.2f} s" for m in METHODS))
    print(f"time of rankflow / IterativeImputer: {result['time_ratio']:.2f}")


def blas_threads():
    return max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="number of random removals of each table [5]")
    args = parser.parse_args()
    result = {"machine": common.machine(args.program, [np, sklearn]), "seeds": args.seeds, "tables": {}}
    result["machine"]["blas_threads_of_rivals"] = blas_threads()
    claims = common.Claims()
    for name, (path, shape) in TABLES.items():
        file = common.data_file(args.data, path)
        if file is None:
            continue
        full = shape(np.load(file).astype(float))
        full[np.isnan(full)] = np.nan  # R writes its NA as a signalling NaN, of which numpy warns in every operation
        table = measure(args, name, full)
        result["tables"][name] = table
        rmse = {m: table["methods"][m]["rmse"] for m in METHODS}
        for rival in METHODS[1:]:
            claims.below(f"error on {name} against {rival}", rmse["rankflow"], rmse[rival])
    if not result["tables"]:
        common.say("no table was found, nothing was measured")
        return 0
    total = {m: sum(t["methods"][m]["mean_seconds"] for t in result["tables"].values()) for m in METHODS}
    result["total_seconds"], result["time_ratio"] = total, total["rankflow"] / total["IterativeImputer"]
    claims.at_most("total time against IterativeImputer", result["time_ratio"], TIME_RATIO)
    return common.finish(args, result, claims, print_table)


if __name__ == "__main__":
    sys.exit(main())
