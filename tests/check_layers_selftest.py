#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check_layers.py accepts every right include and names file and line of every wrong one."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).with_name("check_layers.py")

RIGHT = [
    ("data/store/a.cc", "data/core/b.h"), ("meshes/a.h", "data/core/b.h"),
    ("operators/nn/a.cc", "operators/maps/b.h"), ("solvers/a.cc", "operators/maps/b.h"),
    ("solvers/a.cc", "meshes/b.h"), ("surrogates/a.cc", "solvers/b.h"),
    ("cases/fe2/a.cc", "surrogates/b.h"), ("tests/unit/a.cc", "cases/b.h"),
    ("operators/nn/a_torch.cc", "torch/torch.h"), ("operators/nn/a_torch.h", "torch/torch.h"),
    ("operators/nn/b_torch.cc", "operators/nn/a_torch.h"), ("tests/unit/a.cc", "torch/torch.h"),
    ("data/core/a.cc", "vector"),
]
WRONG = [
    ("data/core/a.cc", "data/store/b.h"), ("data/core/a.cc", "meshes/b.h"),
    ("meshes/a.cc", "operators/maps/b.h"), ("operators/maps/a.h", "meshes/b.h"),
    ("operators/maps/a.h", "operators/nn/b.h"), ("operators/nn/a.cc", "meshes/b.h"),
    ("solvers/a.cc", "operators/nn/b.h"), ("solvers/a.cc", "surrogates/b.h"),
    ("surrogates/a.cc", "cases/b.h"), ("cases/a.cc", "tests/b.h"),
    ("meshes/a.cc", "operators/b.h"),
    ("operators/nn/a.cc", "torch/torch.h"), ("operators/nn/a.h", "ATen/ATen.h"),
    ("surrogates/a.h", "c10/util/Logging.h"), ("tests/unit/a.h", "torch/torch.h"),
    ("operators/nn/b.h", "operators/nn/a_torch.h"),
    ("operators/nn/b_torch.h", "operators/nn/a_torch.h"),
    ("operators/nn/b.cc", "operators/nn/a_torch.h"),
]


def check(source, text):
    """Result of check_layers.py on a tree with this one file."""
    with tempfile.TemporaryDirectory() as tree:
        path = Path(tree, source)
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        return subprocess.run([sys.executable, CHECK, tree], stderr=subprocess.PIPE, text=True, check=False)


class CheckLayers(unittest.TestCase):
    def test_accepts_right_includes(self):
        for source, included in RIGHT:
            with self.subTest(source=source, included=included):
                result = check(source, f"#include <{included}>\n")
                self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_names_the_line_of_wrong_includes(self):
        for source, included in WRONG:
            for form in (f"#include <{included}>", f'  # include "{included}"'):
                with self.subTest(source=source, form=form):
                    result = check(source, f"// first line\n{form}\n")
                    self.assertEqual(result.returncode, 1)
                    self.assertIn(f"{source}:2: ", result.stderr)
                    self.assertIn(f"<{included}>", result.stderr)

    def test_refuses_a_file_outside_the_rooms(self):
        self.assertEqual(check("operators/a.h", "\n").returncode, 1)

    def test_refuses_an_empty_tree(self):
        self.assertEqual(check("elsewhere/a.h", "\n").returncode, 2)


if __name__ == "__main__":
    unittest.main()
