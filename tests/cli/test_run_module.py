# SPDX-License-Identifier: Apache-2.0
"""Tests the exit status of run_module.py for failed and for skipped tests."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
HEAD = """
import unittest
import program
class Case(unittest.TestCase):
    pass
"""
PASS = """
    def test_that_passes(self): pass
"""
FAIL = """
    def test_that_fails(self): self.fail()
"""
SKIP = """
    def test_that_is_skipped(self): self.skipTest("no ATIS")
"""
WELL_WITHOUT = """
    def test_that_may_be_skipped(self): self.skipTest(program.WELL_WITHOUT + "needs root")
"""


class RunModule(unittest.TestCase):
    def status(self, *tests):
        with tempfile.TemporaryDirectory(prefix="bittern-test-") as directory:
            pathlib.Path(directory, "test_made.py").write_text("".join((HEAD, *tests)))
            return subprocess.run(
                [sys.executable, HERE / "run_module.py", "test_made"], capture_output=True,
                env={**os.environ, "PYTHONPATH": directory, "PYTHONDONTWRITEBYTECODE": "1"},
            ).returncode

    def test_exit_status(self):
        self.assertEqual(self.status(PASS), 0)
        self.assertEqual(self.status(PASS, FAIL), 1)
        self.assertEqual(self.status(PASS, SKIP), 77)
        self.assertEqual(self.status(SKIP), 77)
        self.assertEqual(self.status(PASS, SKIP, FAIL), 1)
        self.assertEqual(self.status(PASS, WELL_WITHOUT), 0)
        self.assertEqual(self.status(PASS, WELL_WITHOUT, SKIP), 77)
        self.assertEqual(self.status(WELL_WITHOUT), 77)
        self.assertEqual(self.status(WELL_WITHOUT, FAIL), 1)
        self.assertEqual(self.status(), 1)
        self.assertEqual(self.status("import no_such_module\n"), 1)


if __name__ == "__main__":
    unittest.main()
