# SPDX-License-Identifier: Apache-2.0
"""Tests that every command does what its help says, on the nano model.

    python3 -m unittest discover -s tests/cli
"""

import itertools
import json
import os
import re
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree as xml

import program

SCORES = ("intent_accuracy", "token_accuracy", "span_f1", "sentence_accuracy")


class Help(program.ProgramTest):
    def test_every_command_has_help_with_examples(self):
        for command in ("", "train", "eval", "predict", "plan", "data", "data generate", "data stats"):
            process = self.succeed(*command.split(), "--help")
            self.assertIn("Usage: bittern " + command, process.stdout)
            if command != "data":
                self.assertRegex(process.stdout, r"Examples?:\n  bittern ")
            self.assertLessEqual(max(map(len, process.stdout.split("\n"))), 110)

    def test_version(self):
        self.assertRegex(self.succeed("--version").stdout, r"^bittern \d+\.\d+\.\d+\n$")


class Plan(program.ProgramTest):
    def test_numbers_of_the_paper_model(self):
        plan = self.json("plan", "--config", "atis-2enc")
        self.assertEqual(plan["parameters"], 305673)
        self.assertEqual(plan["parameters_dense"], 9184665)
        self.assertEqual(
            plan["multiplications"],
            {"matrix": 18874368, "right_to_left": 1253376, "btt": 838656, "optimal": 691200},
        )
        self.assertEqual(sum(part["parameters"] for part in plan["parts"]), plan["parameters"])
        arena = plan["arena"]
        self.assertGreaterEqual(arena["peak_bytes"], arena["lower_bound_bytes"])
        self.assertGreater(arena["lower_bound_bytes"], 4 * plan["parameters"])
        self.assertEqual(sum(arena["bytes_at_peak"].values()), arena["lower_bound_bytes"])

    def test_a_budget_chooses_and_the_smallest_one_works(self):
        plan = self.json("plan", "--config", "nano")
        smallest = plan["smallest_budget_bytes"]
        self.assertEqual(smallest, min(arena["total_bytes"] for arena in plan["arenas"]))
        fitted = self.json("plan", "--config", "nano", "--memory", f"{smallest}B")
        self.assertEqual(fitted["arena"]["total_bytes"], smallest)
        process = self.run_program("plan", "--config", "nano", "--memory", f"{smallest - 1}B")
        self.assertEqual(process.returncode, 2)
        self.assertIn(str(smallest), process.stderr)

    def test_orders_and_formats_change_the_step(self):
        steps = {
            order: self.json("plan", "--config", "nano", "--contraction", order)
            for order in ("matrix", "right-to-left", "btt", "optimal")
        }
        work = {order: step["multiply_adds_per_step"] for order, step in steps.items()}
        self.assertEqual(min(work, key=work.get), "optimal", work)
        self.assertEqual(len({step["parameters"] for step in steps.values()}), 1)
        dense = self.json("plan", "--config", "nano", "--format", "dense")
        self.assertEqual(dense["parameters"], dense["parameters_dense"])
        self.assertEqual(dense["parameters"], steps["btt"]["parameters_dense"])

    def test_maps_of_eight_cores_in_every_order(self):
        (self.directory / "eight.toml").write_text(
            'extends = "nano"\n[model]\nhidden = 256\nheads = 4\n'
            "[model.map]\noutput_modes = [4, 4, 4, 4]\ninput_modes = [4, 4, 4, 4]\nrank = 4\n"
            "[model.embedding]\nvocabulary_modes = [8, 8, 8]\nfeature_modes = [4, 8, 8]\nrank = 4\n"
        )
        for order in ("matrix", "right-to-left", "btt", "optimal"):
            self.succeed("plan", "--config", "eight.toml", "--contraction", order)

    def test_settings_and_toml(self):
        toml = self.succeed(
            "plan", "--config", "nano", "--set", "model.encoders=3", "--set", "model.map.rank=2",
            "--set", "training.optimizer=momentum", "--toml",
        ).stdout
        self.assertIn("encoders = 3\n", toml)
        self.assertIn('optimizer = "momentum"\n', toml)
        (self.directory / "mine.toml").write_text(toml)
        again = self.succeed("plan", "--config", "mine.toml", "--toml").stdout
        self.assertEqual(toml, again)
        plan = self.json("plan", "--config", "mine.toml")
        self.assertEqual(plan["encoders"], 3)
        self.assertGreater(plan["arena"]["bytes_at_peak"]["state"], 0)

    def test_labels_of_data(self):
        program.write_sequences(self.directory / "data")
        plan = self.json("plan", "--config", "nano", "--data", "data")
        self.assertEqual((plan["intents"], plan["tags"]), (3, 7))

    def test_picture_shows_every_block_and_no_two_overlap(self):
        self.succeed("plan", "--config", "nano", "--svg", "arena.svg")
        plan = self.json("plan", "--config", "nano")
        picture = xml.parse(self.directory / "arena.svg").getroot()
        blocks = []
        for title in picture.iter("{http://www.w3.org/2000/svg}title"):
            found = re.fullmatch(
                r"(\S.*)\n(\w+): (\d+) bytes at (\d+)\nlives (?:for ever|from operation (\d+) to (\d+))",
                title.text,
            )
            if found:
                name, kind, size, offset, first, last = found.groups()
                life = (0, plan["arena"]["operations"]) if first is None else (int(first), int(last))
                blocks.append((name, int(offset), int(offset) + int(size), *life))
        self.assertGreater(len(blocks), 100)
        self.assertLessEqual(max(block[2] for block in blocks), plan["arena"]["peak_bytes"])
        for a, b in itertools.combinations(blocks, 2):
            together = a[3] <= b[4] and b[3] <= a[4]
            self.assertFalse(together and a[1] < b[2] and b[1] < a[2], f"{a} overlaps {b}")


