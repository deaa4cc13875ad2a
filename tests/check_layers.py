#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails, with file and line, on an include that runs against the layers or on a misplaced LibTorch header.

usage: check_layers.py SOURCE_ROOT
"""
import re
import sys
from pathlib import Path

# room -> rooms it may include besides itself; CONTRIBUTING.md draws the same table.
DATA = ["data/core", "data/store", "data/sampling", "data/output"]
MAY_INCLUDE = {
    "data/core": [],
    "data/store": DATA,
    "data/sampling": DATA,
    "data/output": DATA,
    "meshes": DATA,
    "operators/maps": DATA,
    "operators/nn": DATA + ["operators/maps"],
    "solvers": DATA + ["meshes", "operators/maps"],
}
MAY_INCLUDE["surrogates"] = DATA + ["meshes", "operators/maps", "operators/nn", "solvers"]
MAY_INCLUDE["cases"] = MAY_INCLUDE["surrogates"] + ["surrogates"]
MAY_INCLUDE["tests"] = MAY_INCLUDE["cases"] + ["cases"]

FOLDERS = sorted({room.split("/")[0] for room in MAY_INCLUDE})
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
LIBTORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")


def room_of(path):
    """The room of a path from the source root, or None when it lies in none."""
    for room in MAY_INCLUDE:
        if path.startswith(room + "/"):
            return room
    return None


def problems_of_include(source, included, root):
    """Sentences on what is wrong with one include of the file `source` (a path from the root)."""
    found = []
    room = room_of(source)
    beside = (root / source).parent / included  # a quoted include may be relative to its file
    if beside.is_file() and not (root / included).is_file():
        included = beside.resolve().relative_to(root).as_posix()
    if included.split("/")[0] in FOLDERS:
        target = room_of(included)
        if target is None:
            found.append(f"includes <{included}>, which lies in none of the rooms")
        elif target != room and target not in MAY_INCLUDE[room]:
            found.append(f"{room} must not include {target} (<{included}>)")
    is_header = source.endswith(".h")
    takes_torch = source.endswith(("_torch.cc", "_torch.h")) or (room == "tests" and not is_header)
    if LIBTORCH.match(included) and not takes_torch:
        found.append(f"<{included}> belongs in *_torch.cc or *_torch.h only")
    if included.endswith("_torch.h"):
        if is_header:
            found.append(f"<{included}> must not be included by a header")
        elif not takes_torch:
            found.append(f"<{included}> must be included by *_torch.cc only")
    return found


def problems(root):
    """All problems below `root`, each as 'file:line: sentence', and the number of files read."""
    found, n_files = [], 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc") or not path.is_file():
                continue
            source = path.relative_to(root).as_posix()
            n_files += 1
            if room_of(source) is None:
                found.append(f"{source}:1: lies in none of the rooms {', '.join(MAY_INCLUDE)}")
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if match:
                    found += [f"{source}:{number}: {sentence}"
                              for sentence in problems_of_include(source, match.group(1), root)]
    return found, n_files


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    found, n_files = problems(Path(sys.argv[1]).resolve())
    for line in found:
        print(line, file=sys.stderr)
    if n_files == 0:
        print(f"No source file below '{sys.argv[1]}'.", file=sys.stderr)
        return 2
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
