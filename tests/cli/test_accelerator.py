# SPDX-License-Identifier: Apache-2.0
"""Tests the commands of the accelerator: estimate, compile, check, explore, and --device of the others."""

import json
import pathlib
import re
import struct
import unittest
import zlib

import program

NANO = ("--config", "nano", "--device", "nano")


def metrics(directory, kind):
    lines = pathlib.Path(directory, "metrics.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["kind"] == kind]


def with_checksum(content):
    return content[:-4] + struct.pack("<I", zlib.crc32(content[:-4]))


class Reports(program.ProgramTest):
    def test_estimate(self):
        report = self.json("estimate", "--device", "u50", "--config", "atis-2enc")
        self.assertIs(report["fits"], True)
        for name in ("cycles_per_step", "multiply_adds_per_step", "program_bytes"):
            self.assertGreater(report[name], 0, name)
        self.assertTrue(0 < report["array_utilisation"] < 1)
        for block in ("ramb36", "uram288"):
            use = report["blocks"][block]
            self.assertTrue(0 < use["occupied"] <= use["configured"] <= use["available"], use)
        energy = report["energy_per_step_joule"]
        self.assertTrue(0 < energy["low"] < energy["high"])
        for unit in report["units"].values():
            self.assertEqual(unit["busy"] + sum(unit["stalls"].values()), report["cycles_per_step"])
        self.assertAlmostEqual(report["seconds_per_step"] * report["clock_mhz"] * 1e6,
                               report["cycles_per_step"])
        self.assertEqual(report["epoch"]["sentences"], 4478)
        self.assertEqual(report["epoch"]["cycles"], 4478 * report["cycles_per_step"])

        text = self.succeed("estimate", "--device", "u50", "--config", "atis-2enc").stdout
        self.assertIn("it fits", text)
        self.assertIn("an estimate", text)
        self.assertIn(f"{report['cycles_per_step']:,} cycles", text)

    def test_epoch_of_data(self):
        program.write_sequences(self.directory / "data")
        whole = self.json("estimate", *NANO)
        report = self.json("estimate", *NANO, "--data", "data")
        self.assertEqual(report["epoch"]["sentences"], len(program.SENTENCES))
        self.assertLess(report["epoch"]["cycles"],
                        len(program.SENTENCES) * whole["cycles_per_step"])
        self.assertLess(report["epoch"]["energy_joule"]["low"],
                        len(program.SENTENCES) * whole["energy_per_step_joule"]["low"])

    def test_model_that_does_not_fit(self):
        command = ("estimate", "--device", "u50-single", "--set", "model.encoders=24")
        process = self.run_program(*command, "--json", "-")
        self.assertEqual(process.returncode, 2)
        report = json.loads(process.stdout)
        self.assertIs(report["fits"], False)
        self.assertGreaterEqual(len(report["shortfalls"]), 1)
        for missing in report["shortfalls"]:
            self.assertEqual(missing["short"], missing["needed"] - missing["available"])
            self.assertIn(f"{missing['short']} {missing['what']} short", process.stderr)
        process = self.run_program(*command)
        self.assertEqual(process.returncode, 2)
        self.assertIn("it does not fit", process.stdout)

    def test_compile(self):
        files = {name: self.directory / name for name in ("a.prog", "map", "list", "svg", "trace")}
        report = self.json("compile", *NANO, "--out", "a.prog", "--map", "map", "--listing", "list",
                           "--svg", "svg", "--trace", "trace")
        tensors = json.loads(files["map"].read_text())["tensors"]
        self.assertEqual(len(tensors), report["tensors"])
        names = [tensor["name"] for tensor in tensors]
        self.assertIn("slot.head.weight", names)
        listing = files["list"].read_text().splitlines()
        self.assertEqual(len(listing), report["instructions"])
        self.assertRegex(listing[-1], r"end$")
        self.assertRegex(files["list"].read_text(), r"; slot: logits")
        picture = files["svg"].read_text()
        self.assertIn("slot.head.weight", picture)
        self.assertTrue(picture.endswith("</svg>\n"))
        events = json.loads(files["trace"].read_text())["traceEvents"]
        self.assertIn("slot: logits", {event["name"] for event in events})

        again = self.json("compile", *NANO, "--out", "b.prog")
        self.assertEqual(again, report)
        self.assertEqual(files["a.prog"].read_bytes(), (self.directory / "b.prog").read_bytes())

        check = self.json("check", "a.prog")
        self.assertEqual(check["faults"], 0)
        self.assertEqual(check["instructions"], report["instructions"])
        self.assertEqual(len(self.succeed("check", "a.prog", "--listing").stdout.splitlines()),
                         report["instructions"])

    def test_inference(self):
        step = self.json("compile", *NANO)
        inference = self.json("compile", *NANO, "--inference", "--out", "i.prog")
        self.assertLess(inference["program_bytes"], step["program_bytes"])
        self.assertEqual(self.json("check", "i.prog")["faults"], 0)

    def test_explore(self):
        report = self.json("explore", *NANO, "--rows", "4", "--planes", "1,2", "--rank", "2,4",
                           "--encoders", "1,2", "--svg", "pareto.svg")
        self.assertEqual(len(report["points"]), 8)
        fits = [point for point in report["points"] if point["fits"]]
        self.assertGreaterEqual(len(fits), 4)
        for point in fits:
            self.assertEqual(point["faults"], 0)
            self.assertGreater(point["cycles_per_step"], 0)
        self.assertTrue(any(point["pareto"] for point in fits))
        self.assertEqual((self.directory / "pareto.svg").read_text().count("<title>"), len(fits))


class Device(program.ProgramTest):
    def setUp(self):
        super().setUp()
        program.write_sequences(self.directory / "data", repeat=6)

    def test_trains_as_on_the_cpu(self):
        train = ("train", "--config", "nano", "--data", "data", "--epochs", "2", "--log-every", "1")
        cpu = self.json(*train, "--out", "cpu")
        report = self.json(*train, "--out", "sim", "--device", "sim:nano")
        self.assertEqual(report["device"], "sim:nano")
        self.assertEqual(report["cycles"]["steps"], 72)
        self.assertIsNone(cpu["cycles"])
        losses = [metrics(self.directory / name, "progress") for name in ("cpu", "sim")]
        self.assertEqual([len(of) for of in losses], [72, 72])
        for a, b in zip(*losses):
            self.assertAlmostEqual(a["loss"], b["loss"], delta=1e-3 * abs(a["loss"]))

        model = ("--checkpoint", "sim/best.safetensors")
        evaluate = ("eval", *model, "--data", "data")
        on_cpu, on_device = self.json(*evaluate), self.json(*evaluate, "--device", "sim:nano")
        self.assertAlmostEqual(on_cpu["loss"], on_device["loss"], delta=1e-4 * on_cpu["loss"])
        predict = ("predict", *model, "--json", "-", "play the song")
        answers = [json.loads(self.succeed(*predict, *device).stdout)
                   for device in ((), ("--device", "sim:nano"))]
        self.assertEqual(answers[0]["tags"], answers[1]["tags"])
        self.assertEqual(answers[0]["intent"], answers[1]["intent"])


class BadPrograms(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.succeed("compile", *NANO, "--out", "a.prog")
        self.content = (self.directory / "a.prog").read_bytes()

    def refuse(self, pattern, content, *options):
        (self.directory / "bad.prog").write_bytes(content)
        with self.unchanged():
            process = self.run_program("check", "bad.prog", *options)
        self.assertEqual(process.returncode, 2, process.stdout)
        self.assertRegex(process.stderr, r"^bittern: .*(" + pattern + ")")

    def change(self, at, value):
        return with_checksum(self.content[:at] + value + self.content[at + len(value) :])

    def test_damaged(self):
        for length in (0, 7, 40, len(self.content) // 2, len(self.content) - 1):
            self.refuse(r"bad\.prog: ", self.content[:length])
        self.refuse("checksum|CRC|damaged", self.content[:200] + b"\xff" + self.content[201:])

    def test_other_specification(self):
        self.refuse("specification", self.change(16, b"\1\2\3\4"))

    def test_other_parameters(self):
        self.refuse("accelerator|parameters", self.change(24, b"\1\2\3\4"))

    def test_other_accelerator(self):
        self.refuse("is for accelerator nano, not for u50", self.content, "--device", "u50")

    def test_instructions(self):
        name = self.content.index(b"nano")
        self.refuse("wrong in 1 place", self.change(name + 4, b"\xff" * 8))

    def test_map(self):
        at = self.content.index(b'"first_writer": ')
        self.refuse("map: tensor 0", self.change(at, b'"first_writes": '))
        found = re.search(rb'"last_reader": (\d\d)}', self.content)
        life = self.content[: found.start(1)] + b"01" + self.content[found.end(1) :]
        self.refuse("map: |wrong in", with_checksum(life))


if __name__ == "__main__":
    unittest.main()
