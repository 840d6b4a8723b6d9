# SPDX-License-Identifier: Apache-2.0
"""A checkpoint that an earlier version wrote gives the same answers, can be resumed and fine-tuned.

The files are in tests/data/bittern-1; its README says how they were made. On the processor that made
them every bit is the same. Other processors add in another order, so figures have tolerances.
"""

import json
import re
import shutil
import unittest

import program

# Keys of percentages.
PERCENT = re.compile(r"(accuracy|f1|precision|recall|figure)$")
OLD = program.ROOT / "tests" / "data" / "bittern-1"
# The run's options, without --epochs and --out.
RUN = ("--config", "nano", "--set", "training.optimizer=momentum",
       "--set", "training.learning_rate=0.005", "--threads", "1")


class OldCheckpoint(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.out = self.directory / "run"
        self.out.mkdir()
        shutil.copy(OLD / "metrics.jsonl", self.out)
        shutil.copy(OLD / "last.safetensors", self.out)
        shutil.copy(OLD / "last.safetensors", self.out / "best.safetensors")
        self.last = self.out / "last.safetensors"

    def assert_close(self, found, expected, place="JSON"):
        """The same fields in the same order; numbers may differ by rounding, percentages by a few answers."""
        if isinstance(expected, dict):
            if "spans" in expected:
                del found["tasks"]  # added since
            self.assertEqual(list(found), list(expected), place)
            for key, value in expected.items():
                self.assert_close(found[key], value, f"{place}: {key}")
        elif isinstance(expected, float) and PERCENT.search(place):
            self.assertAlmostEqual(found, expected, delta=0.5, msg=place)
        elif isinstance(expected, float):
            self.assertAlmostEqual(found, expected, delta=1e-3 * max(1, abs(expected)), msg=place)
        elif place.endswith((": predicted", ": right")):
            self.assertAlmostEqual(found, expected, delta=10, msg=place)
        else:
            self.assertEqual(found, expected, place)

    def test_evaluates_as_before(self):
        found = self.json("eval", "--checkpoint", self.last)
        del found["checkpoint"]
        tasks = found["tasks"]
        self.assertEqual(tasks["intent"], {"accuracy": found["intent_accuracy"]})
        self.assertEqual(list(tasks["tags"]), ["token_accuracy", "span_f1", "span_precision", "span_recall"])
        self.assert_close(found, json.loads((OLD / "eval.json").read_text()))

    def test_answers_as_before(self):
        expected = [json.loads(line) for line in (OLD / "predict.jsonl").read_text().splitlines()]
        sentences = "".join(" ".join(answer["tokens"]) + "\n" for answer in expected)
        process = self.succeed("predict", "--checkpoint", self.last, "--json", "-", stdin=sentences.encode())
        found = [json.loads(line) for line in process.stdout.splitlines()]
        self.assertEqual(len(found), len(expected))
        for one, other in zip(found, expected):
            answer = one.pop("tasks")["intent"]  # added since
            self.assertEqual(answer["label"], one["intent"])
            self.assertEqual(answer["probability"], one["intent_probability"])
            self.assert_close(one, other)

    def test_resumes_with_the_same_data(self):
        expected = json.loads((OLD / "resumed.json").read_text())
        found = self.json("train", *RUN, "--epochs", "3", "--out", self.out, "--resume")
        self.assert_close({key: found[key] for key in expected}, expected)

    def test_can_be_fine_tuned(self):
        sentences = self.directory / "sentences"
        program.write_sequences(sentences, repeat=10)
        found = self.json("train", "--from", self.last, "--data", sentences, "--out", "tuned", "--epochs", "3")
        self.assertEqual(found["status"], "finished")
        old = program.Safetensors(self.last).header["__metadata__"]
        new = program.Safetensors(self.directory / "tuned" / "best.safetensors").header["__metadata__"]
        for key, added in (("tags", 6), ("intents", 3)):
            before, after = json.loads(old[key]), json.loads(new[key])
            self.assertEqual(after[: len(before)], before)
            self.assertEqual(len(after), len(before) + added, key)


if __name__ == "__main__":
    unittest.main()