class Data(program.ProgramTest):
    def test_generated_corpus_is_what_is_used_without_data(self):
        for layout in ("seq", "jsonl"):
            self.succeed("data", "generate", "--out", layout, "--layout", layout)
            written = self.json("data", "stats", "--data", layout)
            built_in = self.json("data", "stats")
            del written["data"], built_in["data"]
            self.assertEqual(written, built_in)

    def test_seed_decides(self):
        for out, seed in (("a", "5"), ("b", "5"), ("c", "6")):
            self.succeed("data", "generate", "--out", out, "--seed", seed)
        a, b, c = (program.listing(self.directory / out) for out in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a["train/seq.in"], c["train/seq.in"])

    def test_counts(self):
        program.write_sequences(self.directory / "data", splits=("train",))
        program.write_sequences(
            self.directory / "data", [("hum a song", "O O B-tune", "hum")], splits=("test",)
        )
        stats = self.json("data", "stats", "--data", "data")
        self.assertEqual(set(stats), {"data", "train", "test", "all"})
        train, test = stats["train"], stats["test"]
        self.assertEqual((train["sentences"], train["words"], train["longest_words"]), (6, 30, 7))
        self.assertEqual((train["intents"], train["tags"], train["slot_types"]), (3, 7, 4))
        self.assertEqual(test["words_not_in_train"], 2)
        self.assertEqual((test["tags_not_in_train"], test["intents_not_in_train"]), (1, 1))
        self.assertAlmostEqual(test["outside_percent"], 200 / 3)

    @unittest.skipUnless(program.atis(), "no ATIS: set BITTERN_ATIS or run scripts/fetch-atis")
    def test_counts_of_atis(self):
        stats = self.json("data", "stats", "--data", program.atis())
        keys = ("sentences", "words", "vocabulary", "intents", "tags", "longest_words",
                "words_not_in_train", "tags_not_in_train", "intents_not_in_train")
        expected = {
            "train": (4478, 50497, 867, 21, 120, 46, 0, 0, 0),
            "valid": (500, 5703, 463, 16, 96, 35, 31, 1, 1),
            "test": (893, 9164, 448, 20, 101, 30, 71, 6, 5),
            "all": (5871, 65364, 950, 26, 127, 46, 102, 7, 6),
        }
        for split, numbers in expected.items():
            self.assertEqual(tuple(stats[split][key] for key in keys), numbers, split)


