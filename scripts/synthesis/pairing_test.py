#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pairs of LUTs in netlists made by hand."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from synthesis import area, pairing  # noqa: E402


def lut(output, *inputs):
    connections = {f"I{n}": [bit] for n, bit in enumerate(inputs)} | {"O": [output]}
    return {"type": f"LUT{len(inputs)}", "connections": connections}


def module(**cells):
    return {"cells": cells}


class Pairing(unittest.TestCase):
    def pairs(self, **cells):
        return sorted(sorted(pair) for pair in pairing.pairs(module(**cells)))

    def test_choices_by_one_bit(self):
        self.assertEqual([["a", "b"]], self.pairs(a=lut(20, 1, 2, 9), b=lut(21, 3, 4, 9)))

    def test_nothing_in_common(self):
        self.assertEqual([], self.pairs(a=lut(20, 1, 2), b=lut(21, 3, 4)))

    def test_too_many_together(self):
        self.assertEqual([], self.pairs(a=lut(20, 1, 2, 3, 9), b=lut(21, 4, 5, 9)))
        self.assertEqual([], self.pairs(a=lut(20, 1, 2, 3, 4, 5, 6), b=lut(21, 1, 2)))

    def test_each_once(self):
        found = self.pairs(a=lut(20, 1, 9), b=lut(21, 2, 9), c=lut(22, 3, 9))
        self.assertEqual(1, len(found))

    def test_constants_are_no_inputs(self):
        self.assertEqual([], self.pairs(a=lut(20, 1, "0"), b=lut(21, 2, "0")))

    def test_carry_chain(self):
        carry = {"type": "CARRY4", "connections": {
            "S": [20, 22, 23, 24], "DI": [21, 25, "0", "0"], "CI": ["0"], "O": [30, 31, 32, 33]}}
        # Those of one bit, of any inputs; of different bits never, nor with others.
        self.assertEqual([["a", "b"]], self.pairs(
            carry=carry, a=lut(20, 1, 2), b=lut(21, 3, 4), c=lut(22, 1, 2), d=lut(23, 1, 2),
            e=lut(40, 1, 2)))

    def test_wide_mux(self):
        mux = {"type": "MUXF7", "connections": {"I0": [20], "I1": [21], "S": [8], "O": [30]}}
        self.assertEqual([], self.pairs(mux=mux, a=lut(20, 1, 9), b=lut(21, 2, 9)))

    def test_shift_registers(self):
        def shift(data, output, length, enable="1"):
            address = {f"A{n}": [str(length - 1 >> n & 1)] for n in range(4)}
            return {"type": "SRL16E", "connections": address | {
                "CE": [enable], "CLK": [3], "D": [data], "Q": [output]}}
        self.assertEqual([["a", "b"]], self.pairs(
            a=shift(4, 14, 6), b=shift(5, 15, 6), c=shift(6, 16, 6), d=shift(7, 17, 5),
            e=shift(8, 18, 6, enable=9)))

    def test_counted_once(self):
        counts = area.own_counts(module(a=lut(20, 1, 2, 9), b=lut(21, 3, 4, 9), c=lut(22, 5, 6)))
        self.assertEqual(2, counts["lut"])
        self.assertEqual(3, counts["functions"])


if __name__ == "__main__":
    unittest.main()
