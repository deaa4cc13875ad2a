#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the benchmark programs, merges their figures into one JSON file and prints a table.

usage: benchmark_table.py FOLDER_WITH_PROGRAMS RESULT.json FILTER      (called by scripts/benchmark)

What a filter leaves out stays in the file as it was; each entry says at which commit, when and on which
processor it was measured.

A benchmark reports counters. limit_X or rival_X stands beside the figure X (a counter, or
items_per_second, or real_time in seconds); ratio_X is figure over limit and is computed where absent.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

OWN_KEYS = {"name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions",
            "repetition_index", "threads", "iterations", "real_time", "cpu_time", "time_unit",
            "aggregate_name", "aggregate_unit", "label", "error_occurred", "error_message"}
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def run_program(program, pattern):
    """Google benchmark's JSON of one program, or None when the filter matches nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        command = [program, f"--benchmark_out={result}", "--benchmark_out_format=json"]
        if pattern and not re.search(pattern, program.name):
            listed = subprocess.run([program, "--benchmark_list_tests"], stdout=subprocess.PIPE, text=True,
                                    check=True).stdout.splitlines()
            if not any(re.search(pattern, name) for name in listed):
                return None
            command.append(f"--benchmark_filter={pattern}")
        subprocess.run(command, stdout=sys.stderr, check=True)
        return json.loads(result.read_text(encoding="utf-8"))


def entry_of(program, raw):
    """One benchmark: times in seconds, all counters, and the ratios to limits and rivals."""
    unit = SECONDS[raw.get("time_unit", "ns")]
    figures = {key: value for key, value in raw.items()
               if key not in OWN_KEYS and isinstance(value, (int, float))}
    figures["real_time"] = raw["real_time"] * unit
    for key in list(figures):
        kind, _, name = key.partition("_")
        if kind in ("limit", "rival") and name in figures and f"ratio_{name}" not in figures and figures[key]:
            figures[f"ratio_{name}"] = figures[name] / figures[key]
    return {"program": program, "name": raw["name"], "iterations": raw["iterations"],
            "cpu_time": raw["cpu_time"] * unit, "label": raw.get("label", ""), "figures": figures}


def rows_of(entry):
    """Table rows (name, figure, limit or rival, ratio) of one benchmark."""
    figures = entry["figures"]
    compared = [key[6:] for key in figures if key.startswith("ratio_")]
    compared += [key[6:] for key in figures if key.startswith(("limit_", "rival_")) and key[6:] not in compared]
    if not compared:
        compared = ["items_per_second" if "items_per_second" in figures else "real_time"]
    show = lambda value: "" if value is None else f"{value:.4g}"
    for name in compared:
        kinds = [(kind, figures[f"{kind}_{name}"]) for kind in ("limit", "rival") if f"{kind}_{name}" in figures]
        other = ", ".join(f"{kind} {show(value)}" for kind, value in kinds)
        figure = f"{name} {show(figures[name])}" if name in figures else name
        yield entry["name"], figure, other, show(figures.get(f"ratio_{name}"))


def origin_of(context):
    """Commit, date and processor of figures that Google benchmark made in this @context."""
    root = Path(__file__).resolve().parent.parent
    commit = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty", "--abbrev=12"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    processor = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {"commit": commit.stdout.strip() or "unknown", "date": context.get("date", "unknown"),
            "processor": processor.group(1) if processor else "unknown"}


def earlier(target):
    """The entries of the file that is there, by program and name; none when there is no readable one."""
    try:
        entries = json.loads(Path(target).read_text(encoding="utf-8"))["benchmarks"]
        return {(entry["program"], entry["name"]): entry for entry in entries if "measured" in entry}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_whole(path, text):
    """The file appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def main(folder, target, pattern):
    measured, failed = {}, []
    for program in sorted(Path(folder).glob("bench_*")):
        try:
            result = run_program(program, pattern)
        except (subprocess.CalledProcessError, json.JSONDecodeError) as error:
            failed.append(f"{program.name} failed: {error}")
            continue
        if result is None:
            continue
        origin = origin_of(result["context"])
        for raw in result["benchmarks"]:
            if raw.get("error_occurred"):
                failed.append(f"{raw['name']} failed: {raw.get('error_message', '')}")
            elif raw.get("run_type", "iteration") == "iteration":
                measured[program.name, raw["name"]] = {**entry_of(program.name, raw), "measured": origin}
    for sentence in failed:
        print(sentence, file=sys.stderr)
    if not measured:
        print(f"No benchmark ran in '{folder}'" + (f" for the filter '{pattern}'." if pattern else "."),
              file=sys.stderr)
        return 1 if failed else 2
    merged = {**(earlier(target) if pattern else {}), **measured}
    write_whole(Path(target), json.dumps({"benchmarks": [merged[key] for key in sorted(merged)]}, indent=1) + "\n")
    rows = [("name", "figure", "limit or rival", "ratio")]
    rows += [row for entry in measured.values() for row in rows_of(entry)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print(f"All figures: {target}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