class Train(program.ProgramTest):
    def setUp(self):
        super().setUp()
        program.write_sequences(self.directory / "data", repeat=10)

    def train(self, *options):
        return self.json("train", "--config", "nano", "--data", "data", *options)

    def test_learns_and_every_command_agrees(self):
        summary = self.train("--out", "run", "--epochs", "15")
        self.assertEqual(summary["status"], "finished")
        self.assertEqual(summary["updates"], 15 * 60)
        self.assertGreater(summary["test"]["span_f1"], 90)
        self.assertGreater(summary["test"]["intent_accuracy"], 90)
        epochs = [
            line["loss"]
            for line in map(json.loads, (self.directory / "run/metrics.jsonl").read_text().splitlines())
            if line["kind"] == "epoch"
        ]
        self.assertEqual(len(epochs), 15)
        self.assertLess(epochs[-1], epochs[0] / 4)

        best = "run/best.safetensors"
        for threads in ("1", "3"):
            scores = self.json("eval", "--checkpoint", best, "--data", "data", "--threads", threads)
            for name in (*SCORES, "loss"):
                self.assertEqual(scores[name], summary["test"][name], name)

        sentences = "play the blue song\ncall anna at noon\n"
        lines = self.succeed(
            "predict", "--checkpoint", best, "--json", "-", stdin=sentences.encode()
        ).stdout.splitlines()
        self.assertEqual(len(lines), 2)
        answer = json.loads(lines[0])
        self.assertEqual(answer["tokens"], ["play", "the", "blue", "song"])
        self.assertEqual(answer["tags"], ["O", "O", "B-title", "I-title"])
        self.assertEqual(answer["intent"], "music")
        self.assertTrue(0.5 < answer["intent_probability"] <= 1)
        self.assertEqual(
            answer["slots"], [{"type": "title", "text": "blue song", "first": 2, "last": 3}]
        )
        text = self.succeed("predict", "--checkpoint", best, "play the blue song").stdout
        self.assertRegex(text, r"(?m)^  blue song  title$")
        self.assertRegex(text, r"(?m)^  intent     music \(\d+\.\d %\)$")

    def test_same_seed_same_bytes_other_seed_other_bytes(self):
        for out, seed in (("a", "7"), ("b", "7"), ("c", "8")):
            self.train("--out", out, "--epochs", "2", "--seed", seed)
        a, b, c = ((self.directory / out / "last.safetensors").read_bytes() for out in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_memory_budget_changes_nothing_but_memory(self):
        smallest = self.json("plan", "--config", "nano", "--data", "data")["smallest_budget_bytes"]
        stored = self.train("--out", "stored", "--epochs", "2")
        tight = self.train("--out", "tight", "--epochs", "2", "--memory", f"{smallest}B")
        self.assertLess(tight["arena_bytes"], stored["arena_bytes"])
        self.assertEqual(tight["arena_bytes"], smallest)
        for name in SCORES:
            self.assertAlmostEqual(tight["test"][name], stored["test"][name], places=3)

    def test_formats_orders_and_padding_train(self):
        losses = {}
        for options in (["--contraction", "matrix"], ["--contraction", "right-to-left"],
                        ["--contraction", "btt"], ["--pad"], ["--format", "dense"]):
            out = "-".join(options).strip("-")
            losses[out] = self.train("--out", out, "--epochs", "2", *options)["loss"]
        dense = losses.pop("format-dense")
        for loss in losses.values():  # one model with different orders of summation
            self.assertAlmostEqual(loss, losses["pad"], delta=1e-3 * loss)
        self.assertNotAlmostEqual(dense, losses["pad"], delta=1e-3 * dense)

    def test_one_task_alone(self):
        for task in ("tags", "intent"):
            objects = [
                {"tokens": words.split(), **({"tags": tags.split()} if task == "tags" else {"intent": intent})}
                for words, tags, intent in program.SENTENCES
            ]
            program.write_json_lines(self.directory / task, objects)
            test = self.json("train", "--config", "nano", "--data", task, "--out", f"run-{task}")["test"]
            self.assertEqual(test["span_f1"] is None, task == "intent")
            self.assertEqual(test["intent_accuracy"] is None, task == "tags")

    def test_fine_tuning_learns_a_new_label_and_word(self):
        self.train("--out", "base", "--epochs", "15")
        program.write_sequences(
            self.directory / "more",
            [*program.SENTENCES, ("dim the red lamp", "O O B-device I-device", "light")],
            repeat=5,
        )
        summary = self.json(
            "train", "--from", "base/best.safetensors", "--data", "more", "--out", "tuned",
            "--epochs", "30", "--set", "training.learning_rate=0.02",
        )
        self.assertGreater(summary["test"]["span_f1"], 90)
        answer = self.json("predict", "--checkpoint", "tuned/best.safetensors", "dim the red lamp")
        self.assertEqual(answer["intent"], "light")
        self.assertEqual(answer["tags"], ["O", "O", "B-device", "I-device"])

    def test_interrupt_saves_and_resume_ends_with_the_same_bytes(self):
        options = ("train", "--config", "nano", "--data", "data", "--epochs", "60")
        self.succeed(*options, "--out", "whole")
        for kind, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            out = self.directory / f"stopped-{status}"
            process = subprocess.Popen(
                [program.PROGRAM, *options, "--out", out.name],
                cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            # The first epoch's line shows that the run has started.
            for line in process.stdout:
                if line.lstrip().startswith("1/60"):
                    break
            process.send_signal(kind)
            text, errors = process.communicate()
            self.assertEqual(process.returncode, status, errors)
            self.assertIn("--resume continues", text)
            self.succeed("train", "--data", "data", "--out", out.name, "--resume")
            for name in ("last.safetensors", "best.safetensors"):
                self.assertEqual(
                    (out / name).read_bytes(), (self.directory / "whole" / name).read_bytes(), name
                )

    def test_progress_bar_on_a_terminal_alone(self):
        leader, follower = os.openpty()
        process = subprocess.Popen(
            [program.PROGRAM, "train", "--config", "nano", "--data", "data", "--out", "bar",
             "--epochs", "150"],
            cwd=self.directory, stdout=subprocess.PIPE, stderr=follower,
        )
        os.close(follower)
        shown = b""
        try:
            while chunk := os.read(leader, 4096):
                shown += chunk
        except OSError:  # the other end has been closed
            pass
        os.close(leader)
        text = process.communicate()[0].decode()
        self.assertEqual(process.returncode, 0)
        self.assertRegex(shown.decode(), r"\r\x1b\[Kepoch \d+/150 \[#*-*\] step .* eta \d+:\d\d")
        self.assertNotIn("\x1b", text)
        self.assertEqual(len(re.findall(r"(?m)^ *\d+/150 ", text)), 150)


if __name__ == "__main__":
    unittest.main()
