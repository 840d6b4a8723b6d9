# SPDX-License-Identifier: Apache-2.0
"""Tests that a run that was killed and resumed ends with the bytes of an uninterrupted run.

$BITTERN_KILLS is the number of kills (default: 6). Their times are random. The seed is printed, and
$BITTERN_KILL_SEED sets it. With $BITTERN_KILL_CONFIG the test trains that preset on ATIS, otherwise the nano model on
the generated corpus.
"""

import os
import random
import signal
import subprocess
import time
import unittest

import program

KILLS = int(os.environ.get("BITTERN_KILLS", "6"))
SEED = int(os.environ.get("BITTERN_KILL_SEED", random.SystemRandom().randrange(1000000)))
CONFIG = os.environ.get("BITTERN_KILL_CONFIG")


class Resume(program.ProgramTest):
    def test_killed_and_resumed_run_ends_with_the_same_bytes(self):
        options = ["train", "--config", CONFIG or "nano", "--epochs", "3", "--threads", "1"]
        if CONFIG:
            if not program.atis():
                self.skipTest("no ATIS: set BITTERN_ATIS or run scripts/fetch-atis")
            options += ["--data", str(program.atis())]
        # Many checkpoints, so that some kills hit the writing of one.
        options += ["--save-every", "100"]
        start = time.monotonic()
        self.succeed(*options, "--out", "whole")
        whole_seconds = time.monotonic() - start

        print(f"BITTERN_KILL_SEED={SEED}")
        moments = random.Random(SEED)
        out = self.directory / "killed"
        kills = 0
        while kills < KILLS:
            process = subprocess.Popen(
                [program.PROGRAM, *options, "--out", out.name, "--resume"],
                cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )
            try:
                # The mean time is the run's length divided by the number of kills, so they spread over the run.
                process.wait(timeout=moments.uniform(0, 2 * whole_seconds / (KILLS + 1)))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            errors = process.communicate()[1].decode()
            if process.returncode == 0:  # it finished; start a new run
                self.assert_same(out)
                for path in out.iterdir():
                    path.unlink()
                continue
            self.assertEqual(process.returncode, -signal.SIGKILL, errors)
            kills += 1
        self.succeed(*options, "--out", out.name, "--resume")
        self.assert_same(out)
        self.assertEqual(
            sorted(path.name for path in out.iterdir()),
            sorted(path.name for path in (self.directory / "whole").iterdir()),
        )

    def assert_same(self, out):
        for name in ("last.safetensors", "best.safetensors"):
            self.assertEqual(
                (out / name).read_bytes(), (self.directory / "whole" / name).read_bytes(), name
            )


if __name__ == "__main__":
    unittest.main()
