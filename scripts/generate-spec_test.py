#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests scripts/generate-spec with specifications that have one error each, and with changed outputs."""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class GenerateSpecTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = Path(self.directory.name)
        shutil.copytree(ROOT / "spec", self.root / "spec")

    def run_script(self, *options):
        return subprocess.run(
            [sys.executable, ROOT / "scripts/generate-spec", "--root", self.root, *options],
            capture_output=True, text=True, check=False)

    def replace(self, name, old, new):
        path = self.root / "spec" / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def expect_error(self, name, old, new, *parts):
        text = (self.root / "spec" / name).read_text()
        self.replace(name, old, new)
        result = self.run_script()
        self.assertEqual(result.returncode, 2, result.stderr)
        for part in (f"spec/{name}", *parts):
            self.assertIn(part, result.stderr)
        self.assertFalse((self.root / "src").exists())  # nothing is written
        (self.root / "spec" / name).write_text(text)

    def test_energy(self):
        self.expect_error("energy.toml", "low = 3.7", "low = 99.0", "constant multiply",
                          "expected 0 < low <= high")
        self.expect_error("energy.toml", "low = 3.7", "low = 4", "constant multiply",
                          "low is 4; expected float")
        self.expect_error("energy.toml", 'name = "add"', 'name = "multiply"',
                          "constant multiply occurs twice")

    def test_instructions(self):
        self.expect_error("isa.toml", 'name = "base", bits = 20', 'name = "base", bits = 19',
                          "struct Walk", "127 bits do not fill whole words")
        self.expect_error("isa.toml", "opcode = 5", "opcode = 4", "opcode 4 occurs twice")
        self.expect_error("isa.toml", "opcode = 5", "opcode = 16", "instruction stream",
                          "opcode is 16; expected 0 to 15")
        self.expect_error("isa.toml", 'enum = "Function", bits = 4', 'enum = "Function", bits = 2',
                          "instruction vector, field function", "8 values of Function")
        self.expect_error("isa.toml", 'enum = "Tap"', 'enum = "Tip"',
                          "instruction vector, field tap", "enum Tip is not defined")
        self.expect_error("isa.toml", 'struct = "Dropout"', 'struct = "Wait"',
                          "instruction vector, operand dropout", "struct Wait")
        self.expect_error("isa.toml", 'name = "keep"', 'name = "sum"', "instruction stream",
                          "field sum occurs twice")
        self.expect_error("isa.toml", 'name = "keep", bits = 1', 'name = "keep", bits = 33',
                          "field keep", "bits is 33; expected 1 to 32")
        self.expect_error("isa.toml", 'name = "keep", bits = 1', 'name = "keep", bots = 1',
                          "field keep", "bits is missing")
        self.expect_error("isa.toml", 'name = "keep"', 'color = 1, name = "keep"',
                          "field keep", "unknown color")
        self.expect_error("isa.toml", 'unit = "drain"', 'unit = "brain"', "instruction drain",
                          "unit brain is none of")
        self.expect_error("isa.toml", 'name = "length", bits = 6', 'name = "length", bits = 5',
                          "struct Header")
        self.expect_error("isa.toml", "[format]", "[format", "isa.toml")

    def test_machines(self):
        self.expect_error("accelerators.toml", "depth = 4096", "depth = 4000",
                          "accelerator u50, tokens", "depth is 4000; expected a power of two")
        self.expect_error("accelerators.toml", 'memory = "uram"', 'memory = "rom"',
                          "memory rom is none of bram, uram")
        self.expect_error("accelerators.toml", "parts = 8", "parts = 3", "accelerator k26",
                          "tokens has 3 parts; expected a divisor of fold, 8")
        self.expect_error("accelerators.toml", "bram_banks = 3", "bram_banks = 11",
                          "accelerator k26, tokens", "bram_banks is 11; expected fewer than the 11 banks")
        self.expect_error("accelerators.toml", "lanes = 32\nfold = 8", "lanes = 2\nfold = 8",
                          "accelerator k26", "fold is 8; expected a divisor of lanes, 2")
        self.expect_error("accelerators.toml", "banks = 20, depth = 2048", "banks = 64, depth = 8192",
                          "accelerator u50, ranks", "at most 262144")
        self.expect_error("accelerators.toml", 'device = "u50"', 'device = "u51"',
                          "accelerator u50", "device u51")
        self.expect_error("accelerators.toml", "planes = 2", "planes = 3",
                          "planes is 3; expected 1 to 2")
        self.expect_error("accelerators.toml", "planes = 2", "", "planes is missing")
        self.expect_error("devices.toml", "ramb36 = 1344", "ramb36 = 100",
                          "device u50, reserved", "ramb36 is 180; expected 0 to 100")

    def test_check_names_what_differs(self):
        self.assertEqual(self.run_script().returncode, 0)
        result = self.run_script("--check")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        page = self.root / "docs/instructions.md"
        page.write_text(page.read_text() + " ")
        (self.root / "rtl/generated/bittern_pkg.sv").unlink()
        result = self.run_script("--check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("docs/instructions.md", result.stderr)
        self.assertIn("rtl/generated/bittern_pkg.sv", result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 2)

    def hash(self):
        self.assertEqual(self.run_script().returncode, 0)
        text = (self.root / "src/accelerator/isa/generated/instructions.h").read_text()
        return re.search(r"kSpecHash = (0x[0-9a-f]{16});", text).group(1)

    def test_hash_is_of_the_content(self):
        first = self.hash()
        self.replace("isa.toml", "[format]", "# A comment.\n[format]")
        self.replace("accelerators.toml", "clock_mhz = 200", "clock_mhz = 250")
        self.assertEqual(self.hash(), first)
        self.replace("isa.toml", 'name = "merge"', 'name = "blend"')
        second = self.hash()
        self.assertNotEqual(second, first)
        self.replace("functions.json", "3", "4")
        self.assertNotEqual(self.hash(), second)


if __name__ == "__main__":
    unittest.main()
