# SPDX-License-Identifier: Apache-2.0
"""Tests the files that people have: every layout gives the same sentences, and faults are named by file and line."""

import gzip
import json
import unittest

import program

MARK = b"\xef\xbb\xbf"


class Layouts(program.ProgramTest):
    """Writes the same sentences in every layout."""

    def put(self, path, content):
        path = self.directory / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def stats(self, data, *options):
        counts = self.json("data", "stats", "--data", data, *options)
        del counts["data"]
        return counts

    def test_every_layout_counts_the_same(self):
        lines = [
            json.dumps({"id": i, "text": words, "topic": intent}) for i, (words, _, intent) in enumerate(program.SENTENCES)
        ]
        for split in ("train", "valid", "test"):
            self.put(f"json/{split}.jsonl", "\n".join(lines) + "\n")
            for folder, ending, separator in (("comma", "csv", ","), ("tab", "tsv", "\t")):
                rows = [f'{i}{separator}"{words}"{separator}{intent}' for i, (words, _, intent) in enumerate(program.SENTENCES)]
                self.put(f"{folder}/{split}.{ending}", "\r\n".join([separator.join(("id", "text", "topic")), *rows]))
        counts = [self.stats(folder, "--label", "topic") for folder in ("json", "comma", "tab")]
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(counts[0], counts[2])
        self.assertEqual(counts[0]["train"]["classes"]["topic"]["labels"], 3)
        self.assertEqual(counts[0]["train"]["sentences"], 6)
        file = self.stats("comma/train.csv", "--label", "topic")
        self.assertEqual(file["file"], counts[0]["train"])

    def test_marks_line_ends_and_white_space_change_nothing(self):
        """Each variant of each file has the same words, tags and labels."""
        program.write_sequences(self.directory / "plain")
        plain = self.stats("plain")
        for name, change in {
            "marks": lambda b: MARK + b,
            "windows": lambda b: MARK + b.replace(b"\n", b"\r\n"),
            "joined": lambda b: b.replace(b"\n", b"\n" + MARK, 1),
            "ends": lambda b: b.replace(b"\n", b" \t\xc2\xa0\n"),
            "wide": lambda b: b.replace(b"\n", b"\xe3\x80\x80\n").replace(b" ", b"\xe2\x80\x89 "),
            "unfinished": lambda b: b.removesuffix(b"\n"),
        }.items():
            for path in (self.directory / "plain").rglob("*"):
                if path.is_file() and not (name == "wide" and path.name == "label"):
                    self.put(f"{name}/{path.relative_to(self.directory / 'plain')}", change(path.read_bytes()))
                elif path.is_file():
                    self.put(f"{name}/{path.relative_to(self.directory / 'plain')}", path.read_bytes())
            self.assertEqual(self.stats(name), plain, name)

    def test_intents_of_json_lines_are_trimmed(self):
        self.put("train.jsonl", MARK + b'{"tokens": ["a"], "intent": "x"}\n{"tokens": [" a"], "intent": " x\\t"}\n')
        train = self.stats(".")["train"]
        self.assertEqual((train["vocabulary"], train["intents"]), (1, 1))

    def test_running_text(self):
        self.put("train.txt", MARK + "Hé\r\nhé\n".encode())
        self.put("valid.txt", "hx")
        counts = self.stats(".")
        self.assertEqual(counts["train"], {"bytes": 8, "characters": 6, "lines": 2, "words": 2, "alphabet": 4,
                                           "vocabulary": 2, "characters_not_in_train": 0})
        self.assertEqual(counts["valid"]["characters_not_in_train"], 1)
        self.assertEqual(self.stats("train.txt")["file"], counts["train"])


class Case(program.ProgramTest):
    """One rule of case for training, valid, evaluation and prediction."""

    def train(self, change):
        """The summary of a run whose valid and test splits are changed."""
        program.write_sequences(self.directory / "data", repeat=10)
        for split in ("valid", "test"):
            path = self.directory / "data" / split / "seq.in"
            path.write_text(change(path.read_text()))
        return self.json("train", "--config", "nano", "--data", "data", "--epochs", "15", "--out", "run")

    def test_capitals_change_nothing_where_train_has_none(self):
        summary = self.train(str.upper)
        self.assertGreater(summary["test"]["span_f1"], 90)
        self.assertEqual(summary["test"]["unknown_words"], 0)
        lines = [json.loads(line) for line in (self.directory / "run/metrics.jsonl").read_text().splitlines()]
        self.assertGreater([line for line in lines if line["kind"] == "epoch"][-1]["span_f1"], 90)
        best = self.directory / "run/best.safetensors"
        answers = [self.json("predict", "--checkpoint", best, text) for text in ("call anna at noon", "CALL Anna at noon")]
        self.assertEqual(answers[0]["tags"], answers[1]["tags"])
        self.assertEqual(answers[1]["tokens"], ["CALL", "Anna", "at", "noon"])
        self.assertEqual(program.Safetensors(best).header["__metadata__"]["lower_case"], "true")

        # A checkpoint of an earlier version has the rule by its words.
        old = program.Safetensors(best)
        del old.header["__metadata__"]["lower_case"]
        old.write(self.directory / "old.safetensors")
        found = self.json("eval", "--checkpoint", "old.safetensors", "--data", "data")
        self.assertEqual(found["span_f1"], summary["test"]["span_f1"])

    def test_capitals_of_other_scripts(self):
        for i, (low, high) in enumerate((("zürich łódź", "ZÜRICH ŁÓDŹ"), ("москва όσος", "МОСКВА ΌΣΟΣ"))):
            sentences = [(f"fly to {low}", "O O B-city I-city", "fly"), ("stay at home", "O O O", "stay")]
            program.write_sequences(self.directory / f"data{i}", sentences, repeat=5)
            self.succeed("train", "--config", "nano", "--data", f"data{i}", "--epochs", "2", "--out", f"run{i}")
            process = self.succeed("predict", "--checkpoint", f"run{i}/best.safetensors", f"Fly to {high}")
            self.assertNotIn("unknown", process.stdout)

    def test_capitals_count_where_train_has_one(self):
        program.write_sequences(self.directory / "data", [*program.SENTENCES, ("Stop", "O", "music")])
        self.succeed("train", "--config", "nano", "--data", "data", "--epochs", "1", "--out", "run")
        process = self.succeed("predict", "--checkpoint", "run/best.safetensors", "CALL anna")
        self.assertIn("(1 of 2 words unknown to the model)", process.stdout)


