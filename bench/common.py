# SPDX-License-Identifier: Apache-2.0
"""What the benchmark scripts share: options, running the program, claims, the machine's description.

Not a script of its own. It imports only the standard library, so that a script which measures memory stays small: the
peak that the kernel reports for a child is at least what its parent held when it started it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def parser(doc):
    """Options that every script takes; `doc` is the script's docstring."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=str(ROOT / "build" / "release" / "rankflow"), help="the program to measure")
    p.add_argument("--data", default=os.environ.get("RANKFLOW_DATA"),
                   help="folder with the data sets [environment variable RANKFLOW_DATA]")
    p.add_argument("--json", action="store_true", help="one JSON object on standard output instead of a table")
    return p


def say(text):
    """Progress and notes go to standard error; standard output is the result alone."""
    print(text, file=sys.stderr, flush=True)


def data_file(data, path):
    """The file below the data folder, or None after saying that it is skipped."""
    if not data:
        say(f"skipped: {path} (no data folder: pass --data FOLDER or set RANKFLOW_DATA)")
        return None
    full = Path(data) / path
    if not full.is_file():
        say(f"skipped: {full} does not exist")
        return None
    return full


@dataclass
class Run:
    """One whole command: wall and processor seconds, peak resident bytes, what it printed."""

    seconds: float
    user_seconds: float
    system_seconds: float
    peak_bytes: int
    stdout: str

    def json(self):
        return json.loads(self.stdout)


def run(command, statuses=(0,)):
    """Runs a command to its end; an exit status other than these ends the benchmark with what the command said."""
    command = [str(word) for word in command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        except OSError as failure:
            sys.exit(f"cannot start {command[0]}: {failure.strerror}; build it first or pass --program PATH")
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, err):
            stream.seek(0)
        if child.returncode not in statuses:
            tail = err.read().decode(errors="replace")[-2000:]
            sys.exit(f"exit status {child.returncode} of: {' '.join(command)}\n{tail}")
        return Run(seconds, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024, out.read().decode())


def verify(right, what):
    """A wrong result ends the benchmark: the time of a wrong result says nothing."""
    if not right:
        sys.exit(f"wrong result: {what}; no time is stated")


def spread(values):
    """Median, least and greatest, as every timed list is reported."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "count": len(values)}


def processor():
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine(program, modules=()):
    """What a figure depends on beside the code: processor, cores, load, versions."""
    out = {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_at_start": round(os.getloadavg()[0], 2),
        "program": run([program, "--version"]).stdout.strip(),
        "python": platform.python_version(),
    }
    for module in modules:
        out[module.__name__] = module.__version__
    return out


class Claims:
    """Statements that the documentation makes: each is judged and printed; one that fails makes the exit status 1."""

    def __init__(self):
        self.list = []

    def at_most(self, what, value, limit):
        self.add(what, value, f"<= {limit:g}", value <= limit)

    def at_least(self, what, value, limit):
        self.add(what, value, f">= {limit:g}", value >= limit)

    def below(self, what, value, limit):
        self.add(what, value, f"< {limit:.4g}", value < limit)

    def within(self, what, value, low, high):
        self.add(what, value, f"{low:g} to {high:g}", low <= value <= high)

    def add(self, what, value, wanted, holds):
        self.list.append({"claim": what, "value": value, "wanted": wanted, "holds": bool(holds)})

    def print(self):
        for c in self.list:
            print(f"{'holds' if c['holds'] else 'FAILS'}  {c['claim']}: {c['value']:.4g} (claimed: {c['wanted']})")

    def exit_status(self):
        return 0 if all(c["holds"] for c in self.list) else 1


def finish(args, result, claims, print_table):
    """Prints the result as a table or as JSON and returns the exit status."""
    if args.json:
        print(json.dumps({**result, "claims": claims.list}, indent=2))
    else:
        print(", ".join(f"{key}: {value}" for key, value in result["machine"].items()))
        print_table(result)
        claims.print()
    return claims.exit_status()
