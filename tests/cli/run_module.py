# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a module for ctest. The exit status is

  1   if a test failed, or if the module has no test
  77  if a test that ought to run was skipped, or all were, and no test failed
  0   if all tests ran, except those whose reason to be skipped starts with program.WELL_WITHOUT

ctest's SKIP_REGULAR_EXPRESSION is not enough, because it takes precedence over a failure.
"""

import sys
import unittest

import program

FAILED, SKIPPED = 1, 77


def main(module):
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromName(module))
    if not result.wasSuccessful() or result.testsRun == 0:
        return FAILED
    missed = [reason for _, reason in result.skipped if not reason.startswith(program.WELL_WITHOUT)]
    return SKIPPED if missed or len(result.skipped) == result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