class Faults(program.ProgramTest):
    def case(self, pattern, path, content, *options, data=None):
        with self.subTest(pattern):
            file = self.directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
            self.refuse(pattern, "data", "stats", "--data", data or file.name, *options)
            file.unlink()

    def test_tables(self):
        topic = ("--label", "topic")
        self.case(r"a\.csv:1: no column is declared as a class; name one with --label\. the columns are 'text', 'topic'$",
                  "a.csv", "text,topic\na,b\n")
        self.case(r"a\.csv:1: no column 'topic'; did you mean 'topics'\?; the columns are 'text', 'topics'\. --label names ",
                  "a.csv", "text,topics\na,b\n", *topic)
        self.case(r"a\.csv:1: no column 'text'; the columns are 'body', 'topic'\. --text names another column$",
                  "a.csv", "body,topic\na,b\n", *topic)
        self.case(r"a\.csv:1: no column 'text'; the only column is 'text;topic', so the separator may be another",
                  "a.csv", "text;topic\na;b\n", *topic)
        self.case(r"a\.tsv:2: 3 fields, but the header has 2; ", "a.tsv", "text\ttopic\na\tb\tc\n", *topic)
        self.case(r"a\.csv:3: the file ends within a field in quotes; ", "a.csv", 'text,topic\na,b\n"c,d\n', *topic)
        self.case(r"a\.csv:2: invalid UTF-8 at byte 1 of the line; ", "a.csv", b"text,topic\n\xe9,b\n", *topic)
        self.case(r"a\.csv:2: column 'topic' is empty; expected a label$", "a.csv", "text,topic\na,\n", *topic)
        self.case(r"a\.csv: the file is empty; ", "a.csv", b"", *topic)
        self.case(r"a\.csv: no records after the header$", "a.csv", MARK + b"text,topic\n", *topic)

    def test_json_lines(self):
        self.case(r"a\.jsonl:1: unknown key 'topic'; expected .* --label 'topic' makes it a class$",
                  "a.jsonl", '{"text": "a", "topic": "b"}')
        self.case(r"a\.jsonl:1: no label; expected the field \"topc\"$",
                  "a.jsonl", '{"text": "a", "topic": "b"}', "--label", "topc")
        self.case(r"a\.jsonl: no line has the field 'kind'; the fields are 'text', 'topic'\. ",
                  "a.jsonl", '{"text": "a", "topic": "b"}', "--label", "topic", "--label", "kind")

    def test_running_text(self):
        self.case(r"a\.txt:2: invalid UTF-8 at byte 2 of the line; ", "a.txt", b"ok\na\xff\n")
        self.case(r"a\.txt: the file is empty; ", "a.txt", b"")
        self.case(r"a\.txt: a running text has no columns; remove --text and --label", "a.txt", b"a", "--label", "x")

    def test_files_that_are_not_text(self):
        self.case(r"a\.csv: the file is compressed by gzip; decompress it with gunzip$", "a.csv", gzip.compress(b"text,topic\n"))
        self.case(r"a\.jsonl: the file is a Git LFS pointer and not the file itself; get the file with `git lfs pull`$",
                  "a.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
        self.case(r"a\.tsv: the file is in UTF-16; convert it with iconv ", "a.tsv", "text\ttopic\n".encode("utf-16"))
        self.case(r"a\.csv\.gz: a file of data ends in .*; decompress this one$", "a.csv.gz", b"")
        self.case(r"d: no train split: .*; d/train\.csv\.gz is compressed: decompress it$", "d/train.csv.gz", b"", data="d")

    def test_other_names_of_valid(self):
        program.write_sequences(self.directory / "d", splits=("train", "test"))
        program.write_sequences(self.directory / "d2", splits=("train",))
        for name in ("dev", "validation"):
            program.write_sequences(self.directory / name)
            (self.directory / name / "train").rename(self.directory / "d" / name)
            self.refuse(rf"d: no valid split: .*; d/{name} is there: rename it to d/valid$",
                        "train", "--config", "nano", "--data", "d", "--out", "run")
            (self.directory / "d" / name).rename(self.directory / f"old-{name}")

    def test_a_directory_with_one_file(self):
        (self.directory / "d").mkdir()
        self.case(r"d: no train split: .*; to read d/input\.txt alone, give that file$", "d/input.txt", b"a", data="d")

    def test_columns_without_data(self):
        self.refuse(r"--text and --label name columns of --data, which is not given; ", "data", "stats", "--text", "a")


if __name__ == "__main__":
    unittest.main()
