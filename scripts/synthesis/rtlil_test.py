#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A design taken apart by rtlil.py: what is in which part, by Yosys as well."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from synthesis import rtlil  # noqa: E402

SOURCE = """
module leaf #(parameter W = 2) (input clk, input [W-1:0] a, output reg [W-1:0] y);
  always @(posedge clk) y <= a + 1'b1;
endmodule
module memory(input clk, input [3:0] at, input [7:0] d, output reg [7:0] q);
  reg [7:0] words[16];
  always @(posedge clk) begin words[at] <= d; q <= words[at]; end
endmodule
module top(input clk, input [2:0] a, output [2:0] y, output [7:0] q);
  wire [2:0] b;
  leaf #(.W(3)) u_first(.clk(clk), .a(a), .y(b));
  leaf #(.W(3)) u_second(.clk(clk), .a(b ^ a), .y(y));
  memory u_memory(.clk(clk), .at({1'b0, a}), .d({5'd0, b}), .q(q));
endmodule
"""


class TakenApart(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = Path(self.directory.name)
        (self.path / "source.sv").write_text(SOURCE)

    def yosys(self, script):
        done = subprocess.run(["yosys", "-q", "-p", script], cwd=self.path, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def design(self, before=""):
        self.yosys(f"{before} read_verilog -sv -defer source.sv; hierarchy -check -top top; proc; write_rtlil design.il")
        return rtlil.Design((self.path / "design.il").read_text())

    def test_every_module_is_in_one_batch(self):
        design = self.design()
        names = [name for batch in design.batches() for name in batch]
        self.assertEqual(sorted(names), sorted(design.modules))
        self.assertEqual(len(names), 3)

    def test_parts_are_whole_for_yosys(self):
        design = self.design()
        leaf = next(name for name in design.modules if "leaf" in name)
        for names in (["\\top"], [leaf], ["\\memory"], ["\\memory", leaf]):
            (self.path / "part.il").write_text(design.part(names))
            # Everything is known, and what is of the part has its contents.
            self.yosys("read_rtlil part.il; hierarchy -check -auto-top; proc; memory; check -assert; "
                       + "; ".join(f"select -assert-min 1 {name[1:] if name[0] == chr(92) else name}/c:*" for name in names))
        (self.path / "part.il").write_text(design.part(["\\top"]))
        self.yosys("read_rtlil part.il; select -assert-none memory/c:*")

    def test_a_part_does_not_depend_on_what_else_was_read(self):
        alone = self.design()
        (self.path / "other.sv").write_text("module other(input clk, input d, output reg q, output w);\n"
                                            "  always @(posedge clk) q <= d;\n  assign w = d + q;\nendmodule\n")
        later = self.design("read_verilog -sv other.sv; proc;")
        self.assertEqual(alone.modules.keys(), later.modules.keys())
        for name in alone.modules:
            self.assertEqual(alone.part([name]), later.part([name]))


if __name__ == "__main__":
    unittest.main()
