#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How well are real arrays completed, beside means, the best unfolding and CP by alternating least squares?

  Run    bench/arrays.py --data FOLDER [--program PATH] [--seeds 5] [--rival-seeds 1] [--only random,days,nyc,il2,amino]
  Needs  NumPy; below FOLDER: traffic/guangzhou_small.npy, traffic/nyc_taxi.npy, biology/il2_response.npy,
         fluorescence/amino_acids.npy and its concentrations
  Prints root mean square errors on removed cells, means over seeds, whole commands with default options. guangzhou (time x
         segment x day): 0 is a hole, removed at random (40 and 60 %) and as whole days of a segment (40 %); nyc_taxi: 0 is a count, half of the
         cells removed, error over those that are not zero and over all; il2_response: a fifth removed; amino_acids: 70 %
         removed, --model cp, correlations of the three largest components with the true concentrations.
         Beside: the mean of what is left; the best single unfolding (--model matrix); CP by alternating least squares
         with ridge, whose rank (1 to 50) and ridge are chosen on the removed cells, an advantage over all others.
"""

import itertools
import json
import tempfile
from pathlib import Path

import numpy as np

import common

RANKS = (1, 5, 10, 20, 30, 50)
RIDGES = (0.3, 3, 30)  # times the mean square of what is left
SWEEPS = 12


def whole_days(shape, share, seed):
    """guangzhou: time of day x segment x day."""
    return np.broadcast_to(np.random.default_rng(seed).random(shape[1:]) < share, shape)


def at_random(shape, share, seed):
    return np.random.default_rng(seed).random(shape) < share


def rmse(found, truth, cells):
    return float(np.sqrt(np.mean((found[cells] - truth[cells]) ** 2)))


def khatri_rao(factors):
    product = factors[0]
    for factor in factors[1:]:
        product = (product[:, None, :] * factor[None, :, :]).reshape(-1, product.shape[1])
    return product


def alternating_least_squares(values, mask, rank, ridge):
    """CP of the masked array: each factor in turn by its normal equations, for all rows at once."""
    rng = np.random.default_rng(0)
    factors = [rng.normal(size=(size, rank)).astype(np.float32) * 0.3 for size in values.shape]
    filled = np.where(mask, values, 0).astype(np.float32)
    unfolded = [(np.moveaxis(filled, n, 0).reshape(size, -1), np.moveaxis(mask, n, 0).reshape(size, -1).astype(np.float32))
                for n, size in enumerate(values.shape)]
    for _ in range(SWEEPS):
        for n, (y, m) in enumerate(unfolded):
            k = khatri_rao([f for o, f in enumerate(factors) if o != n])
            squares = (k[:, :, None] * k[:, None, :]).reshape(len(k), -1)
            gram = (m @ squares).reshape(-1, rank, rank) + ridge * np.eye(rank, dtype=np.float32)
            factors[n] = np.linalg.solve(gram.astype(float), (y @ k).astype(float)[:, :, None])[:, :, 0].astype(np.float32)
    return (factors[0] @ khatri_rao(factors[1:]).T).reshape(values.shape)


def best_cp(values, mask, judged, grid):
    scale = float(np.sqrt(np.mean(values[mask] ** 2)))
    best = (np.inf, None)
    for rank, ridge in grid:
        error = rmse(scale * alternating_least_squares(values / scale, mask, rank, ridge), values, judged)
        best = min(best, (error, (rank, ridge)))
    return best


def complete(program, masked, scratch, seed, more=()):
    source, target = scratch / "masked.npy", scratch / "full.npy"
    np.save(source, masked)
    done = common.run([program, "complete", source, "-o", target, "--seed", seed, "--json", "-q", *more], statuses=(0, 1))
    return np.load(target), done


def study(program, name, values, known, remove, judged_of, seeds, rival_seeds, scratch):
    rows = []
    for seed in range(seeds):
        removed = remove(values.shape, seed) & known
        masked = np.where(known & ~removed, values, np.nan)
        judged = removed & judged_of(values)
        full, done = complete(program, masked, scratch, seed)
        result = done.json()
        row = {"seed": seed, "ours": rmse(full, values, judged), "all": rmse(full, values, removed), "model": result["model"],
               "coverage90": result["held_out"]["coverage90"], "seconds": done.seconds,
               "mean": rmse(np.full(values.shape, np.nanmean(masked)), values, judged)}
        if seed < rival_seeds:
            row["unfolding"] = rmse(complete(program, masked, scratch, seed, ("--model", "matrix"))[0], values, judged)
            row["cp"], row["cp_setting"] = best_cp(values, known & ~removed, judged, itertools.product(RANKS, RIDGES))
        common.say(f"{name} {row}")
        rows.append(row)
    average = lambda key: float(np.mean([row[key] for row in rows if key in row])) if any(key in r for r in rows) else None
    return {"name": name, "rows": rows} | {key: average(key) for key in
                                           ("ours", "all", "mean", "unfolding", "cp", "coverage90", "seconds")}


def amino_acids(program, values, concentrations, seeds, scratch):
    rows = []
    for seed in range(seeds):
        masked = np.where(at_random(values.shape, 0.7, seed), np.nan, values)
        full, done = complete(program, masked, scratch, seed, ("--model", "cp", "--model-file", scratch / "model.npz"))
        result = done.json()
        kept = np.load(scratch / "model.npz")
        factors = [kept[f"factor_{n}"] for n in (1, 2, 3)]
        norms = np.prod([np.linalg.norm(factor, axis=0) for factor in factors], axis=0)
        leading = factors[0][:, np.argsort(-norms)[:3]]
        correlation = np.abs(np.corrcoef(leading.T, concentrations.T)[:3, 3:])
        rows.append({"seed": seed, "rank": result["rank"], "distinct": result["distinct_components"],
                     "correlations": sorted(float(x) for x in correlation.max(axis=0)), "seconds": done.seconds})
        common.say(f"amino_acids {rows[-1]}")
    return {"name": "amino_acids 70 %, --model cp", "rows": rows}


def main():
    p = common.parser(__doc__)
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--rival-seeds", type=int, default=1, help="seeds on which unfolding and CP are computed")
    p.add_argument("--only", default="random,days,nyc,il2,amino")
    options = p.parse_args()
    only = options.only.split(",")
    load = lambda path: np.load(found) if (found := common.data_file(options.data, path)) else None
    everything = lambda values: np.ones(values.shape, bool)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        run = lambda name, values, known, remove, judged: results.append(
            study(options.program, name, values, known, remove, judged, options.seeds, options.rival_seeds, scratch))
        if {"random", "days"} & set(only) and (speeds := load("traffic/guangzhou_small.npy")) is not None:
            speeds = speeds.astype(float)
            for kind, name, remove in (("random", "guangzhou 40 % at random", lambda s, seed: at_random(s, 0.4, seed)),
                                       ("random", "guangzhou 60 % at random", lambda s, seed: at_random(s, 0.6, seed)),
                                       ("days", "guangzhou 40 % whole days", lambda s, seed: whole_days(s, 0.4, seed))):
                if kind in only:
                    run(name, speeds, speeds != 0, remove, everything)
        if "nyc" in only and (trips := load("traffic/nyc_taxi.npy")) is not None:
            trips = trips.astype(float)
            run("nyc_taxi 50 % at random, not zero", trips, everything(trips), lambda s, seed: at_random(s, 0.5, seed),
                lambda values: values != 0)
        if "il2" in only and (cells := load("biology/il2_response.npy")) is not None:
            run("il2_response 20 % at random", np.nan_to_num(cells), ~np.isnan(cells),
                lambda s, seed: at_random(s, 0.2, seed), everything)
        if "amino" in only and (light := load("fluorescence/amino_acids.npy")) is not None:
            results.append(amino_acids(options.program, light, load("fluorescence/amino_acids_concentrations.npy"),
                                       options.seeds, scratch))
    if options.json:
        print(json.dumps(results))
        return
    for result in results:
        if "ours" not in result:
            for row in result["rows"]:
                print(result["name"], row)
            continue
        shown = {key: result[key] for key in ("ours", "all", "mean", "unfolding", "cp", "coverage90", "seconds")}
        print(f"{result['name']:36}", "  ".join(f"{k} {v:.4g}" for k, v in shown.items() if v is not None))


if __name__ == "__main__":
    main()
