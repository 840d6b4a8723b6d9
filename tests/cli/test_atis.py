# SPDX-License-Identifier: Apache-2.0
"""Tests that the trained ATIS model answers, and that it learns new sentences without forgetting ATIS.

Trains `atis-2enc` with seed 1, which takes minutes; $BITTERN_ATIS_CHECKPOINT names a checkpoint to
use instead. Skips without ATIS.
"""

import os
import pathlib
import unittest

import program

# An intent, a slot and words that ATIS doesn't have, together with cities that it knows. The fifty training sentences
# combine a template and a pair of cities each.
TEMPLATES = [
    "can my {animal} fly with me from {a} to {b}",
    "i want to take my {animal} along to {b}",
    "may i bring a {animal} on board from {a}",
    "is a {animal} allowed in the cabin to {b}",
    "please book a place for my {animal} from {a} to {b}",
]
ANIMALS = ["dog", "cat", "rabbit", "guinea pig", "parrot"]
CITIES = ["boston", "denver", "dallas", "atlanta", "pittsburgh", "baltimore", "oakland"]
# The fifty training sentences contain neither these templates nor these pairs.
HELD_OUT_TEMPLATES = [
    "i want to fly with my {animal} from {a} to {b}",
    "can i bring my {animal} to {b}",
    "is my {animal} allowed on board from {a} to {b}",
    "please book a place in the cabin for a {animal} to {b}",
]

INTENT = "pet_travel"
SCORES = ("intent_accuracy", "token_accuracy", "span_f1", "sentence_accuracy")


def sentence(template, animal, a, b):
    fillers = {"{animal}": (animal, "animal"), "{a}": (a, "fromloc.city_name"),
               "{b}": (b, "toloc.city_name")}
    words, tags = [], []
    for word in template.split():
        text, slot = fillers.get(word, (word, None))
        for place, part in enumerate(text.split()):
            words.append(part)
            tags.append("O" if slot is None else ("I-" if place else "B-") + slot)
    return " ".join(words), " ".join(tags), INTENT


def sentences(templates, step):
    """Every template with every animal, and a pair of cities `step` apart."""
    return [
        sentence(template, animal, CITIES[(i + j + step) % 7], CITIES[(i + j + 2 * step) % 7])
        for i, template in enumerate(templates)
        for j, animal in enumerate(ANIMALS)
    ]


class Atis(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.data = program.atis()
        if not self.data:
            self.skipTest("no ATIS: set BITTERN_ATIS or run scripts/fetch-atis")
        self.data = self.data.resolve()
        given = os.environ.get("BITTERN_ATIS_CHECKPOINT")
        if given:
            self.checkpoint = pathlib.Path(given).resolve()
        else:
            out = self.directory / "atis"
            self.succeed("train", "--config", "atis-2enc", "--data", self.data, "--seed", 1,
                         "--out", out, timeout=3600)
            self.checkpoint = out / "best.safetensors"

    def evaluate(self, checkpoint, data, split="test"):
        figures = self.json("eval", "--checkpoint", checkpoint, "--data", data, "--split", split)
        return {name: round(figures[name], 2) for name in SCORES}

    def test_answers_and_learns_without_forgetting(self):
        answer = self.json("predict", "--checkpoint", self.checkpoint,
                           "show me flights from boston to denver on monday morning")
        self.assertIn(answer["intent"], ("flight", "atis_flight"))
        self.assertEqual(
            {slot["text"]: slot["type"] for slot in answer["slots"]},
            {"boston": "fromloc.city_name", "denver": "toloc.city_name",
             "monday": "depart_date.day_name", "morning": "depart_time.period_of_day"},
        )

        lessons = sentences(TEMPLATES, 1) + sentences(TEMPLATES, 2)
        self.assertEqual(len(set(lessons)), 50)
        exam = sentences(HELD_OUT_TEMPLATES, 3)
        program.write_sequences(self.directory / "lessons", lessons, ("train", "valid"))
        program.write_sequences(self.directory / "lessons", exam, ("test",))

        before = self.evaluate(self.checkpoint, self.data)
        self.succeed("train", "--from", self.checkpoint, "--data", "lessons", "--out", "tuned")
        tuned = self.directory / "tuned" / "best.safetensors"
        after = self.evaluate(tuned, self.data)
        taught = self.evaluate(tuned, "lessons", "valid")
        learnt = self.evaluate(tuned, "lessons")
        print(f"ATIS before {before}\nATIS after  {after}\nlessons     {taught}\nnew ones    {learnt}")
        self.assertEqual(taught["intent_accuracy"], 100)
        self.assertGreaterEqual(taught["span_f1"], 98)
        # Templates and pairs of cities are new, and ATIS has no word for the slot.
        self.assertGreaterEqual(learnt["intent_accuracy"], 90)
        self.assertGreaterEqual(learnt["span_f1"], 70)
        self.assertGreater(after["span_f1"], before["span_f1"] - 2)
        self.assertGreater(after["intent_accuracy"], before["intent_accuracy"] - 10)


if __name__ == "__main__":
    unittest.main()
