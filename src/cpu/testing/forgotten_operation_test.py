# SPDX-License-Identifier: Apache-2.0
"""An operation with a missing entry does not compile.

    forgotten_operation_test.py COMPILER [FLAG...]

The test adds an operation to copies of graph/operations.h and compiles sources of the product against each copy. Each
failure has a twin that differs in the missing entry alone and compiles, so the failure is for the right reason.
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent.parent
HEADER = "graph/operations.h"
PLACE = "}  // namespace ops\n"
LIST = "using Operation =\n    std::variant<"

FACTS = 'static constexpr OpInfo kInfo{"forgotten", Effect::%s, Stage::kLayer};'
OPERANDS = """
  template <class T>
  struct In {
    T x;
  };
  template <class T>
  struct Out {
    T y;
  };"""
EQUALITY = "friend bool operator==(const Forgotten&, const Forgotten&) = default;"


def operation(facts=FACTS % "kOverwrites", operands=OPERANDS, equality=EQUALITY):
    return "struct Forgotten {\n  %s%s\n  %s\n};\n" % (facts, operands, equality)


class ForgottenOperation(unittest.TestCase):
    command = []

    def errors(self, source, struct=None):
        """What the compiler says of `source` where the table has `struct` too; "" where it compiles."""
        header = (SRC / HEADER).read_text()
        if struct is not None:
            self.assertEqual(header.count(PLACE), 1)
            self.assertEqual(header.count(LIST), 1)
            header = header.replace(PLACE, struct + PLACE)
            header = header.replace(LIST, LIST + "ops::Forgotten, ")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / HEADER
            copy.parent.mkdir()
            copy.write_text(header)
            run = subprocess.run(
                [*self.command, "-std=c++20", "-fsyntax-only", f"-I{folder}", f"-I{SRC}", str(SRC / source)],
                capture_output=True, text=True)
        self.assertEqual(run.returncode == 0, "error:" not in run.stderr, run.stderr)
        return run.stderr if run.returncode != 0 else ""

    def test_complete_entry_compiles(self):
        self.assertEqual(self.errors("graph/graph.cc", operation()), "")
        self.assertEqual(self.errors("graph/arena_checker.cc", operation()), "")

    def test_missing_facts(self):
        self.assertIn("kInfo", self.errors("graph/graph.cc", operation(facts="")))
        incomplete = 'static constexpr OpInfo kInfo{"forgotten", Effect::kOverwrites};'
        self.assertIn("OpInfo", self.errors("graph/graph.cc", operation(facts=incomplete)))

    def test_missing_operands(self):
        self.assertIn("Out", self.errors("graph/graph.cc", operation(operands="")))

    def test_missing_equality(self):
        self.assertIn("operator==", self.errors("graph/graph.cc", operation(equality="")))

    def test_arena_checker_must_know_what_adds_to_its_results(self):
        changes = operation(facts=FACTS % "kChanges")
        self.assertEqual(self.errors("graph/graph.cc", changes), "")
        self.assertIn("kAdds does not", self.errors("graph/arena_checker.cc", changes))

    def test_executor_and_reference_must_run_it(self):
        for source in ("cpu/executor.cc", "cpu/reference.cc"):
            with self.subTest(source):
                self.assertEqual(self.errors(source), "")
                self.assertIn("Forgotten", self.errors(source, operation()))


if __name__ == "__main__":
    ForgottenOperation.command = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
