# SPDX-License-Identifier: Apache-2.0
"""Runs the bittern command for the tests in this folder, and makes their input files.

$BITTERN is the program (default: build/bittern).
"""

import contextlib
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("BITTERN", ROOT / "build" / "bittern")).resolve()

# A reason to skip a test starts with this if the other tests suffice without it: see run_module.py.
WELL_WITHOUT = "well without: "

# A few sentences that fit the nano model. Their words occur in no corpus.
SENTENCES = [
    ("play the blue song", "O O B-title I-title", "music"),
    ("stop the song", "O O B-title", "music"),
    ("call anna at noon", "O B-person O B-time", "phone"),
    ("call the old bakery at ten", "O O B-place I-place O B-time", "phone"),
    ("what is the weather in oslo", "O O O O O B-place", "weather"),
    ("will it rain in lima at noon", "O O O O B-place O B-time", "weather"),
]


def run(*arguments, stdin=b"", timeout=600, **options):
    """The finished process. Standard output and error are text, with ? for invalid bytes."""
    process = subprocess.run(
        [PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout, **options
    )
    process.stdout = process.stdout.decode(errors="replace")
    process.stderr = process.stderr.decode(errors="replace")
    return process


def atis():
    """The directory of ATIS, or None."""
    for place in (os.environ.get("BITTERN_ATIS"), ROOT / "data" / "atis"):
        if place and pathlib.Path(place, "train", "seq.in").exists():
            return pathlib.Path(place)
    return None


def write_sequences(directory, sentences=SENTENCES, splits=("train", "valid", "test"), repeat=1):
    for split in splits:
        folder = pathlib.Path(directory, split)
        folder.mkdir(parents=True, exist_ok=True)
        for column, name in enumerate(("seq.in", "seq.out", "label")):
            lines = [sentence[column] for sentence in sentences] * repeat
            (folder / name).write_text("".join(line + "\n" for line in lines))


def write_json_lines(directory, objects, splits=("train", "valid", "test")):
    pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
    for split in splits:
        lines = (o if isinstance(o, str) else json.dumps(o) for o in objects)
        pathlib.Path(directory, f"{split}.jsonl").write_text("".join(line + "\n" for line in lines))


def listing(directory):
    """Every path below a directory with a digest of its content."""
    found = {}
    for path in sorted(pathlib.Path(directory).rglob("*")):
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(directory))] = hashlib.sha256(content).hexdigest()
    return found


class Safetensors:
    """A safetensors file in parts, so that a test can damage it."""

    def __init__(self, path):
        content = pathlib.Path(path).read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        self.header = json.loads(content[8 : 8 + length])
        self.data = bytearray(content[8 + length :])

    def tensor(self, name):
        begin, end = self.header[name]["data_offsets"]
        return memoryview(self.data)[begin:end]

    def write(self, path, header=None):
        text = json.dumps(self.header).encode() if header is None else header
        pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + self.data)


class ProgramTest(unittest.TestCase):
    """A test with a new directory. It is the working directory of the commands that the test runs."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="bittern-test-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_program(self, *arguments, **options):
        return run(*arguments, cwd=self.directory, **options)

    def succeed(self, *arguments, **options):
        process = self.run_program(*arguments, **options)
        self.assertEqual(process.returncode, 0, process.stderr)
        return process

    def json(self, *arguments, **options):
        return json.loads(self.succeed(*arguments, "--json", "-", **options).stdout)

    def refuse(self, pattern, *command, **options):
        """The command ends with status 2 and a message that matches. It leaves the directory as it was."""
        with self.unchanged():
            process = self.run_program(*command, **options)
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertTrue(process.stderr.startswith("bittern: "), process.stderr)
        message = process.stderr.splitlines()[0]
        self.assertRegex(message, pattern)
        self.assertLess(len(message), 400, message)
        if os.environ.get("BITTERN_SHOW"):
            print(f"\n{message}")

    @contextlib.contextmanager
    def unchanged(self):
        before = listing(self.directory)
        yield
        self.assertEqual(before, listing(self.directory), "the directory is not as it was")
