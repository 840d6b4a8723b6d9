"""Runs the tests of a module, for ctest: the exit status is

  1   a test failed, or there is none
  77  none failed, but one that ought to run was skipped, or all were
  0   all ran but those whose reason to be skipped begins with program.WELL_WITHOUT

ctest's SKIP_REGULAR_EXPRESSION would not do: it wins over a failure.
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
