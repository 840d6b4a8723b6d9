# SPDX-License-Identifier: Apache-2.0
"""Trains ATIS on the simulated accelerator, and compares single steps and an epoch's figures with the engine."""

import signal
import subprocess
import time
import unittest

import program
from test_accelerator import metrics

STEPS = 500
FIGURES = ("intent_accuracy", "token_accuracy", "span_f1", "sentence_accuracy")


@unittest.skipUnless(program.atis(), "no ATIS: scripts/fetch-atis gets it, BITTERN_ATIS names it")
class AtisOnTheAccelerator(program.ProgramTest):
    def stopped(self, out, *options):
        """Returns the losses of the first STEPS sentences of a run, and stops the run."""
        process = subprocess.Popen(
            [program.PROGRAM, "train", "--data", program.atis(), "--log-every", "1", "--out", out,
             *options],
            cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        log = self.directory / out / "metrics.jsonl"
        while process.poll() is None:
            if log.exists() and log.read_bytes().count(b"\n") >= STEPS:
                process.send_signal(signal.SIGINT)
                break
            time.sleep(0.2)
        self.assertEqual(process.wait(), 130)
        return [line["loss"] for line in metrics(self.directory / out, "progress")][:STEPS]

    def test_losses_of_500_steps(self):
        engine = self.stopped("cpu")
        for device in ("u50-single", "u50", "k26"):
            losses = self.stopped(device, "--device", f"sim:{device}")
            self.assertEqual(len(losses), STEPS)
            worst = max(abs(a - b) / abs(b) for a, b in zip(losses, engine))
            print(f"\n{device}: largest relative difference of {STEPS} losses {worst:.1e}")
            self.assertLessEqual(worst, 1e-3)

    def test_epoch(self):
        """Starts from a model that has settled. Before that, training is chaotic even on one machine."""
        train = ("train", "--data", program.atis(), "--threads", "2")
        self.succeed(*train, "--epochs", "12", "--out", "start")
        reports = {}
        for device in ("cpu", "sim:u50"):
            out = device.replace(":", "-")
            begin = time.monotonic()
            report = self.json(*train, "--from", "start/best.safetensors", "--epochs", "1",
                               "--device", device, "--out", out)
            seconds = time.monotonic() - begin
            epoch = metrics(self.directory / out, "epoch")[0]
            reports[device] = {**{f"valid {name}": epoch[name] for name in FIGURES},
                               **{f"test {name}": report["test"][name] for name in FIGURES}}
            print(f"\n{device}: {seconds:.0f} s; {reports[device]}")
        self.assertLessEqual(seconds, 300)
        for name, figure in reports["cpu"].items():
            self.assertAlmostEqual(reports["sim:u50"][name], figure, delta=0.5, msg=name)


if __name__ == "__main__":
    unittest.main()
