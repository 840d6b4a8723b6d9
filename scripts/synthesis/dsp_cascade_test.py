#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The map of wide products to two DSP48E2: corner and random products, by Yosys on a model of the primitive."""

import random
import re
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BITS = 24


def main():
    chosen = random.Random(1)
    corners = (0, 1, 0x1FFFF, 0x20000, 0x800000, 0xFFFFFF)
    pairs = [(a, b) for a in corners for b in corners]
    pairs += [(chosen.getrandbits(BITS), chosen.getrandbits(BITS)) for _ in range(100)]
    with tempfile.TemporaryDirectory() as folder:
        top, script = Path(folder) / "top.v", Path(folder) / "test.ys"
        top.write_text(f"module top(input [{BITS - 1}:0] a, b, output [{2 * BITS - 1}:0] y);\n"
                       "  assign y = a * b;\nendmodule\n")
        script.write_text("\n".join([
            f"read_verilog {HERE / 'dsp_model.v'} {top}", "proc",
            f"techmap -map {HERE / 'dsp_cascade.v'} top", "select -assert-count 2 top/t:DSP48E2",
            "hierarchy -check -top top", "flatten", "proc", "opt_clean",
            *[f"eval -set a {BITS}'d{a} -set b {BITS}'d{b} -show y" for a, b in pairs], ""]))
        done = subprocess.run(["yosys", "-s", script], check=True, capture_output=True, text=True)
    found = re.findall(r"Eval result: \\y = \d+'([01x]+)", done.stdout)
    assert len(found) == len(pairs), f"{len(found)} results of {len(pairs)}"
    for (a, b), bits in zip(pairs, found):
        assert "x" not in bits and int(bits, 2) == a * b, f"{a} * {b} is not {bits}"
    print(f"{len(pairs)} products are right")


main()
