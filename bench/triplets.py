#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a list of observations skewed like ratings; large.py and parse_rate.py call it, each as a process of its own.

  Run    bench/triplets.py FILE [--observations N] [--rows M] [--columns C] [--seed S]
  Needs  numpy (packages/bench.txt); some hundred MB of memory, about 17 bytes of disk for each observation
  Prints one JSON object: observations, rows, columns, bytes, seconds, and the error that the noiseless product
         would make, kept inside the scale: what noise and rounding leave to no method.

Rows and columns are popular by Zipf's law with a flat head, (rank + 1/1000 of their number)^-1, in random order of
their ids; no pair occurs twice. Values: 3.5 plus a product of rank 10 plus noise, rounded to half stars from 0.5 to 5.
Lines are ordered by row, then column, and written block by block.
"""

import argparse
import json
import sys
import time

import numpy as np

RANK = 10
NOISE = 0.8    # standard deviation of the noise before rounding, in stars
SIGNAL = 0.7   # of the product
BLOCK = 500_000  # observations that are held at a time, about
MOST_OF_A_ROW = 0.25  # of the columns; drawing without replacement is quick up to there


def popularity(count, rng):
    weight = 1.0 / (np.arange(count) + max(1.0, count / 1000))
    return rng.permutation(weight / weight.sum())


def row_counts(total, rows, columns, rng):
    """How many observations each row has: `total` together, none above the limit of a row."""
    limit = max(1, int(MOST_OF_A_ROW * columns))
    if total > limit * rows:
        sys.exit(f"{total} observations are more than a quarter of {rows} x {columns}")
    weight = popularity(rows, rng)
    counts = np.minimum(np.floor(weight * total).astype(np.int64), limit)
    while (missing := total - counts.sum()) > 0:
        free = np.flatnonzero(counts < limit)
        chance = weight[free] / weight[free].sum()
        counts[free] += rng.multinomial(missing, chance)
        counts = np.minimum(counts, limit)
    return counts


def draw_pairs(first, counts, cumulative, rng):
    """Pairs (row, column) of the rows first, first + 1, ..., sorted and all different, `counts` of them for each row.

    Each round draws as many columns as are still missing and drops those that the row has already.
    """
    columns = len(cumulative)
    keys, missing = np.empty(0, np.int64), counts.copy()
    while missing.any():
        row = np.repeat(np.arange(len(counts)), missing)
        column = np.minimum(np.searchsorted(cumulative, rng.random(len(row))), columns - 1)
        drawn = np.unique(row * columns + column)
        place = np.searchsorted(keys, drawn)
        fresh = place == len(keys)
        fresh[~fresh] = keys[place[~fresh]] != drawn[~fresh]
        drawn = drawn[fresh]
        keys = np.insert(keys, place[fresh], drawn)  # late rounds are short: sorting all keys again would cost most
        missing -= np.bincount(drawn // columns, minlength=len(counts))
    return first + keys // columns, keys % columns


def digits(numbers, end):
    """Texts of equal width as bytes, number and `end`, padded with zero bytes that the writer drops."""
    text = np.array([f"{n}{end}" for n in numbers], dtype="S")
    return text.view(np.uint8).reshape(len(text), -1)


def write_blocks(out, args, rng):
    """Writes all lines and returns the error of the noiseless product."""
    row_text, column_text = digits(range(1, args.rows + 1), ","), digits(range(1, args.columns + 1), ",")
    star_text = digits([f"{k / 2:g}" for k in range(1, 11)], "\n")
    counts = row_counts(args.observations, args.rows, args.columns, rng)
    cumulative = np.cumsum(popularity(args.columns, rng))
    u = rng.standard_normal((args.rows, RANK), dtype=np.float32) * np.float32(SIGNAL / np.sqrt(RANK))
    v = rng.standard_normal((args.columns, RANK), dtype=np.float32)
    ends = np.cumsum(counts)
    start, square = 0, 0.0
    while start < args.rows:
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + BLOCK)))
        i, j = draw_pairs(start, counts[start:stop], cumulative, rng)
        truth = 3.5 + np.einsum("kr,kr->k", u[i], v[j])
        value = truth + NOISE * rng.standard_normal(len(i), dtype=np.float32)
        star = np.clip(np.rint(2 * value), 1, 10).astype(np.int64) - 1
        square += float(np.sum(((star + 1) / 2 - np.clip(truth, 0.5, 5)) ** 2))
        lines = np.hstack([row_text[i], column_text[j], star_text[star]]).ravel()
        out.write(lines[lines != 0].tobytes())
        start = stop
    return float(np.sqrt(square / args.observations))


def add_sizes(parser, observations, rows, columns):
    """The options of the size, with the defaults of the script that calls."""
    parser.add_argument("--observations", type=int, default=observations, help=f"lines of the list [{observations}]")
    parser.add_argument("--rows", type=int, default=rows, help=f"[{rows}]")
    parser.add_argument("--columns", type=int, default=columns, help=f"[{columns}]")
    parser.add_argument("--seed", type=int, default=1, help="of the made list [1]")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    add_sizes(parser, 1_000_000, 20_000, 10_000)
    args = parser.parse_args()
    start = time.perf_counter()
    with open(args.file, "wb") as out:
        out.write(b"row,column,value\n")
        truth_rmse = write_blocks(out, args, np.random.default_rng(args.seed))
        size = out.tell()
    print(json.dumps({"observations": args.observations, "rows": args.rows, "columns": args.columns, "bytes": size,
                      "truth_rmse": truth_rmse, "seconds": time.perf_counter() - start}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
