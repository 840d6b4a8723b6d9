# SPDX-License-Identifier: Apache-2.0
"""Tests classes of sentences, "none of these", and scripts/prepare-clinc150."""

import json
import subprocess
import sys
import unittest

import program

PREPARE = program.ROOT / "scripts" / "prepare-clinc150"
TRAIN = ("train", "--config", "nano", "--format", "dense", "--data", "data", "--epochs", "6",
         "--set", "training.optimizer=adamw", "--set", "training.learning_rate=0.01")


def clinc(in_scope=2, out_of_scope=2):
    """A file as CLINC150's, with two classes."""
    sentences = [["what is my balance", "balance"], ["how much is left on my account", "balance"],
                 ["play the blue song", "music"], ["put on some music now", "music"]] * in_scope
    odd = [["who won the game yesterday", "oos"], ["why does a cat purr", "oos"]] * out_of_scope
    lists = {key: sentences for key in ("train", "val", "test")}
    lists |= {key: odd for key in ("oos_train", "oos_val", "oos_test")}
    return lists


class Classes(program.ProgramTest):
    def prepare(self, lists, out="data"):
        text = lists if isinstance(lists, str) else json.dumps(lists)
        (self.directory / "full.json").write_text(text)
        return subprocess.run([sys.executable, PREPARE, "full.json", out], cwd=self.directory, capture_output=True,
                              text=True)

    def train_clinc(self, *options):
        process = self.prepare(clinc())
        self.assertEqual(process.returncode, 0, process.stderr)
        return self.json(*TRAIN, "--out", "run", *options)

    def test_prepared_data_train_and_reject(self):
        test = self.train_clinc()["test"]
        self.assertEqual(test["sentences"], 12)
        intent = test["tasks"]["intent"]
        self.assertEqual(list(intent), ["accuracy", "in_scope_accuracy", "out_of_scope_recall", "threshold"])
        self.assertEqual(intent["accuracy"], test["intent_accuracy"])
        self.assertEqual((intent["in_scope_accuracy"], intent["out_of_scope_recall"]), (100, 100))
        self.assertTrue(0 < intent["threshold"] <= 100)

        model = ("--checkpoint", "run/best.safetensors")
        again = self.json("eval", *model, "--data", "data")
        self.assertEqual(again["tasks"], test["tasks"])
        text = self.succeed("eval", *model, "--data", "data").stdout
        self.assertRegex(text, r"(?m)^  intent rejected +100\.00 %   4 of 4 sentences$")

        answers = self.succeed("predict", *model, "--json", "-", "--top", "2", "play the blue song",
                               "why does a cat purr").stdout.splitlines()
        known, odd = (json.loads(answer) for answer in answers)
        music = known["tasks"]["intent"]
        self.assertEqual(music["label"], "music")
        self.assertEqual(known["intent"], "music")
        self.assertEqual([entry["label"] for entry in music["top"]], ["music", "balance"])
        self.assertEqual(music["top"][0]["probability"], music["probability"])
        self.assertIsNone(odd["tasks"]["intent"]["label"])
        self.assertIsNone(odd["intent"])
        self.assertLess(100 * odd["intent_probability"], intent["threshold"])
        text = self.succeed("predict", *model, "why does a cat purr").stdout
        self.assertIn("none of these (", text)

    def test_another_label_can_be_out_of_scope(self):
        lists = clinc()
        for key in lists:
            lists[key] = [[sentence, label.replace("oos", "other")] for sentence, label in lists[key]]
        self.assertEqual(self.prepare(lists).returncode, 0)
        plain = self.json(*TRAIN, "--out", "plain")
        self.assertEqual(list(plain["test"]["tasks"]["intent"]), ["accuracy"])
        found = self.json(*TRAIN, "--out", "run", "--out-of-scope", "other")["test"]["tasks"]["intent"]
        self.assertEqual(found["out_of_scope_recall"], 100)
        # The label of a file may differ from that of the model.
        self.assertEqual(self.prepare(clinc(), "oos").returncode, 0)
        found = self.json("eval", "--checkpoint", "run/best.safetensors", "--data", "oos", "--out-of-scope", "oos")
        self.assertEqual(found["tasks"]["intent"]["out_of_scope_recall"], 100)
        process = self.run_program("eval", "--checkpoint", "run/best.safetensors", "--data", "oos",
                                   "--out-of-scope", "none")
        self.assertEqual(process.returncode, 2)
        self.assertIn("no sentence of test has that label", process.stderr)
        process = self.run_program("eval", "--checkpoint", "plain/best.safetensors", "--data", "data",
                                   "--out-of-scope", "other")
        self.assertEqual(process.returncode, 2)
        self.assertIn("the model has no threshold", process.stderr)
        with self.unchanged():
            process = self.run_program(*TRAIN, "--out", "new", "--out-of-scope", "none")
            self.assertEqual(process.returncode, 2)
            self.assertIn("no sentence of train or valid has that label", process.stderr)

    def test_bad_files_are_refused_and_nothing_is_written(self):
        lists = clinc()
        cases = [
            ("", "not a file of CLINC150"),
            ("[" * 100000, "not a file of CLINC150"),
            ("[]", "found list; expected an object"),
            ({**lists, "oos_val": None}, "no list 'oos_val'"),
            ({**lists, "val": [["a", "b"], ["a"]]}, "entry 2 of 'val'"),
            ({**lists, "test": [["a", 3]]}, "entry 1 of 'test'"),
            ({**lists, "test": [[" ", "x"]]}, "entry 1 of 'test'"),
        ]
        for found, message in cases:
            process = self.prepare(found, "out")
            self.assertEqual(process.returncode, 2)
            self.assertIn(message, process.stderr)
            self.assertFalse((self.directory / "out").exists())
        self.assertEqual(self.prepare(lists, "").returncode, 2)
        self.assertEqual(self.prepare(lists, "out").returncode, 0)
        before = program.listing(self.directory / "out")
        process = self.prepare(lists, "out")
        self.assertEqual(process.returncode, 2)
        self.assertIn("exists already", process.stderr)
        self.assertEqual(before, program.listing(self.directory / "out"))


if __name__ == "__main__":
    unittest.main()
