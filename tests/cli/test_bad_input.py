# SPDX-License-Identifier: Apache-2.0
"""Tests bad input: the exit status is 2, the message says what is wrong and where, and no file is half-written.

Each case is a function that damages something in its directory and returns the command line, and a pattern that the
message must match. The directory must be the same before and after.
"""

import json
import os
import pathlib
import re
import resource
import shutil
import struct
import subprocess
import tempfile
import unittest

import program

NANO = ("train", "--config", "nano", "--data", "data")
TRAIN = (*NANO, "--epochs", "1", "--out", "run")
# A run that every test finds in its directory.
OLD = (*NANO, "--epochs", "1", "--out", "old")
EVAL = ("eval", "--checkpoint", "model.safetensors", "--data", "data")
PREDICT = ("predict", "--checkpoint", "model.safetensors")
CASES = []


def case(pattern, **options):
    """Makes a test from a function (directory) -> command line. The options are those of run()."""

    def register(function):
        CASES.append((function.__name__, function, pattern, options))
        return function

    return register


def cases(name, pattern, *commands, **options):
    """Adds tests of command lines that need no damaged file."""
    for i, command in enumerate(commands):
        CASES.append((f"{name}_{i}" if len(commands) > 1 else name, lambda _, c=command: c, pattern, options))


# --- Data: words, tags and intents in three files.


def change_line(path, number, line):
    lines = path.read_bytes().split(b"\n")
    lines[number - 1] = line
    path.write_bytes(b"\n".join(lines))


@case(r"data/train/seq\.in has 7 lines, data/train/seq\.out has 6, data/train/label has 6; ")
def more_sentences_than_tags(directory):
    with open(directory / "data/train/seq.in", "a") as file:
        file.write("one more\n")
    return TRAIN


@case(r"data/train/seq\.in has 6 lines, data/train/seq\.out has 6, data/train/label has 4; ")
def fewer_intents_than_sentences(directory):
    path = directory / "data/train/label"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    return TRAIN


@case(r"data/valid/seq\.out:2: 2 tags, but data/valid/seq\.in:2 has 3 words; ")
def tags_that_do_not_fit_the_words(directory):
    change_line(directory / "data/valid/seq.out", 2, b"O B-title")
    return TRAIN


@case(r"data/train/seq\.in: the file is empty; ")
def empty_files(directory):
    for name in ("seq.in", "seq.out", "label"):
        (directory / "data/train" / name).write_bytes(b"")
    return TRAIN


@case(r"data/train/seq\.in:3: the sentence has no words$")
def empty_sentence(directory):
    change_line(directory / "data/train/seq.in", 3, b" ")
    change_line(directory / "data/train/seq.out", 3, b" ")
    return TRAIN


@case(r"data/train/seq\.in:1: the line is longer than 1048576 bytes$")
def huge_line(directory):
    change_line(directory / "data/train/seq.in", 1, b"word " * 300000)
    return TRAIN


@case(r"data/train/seq\.in:2: word 2 is 'xxx.* 600000 bytes long; expected at most 1000")
def long_word(directory):
    change_line(directory / "data/train/seq.in", 2, b"stop " + b"x" * 600000 + b" song")
    return TRAIN


@case(r"data/train/seq\.in:2: invalid UTF-8 at byte 11 of the line; .*iconv$")
def invalid_utf8(directory):
    change_line(directory / "data/train/seq.in", 2, b"stop the s\xc3\x28ng")
    return TRAIN


@case(r"data/test/seq\.in:4: word 5 is 'at\\x00ten'; a word has no blanks and no control characters")
def control_character(directory):
    change_line(directory / "data/test/seq.in", 4, b"call the old bakery at\0ten now")
    return EVAL


@case(r"data/train/seq\.out:1: tag 3 is 'X-title'; expected O, B-type or I-type$")
def tag_that_is_not_bio(directory):
    change_line(directory / "data/train/seq.out", 1, b"O O X-title O")
    return TRAIN


@case(r"data/train/label:2: the line is empty; expected an intent$")
def empty_intent(directory):
    change_line(directory / "data/train/label", 2, b"")
    return TRAIN


@case(r"data/train/label: missing; the layout needs seq\.in, seq\.out and label ")
def missing_label_file(directory):
    (directory / "data/train/label").unlink()
    return TRAIN


@case(r"data/train/label: missing; ")
def directory_in_place_of_a_file(directory):
    (directory / "data/train/label").unlink()
    (directory / "data/train/label").mkdir()
    return TRAIN


@case(r"data: both data/train\.jsonl and data/train/\{seq\.in,seq\.out,label\} are there; ")
def both_layouts(directory):
    (directory / "data/train.jsonl").write_text('{"tokens": ["a"], "intent": "b"}\n')
    return TRAIN


# Faults of the test split are found before the first epoch.
@case(r"data: no test split: expected data/test/\{seq\.in,seq\.out,label\} or data/test\.\{jsonl,csv,tsv,txt\}$")
def test_split_that_is_an_empty_directory(directory):
    shutil.rmtree(directory / "data/test")
    (directory / "data/test").mkdir()
    return TRAIN


@case(r"data/test/seq\.out:1: tag 3 is 'X-title'; ")
def test_split_with_a_bad_tag(directory):
    change_line(directory / "data/test/seq.out", 1, b"O O X-title O")
    return TRAIN


@case(r"data: no valid split: expected data/valid/\{seq\.in,seq\.out,label\} or data/valid\.\{jsonl,csv,tsv,txt\}$")
def missing_split(directory):
    shutil.rmtree(directory / "data/valid")
    return TRAIN


cases("missing_directory", r"nowhere: no such file or directory; expected a directory with train, ", ("train", "--config", "nano", "--data", "nowhere"),
      ("eval", "--checkpoint", "model.safetensors", "--data", "nowhere"),
      ("data", "stats", "--data", "nowhere"))


# --- Data: JSON lines.


def json_line(name, pattern, line):
    def spoil(directory):
        program.write_json_lines(directory / "lines", ['{"tokens": ["a"], "intent": "b"}', line])
        return ("train", "--config", "nano", "--data", "lines", "--out", "run")

    CASES.append((f"json_line_{name}", spoil, r"lines/train\.jsonl:2: " + pattern, {}))


json_line("cut_off", r"malformed JSON at byte 21: ", '{"tokens": ["a", "b"')
json_line("that_is_an_array", r"found array; expected \{", '["a", "b"]')
json_line("without_tokens", r'no "tokens" and no "text"; expected \{"tokens": ', '{"intent": "b"}')
json_line("with_tokens_as_text", r'"tokens" is of type string; expected an array of strings$', '{"tokens": "a b", "intent": "b"}')
json_line("with_a_number_as_token", r'element 2 of "tokens" is of type number; expected a string$', '{"tokens": ["a", 7], "intent": "b"}')
json_line("with_too_few_tags", r"2 tokens but 1 tags; each token needs one tag$", '{"tokens": ["a", "b"], "tags": ["O"], "intent": "b"}')
json_line("without_tags_and_intent", r'neither "tags" nor "intent"; expected \{', '{"tokens": ["a", "b"]}')
json_line("with_an_intent_that_is_no_text", r'"intent" is of type object; expected a string, ', '{"tokens": ["a"], "intent": {"x": 1}}')
json_line("with_a_bad_tag", r"tag 1 is 'I'; expected O, B-type or I-type$", '{"tokens": ["a"], "tags": ["I"]}')
json_line("with_a_blank_in_a_token", r"word 1 is 'a b'; a word has no blanks ", '{"tokens": ["a b"], "intent": "b"}')
json_line("without_words", r'"tokens" is empty$', '{"tokens": [], "intent": "b"}')
json_line("nested_a_million_deep", r"JSON nested deeper than 2 levels; ", '{"tokens": ' + "[" * 400000)


@case(r"lines/train\.jsonl:2: invalid UTF-8 at byte 15 of the line; ")
def json_line_with_invalid_utf8(directory):
    program.write_json_lines(directory / "lines", ['{"tokens": ["a"], "intent": "b"}'])
    with open(directory / "lines/train.jsonl", "ab") as file:
        file.write(b'{"tokens": ["a\xff"], "intent": "b"}\n')
    return ("train", "--config", "nano", "--data", "lines", "--out", "run")


# --- Configurations.


def toml(name, pattern, text):
    def spoil(directory):
        (directory / "my.toml").write_text('extends = "nano"\n' + text)
        return ("train", "--config", "my.toml", "--data", "data", "--out", "run")

    CASES.append((f"toml_{name}", spoil, r"my\.toml" + pattern, {}))


toml("with_an_unknown_key", r":3: unknown key 'training\.epoch'; did you mean 'epochs'\?",
     "[training]\nepoch = 3\n")
toml("with_an_unknown_section", r":2: unknown key 'trainig'; did you mean 'training'\?$", "[trainig]\nepochs = 3\n")
toml("with_text_for_a_number", r":3: training\.epochs: found 'many'", '[training]\nepochs = "many"\n')
toml("with_a_number_out_of_range", r":3: training\.dropout: found 1\.5; expected a number, 0 to 0\.99$", "[training]\ndropout = 1.5\n")
toml("with_nan", r":3: training\.learning_rate: found nan; ", "[training]\nlearning_rate = nan\n")
toml("that_is_malformed", r":2: malformed TOML", "[training\nepochs = 3\n")
toml("with_an_unknown_choice", r""":3: training\.optimizer: found 'adam'; expected "sgd", "momentum", "adamw"; did you mean 'adamw'\?$""", '[training]\noptimizer = "adam"\n')
toml("with_a_rank_below_one", r":3: model\.map\.ranks: found 0; expected ", "[model.map]\nranks = [1, 4, 0, 4, 8, 4, 1]\n")
toml("with_an_unknown_map_format", r""":3: model\.map\.format: found 'cp'; expected "tt", "ttm", "dense\"""", "[model.map]\nformat = 'cp'\n")
toml("with_modes_that_do_not_fit", r": model\.map: the output modes \(4, 2, 5\) multiply to 40, but the size is 32; ",
     "[model.map]\noutput_modes = [4, 2, 5]\ninput_modes = [4, 2, 4]\n")
toml("with_an_empty_mode", r":3: model\.map\.output_modes: found 0; ", "[model.map]\noutput_modes = [4, 0, 4]\ninput_modes = [4, 2, 4]\n")
toml("with_an_odd_number_of_tokens", r": model\.tokens: found 15; expected a multiple of 4$", "[model]\ntokens = 15\n")
toml("with_a_size_past_all_limits", r":3: model\.hidden: found 1000000000; ", "[model]\nhidden = 1000000000\n")


toml("with_a_deep_key", r":2: a key of more than 16 parts", "a" + ".a" * 300000 + " = 1\n")
toml("with_a_deep_section", r":2: a key of more than 16 parts", "[a" + ".a" * 300000 + "]\n")
toml("with_a_name_that_leads_outside", r": name: found '\.\./outside'", 'name = "../outside"\n')


@case(r"my\.toml: name: found '\.\./outside'")
def toml_with_a_name_that_leads_outside_of_runs(directory):
    (directory / "my.toml").write_text('extends = "nano"\nname = "../outside"\n')
    return ("train", "--config", "my.toml", "--data", "data")


@case(r"\.toml: name: found ''")
def toml_of_no_name(directory):
    (directory / ".toml").write_text('extends = "nano"\n')
    return ("train", "--config", "./.toml", "--data", "data")


@case(r"a\.toml:1: extends: more than 8 files deep$")
def toml_that_goes_in_a_circle(directory):
    (directory / "a.toml").write_text('extends = "b.toml"\n')
    (directory / "b.toml").write_text('extends = "a.toml"\n')
    return ("plan", "--config", "a.toml")


@case(r"my\.toml:1: byte 8 is not valid UTF-8$")
def toml_with_invalid_utf8(directory):
    (directory / "my.toml").write_bytes(b'name = "\xff"\n')
    return ("plan", "--config", "my.toml")


cases("unknown_preset", r"configuration 'atis-3enc': found no such preset or file; .*did you mean 'atis-2enc'\?$", ("plan", "--config", "atis-3enc"),
      ("train", "--config", "atis-3enc"))
cases("missing_configuration", r"mine\.toml: cannot open: ", ("plan", "--config", "mine.toml"))

# --- Checkpoints.


def checkpoint(name, pattern, change, command=EVAL):
    def spoil(directory):
        path = directory / "model.safetensors"
        change(path)
        return command

    CASES.append((f"checkpoint_{name}", spoil, r"model\.safetensors: " + pattern, {}))


def bytes_of(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def header_of(change):
    def apply(path):
        file = program.Safetensors(path)
        change(file)
        file.write(path)

    return apply


def metadata(key, value):
    return header_of(lambda file: file.header["__metadata__"].__setitem__(key, value))


HEAD = "slot.head.bias"
BIAS = "intent.head.bias"

checkpoint("missing", r"cannot open: No such file", lambda path: path.unlink())
checkpoint("that_is_a_directory", r"not a regular file; ", lambda path: (path.unlink(), path.mkdir()))
checkpoint("empty", r"0 bytes; a safetensors file has at least 8$", bytes_of(lambda b: b""))
checkpoint("cut_in_the_length", r"5 bytes; a safetensors file has at least 8$", bytes_of(lambda b: b[:5]))
checkpoint("cut_in_the_header", r"the header's length is \d+, but only 192 bytes follow; ", bytes_of(lambda b: b[:200]))
checkpoint("cut_in_half", r"tensor 'embedding\.word\.core\.1': data_offsets \[2304, 2816\] are outside of the file's \d+ bytes", bytes_of(lambda b: b[: len(b) // 2]))
checkpoint("one_byte_short", r"tensor 'slot\.map\.core\.5': data_offsets \[13032, 13096\] are outside of the file's 13095 bytes", bytes_of(lambda b: b[:-1]))
checkpoint("one_byte_long", r"13097 bytes of data, but the tensors fill 13096; ", bytes_of(lambda b: b + b"\0"))
checkpoint("of_another_kind", r"the header's length is \d+, but only 7992 bytes follow; ", bytes_of(lambda b: b"\x89PNG\r\n\x1a\n" * 1000))
checkpoint("with_a_huge_header_length", r"the header's length is 4611686018427387904, but only ",
           bytes_of(lambda b: struct.pack("<Q", 1 << 62) + b[8:]))
checkpoint("with_a_header_that_is_no_json", r"the header is not a JSON object; ", bytes_of(lambda b: b[:8] + b"[" * 100 + b[108:]))


def overlap(file):
    a, b = file.header[HEAD], file.header[BIAS]
    a["data_offsets"] = [b["data_offsets"][0], b["data_offsets"][0] + 4 * a["shape"][0]]


checkpoint("with_overlapping_tensors", r"tensor 'slot\.head\.bias' begins at byte \d+ of the data, but the tensors before it end at \d+; ", header_of(overlap))
checkpoint("with_a_tensor_past_the_end", rf"tensor '{HEAD}': data_offsets \[13096, 13124\] are outside of ", header_of(
    lambda f: f.header[HEAD].update(data_offsets=[len(f.data), len(f.data) + 4 * f.header[HEAD]["shape"][0]])))
checkpoint("with_offsets_that_run_backwards", rf"tensor '{HEAD}': data_offsets \[\d+, \d+\] are outside of ", header_of(
    lambda f: f.header[HEAD]["data_offsets"].reverse()))
checkpoint("with_a_negative_offset", rf"tensor '{HEAD}': data_offsets holds '-4'; ", header_of(
    lambda f: f.header[HEAD].update(data_offsets=[-4, 24])))
checkpoint("with_a_shape_that_overflows", rf"tensor '{HEAD}': shape '\[1099511627776,1099511627776\]' is too large", header_of(
    lambda f: f.header[HEAD].update(shape=[1 << 40, 1 << 40])))
checkpoint("with_an_unknown_type", rf"tensor '{HEAD}': dtype 'F8' is not supported; ", header_of(lambda f: f.header[HEAD].update(dtype="F8")))
checkpoint("with_an_unneeded_tensor", r"tensor 'more\.weight' does not belong to the configuration's model$", header_of(
    lambda f: f.header.update({"more.weight": {
        "dtype": "F32", "shape": [0], "data_offsets": [len(f.data), len(f.data)]}})))


def drop_last(file):
    name = max((n for n in file.header if n != "__metadata__"),
               key=lambda n: file.header[n]["data_offsets"])
    del file.data[file.header.pop(name)["data_offsets"][0] :]


def rename(file):
    file.header["slot.head.bios"] = file.header.pop(HEAD)


def transpose(file):
    file.header["slot.head.weight"]["shape"].reverse()


def not_a_number(file):
    file.tensor(HEAD)[:4] = struct.pack("<f", float("nan"))


checkpoint("without_a_tensor", r"no tensor 'slot\.map\.core\.5' in this file$", header_of(drop_last))
checkpoint("with_a_tensor_of_another_name", rf"no tensor '{HEAD}' in this file$", header_of(rename))
checkpoint("with_a_tensor_of_another_shape", r"tensor 'slot\.head\.weight' is F32 \[32, 7\]; the configuration asks for F32 \[7, 32\]$", header_of(transpose))
checkpoint("with_a_value_that_is_not_a_number", rf"tensor '{HEAD}' holds a number that is not finite$", header_of(not_a_number))
checkpoint("without_metadata", r"no metadata 'format' in this file$", header_of(lambda f: f.header.pop("__metadata__")))
checkpoint("of_another_format", r"format 'other-9'; this program reads 'bittern-1'$", metadata("format", "other-9"))
checkpoint("with_a_spoilt_configuration", r"configuration:1: malformed TOML: ", metadata("toml", "[model"))
checkpoint("with_another_configuration", r"no tensor 'encoder\.1\.attention\.norm\.gain' in this file$", header_of(lambda f: f.header["__metadata__"].update(
    toml=f.header["__metadata__"]["toml"].replace("encoders = 1", "encoders = 2"))))
checkpoint("with_a_deep_key_in_its_configuration", r"configuration:1: a key of more than 16 parts; ", metadata("toml", "a" + ".a" * 300000 + " = 1"))
checkpoint("with_a_state_that_has_a_field_twice", r"metadata 'state': the key 'epoch' occurs twice", header_of(
    lambda f: f.header["__metadata__"].update(state=f.header["__metadata__"]["state"].replace("{", '{"epoch": 1, ', 1))))
checkpoint("with_junk_behind_a_zero_byte", r"the header: malformed JSON at byte \d+: a zero byte; ",
           lambda path: (lambda f: f.write(path, json.dumps(f.header).encode() + b"\0junk"))(program.Safetensors(path)))
checkpoint("with_spoilt_words", r"metadata 'words': expected a list of strings$", metadata("words", '["[PAD]", 3]'))
checkpoint("with_words_that_repeat", r"vocabulary: 'the' .*twice", header_of(lambda f: f.header["__metadata__"].update(
    words=f.header["__metadata__"]["words"].replace('"song"', '"the"'))))
checkpoint("with_spoilt_tags", r"metadata 'tags': malformed JSON at byte 3: ", metadata("tags", "[]]"))
checkpoint("with_a_spoilt_state", r"state: epoch: found '\"x\"'; expected a whole number, 0 or more$", metadata("state", '{"epoch": "x"}'))
checkpoint("to_predict_with", r"tensor 'embedding\.word\.core\.1': data_offsets ", bytes_of(lambda b: b[: len(b) // 2]), (*PREDICT, "play the song"))
checkpoint("to_start_from", r"tensor 'embedding\.word\.core\.1': data_offsets ", bytes_of(lambda b: b[: len(b) // 2]),
           ("train", "--from", "model.safetensors", "--data", "data", "--out", "run"))


@case(r"old/last\.safetensors")
def resuming_a_cut_checkpoint(directory):
    path = directory / "old/last.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    return (*OLD, "--resume")


# --- Runs.


cases("run_that_is_there", r"old: this directory already holds a run; continue it with --resume, or ", OLD)
cases("resuming_with_another_configuration", r'its configuration has "epochs = 1" in \[training\], this one has "epochs = 9"; ', (*NANO, "--epochs", "9", "--out", "old", "--resume"))
cases("resuming_with_another_way_to_pad", r"it was started without padding to all tokens; ", (*OLD, "--resume", "--pad"))


@case(r"old/last\.safetensors: this run cannot be resumed: the sentences of train or valid are not those it was ")
def resuming_with_other_data(directory):
    with open(directory / "data/train/seq.in", "r+") as file:
        file.write("stop")  # it was "play"
    return (*OLD, "--resume")


cases("budget_that_is_too_small", r"memory: a budget of 10000 bytes is too small for a training step of nano; ", (*TRAIN, "--memory", "10kB"),
      ("plan", "--config", "nano", "--memory", "10kB"))
cases("budget_that_is_no_size", r"--memory: found 'lots'; expected a size such as 4096, 64kB, ", (*TRAIN, "--memory", "lots"))

# --- Command lines.

cases("no_command", r"no command", ())
cases("unknown_command", r"unknown command 'trian'; did you mean 'train'\?", ("trian",))
cases("unknown_option", r"unknown option '--epocs'; did you mean '--epochs'\?", (*TRAIN, "--epocs", "3"))
cases("option_without_value", r"--epochs needs a value", ("train", "--epochs"))
cases("number_out_of_range", r"--epochs is '0'; expected a whole number from 1 to 1000000$", (*NANO, "--epochs", "0"))
cases("number_that_is_none", r"--seed is '(-1|1e9|0x7)'; expected a whole number from 0 to 9223372036854775807$", *((*TRAIN, f"--seed={seed}") for seed in ("-1", "1e9", "0x7")))
cases("unknown_order", r'--contraction: no contraction order "fast"; choose matrix, right-to-left, btt or optimal$', (*TRAIN, "--contraction", "fast"))
cases("unknown_format", r"--format is 'sparse'", (*TRAIN, "--format", "sparse"))
cases("unknown_decoding", r"--decode: found 'best'; expected bio or argmax$", (*EVAL, "--decode", "best"))
cases("unknown_split", r"--split: dev not in \{train,valid,test\}$", (*EVAL, "--split", "dev"))
cases("setting_without_value", r"--set is 'training'; expected KEY=VALUE", (*TRAIN, "--set", "training"))
cases("setting_of_an_unknown_key", r"--set:1: unknown key 'training\.epoch'; did you mean 'epochs'\?$", (*TRAIN, "--set", "training.epoch=3"))
cases("setting_of_a_bad_value", r"--set:1: training\.epochs: found 'many'; expected an integer, 1 to 1000000$", (*TRAIN, "--set", "training.epochs=many"))
cases("setting_of_a_deep_key", r"--set:1: a key of more than 16 parts", (*TRAIN, "--set", "a" + ".a" * 50000 + "=1"))
cases("format_with_a_checkpoint", r"--format can't be given with --from: the format is that of model\.safetensors\.",
      ("train", "--from", "model.safetensors", "--format", "dense", "--data", "data", "--out", "run"))
cases("eval_without_checkpoint", r"--checkpoint is required", ("eval",))

# --- Accelerators.

SIMULATED = (*TRAIN, "--device", "sim:nano")
cases("unknown_device", r"--device is 'sim:u5'; expected one of cpu, sim:u50", *((*c, "--device", "sim:u5") for c in (TRAIN, EVAL, (*PREDICT, "play"))))
cases("unknown_accelerator", r"'u5' is not an accelerator; .*u50", *((c, "--device", "u5") for c in ("estimate", "compile", "explore")))
cases("optimizer_that_the_device_lacks", r"training\.optimizer", *((*SIMULATED, "--set", f"training.optimizer={name}") for name in ("momentum", "adamw")))
cases("batch_that_the_device_lacks", r"training\.batch", (*SIMULATED, "--set", "training.batch=4"))
cases("clip_that_the_device_lacks", r"training\.clip", (*SIMULATED, "--set", "training.clip=1"),
      (*SIMULATED, "--set", "training.clip=1", "--set", "training.clip_scope=global"))
cases("smoothing_that_the_device_lacks", r"training\.label_smoothing", (*SIMULATED, "--set", "training.label_smoothing=0.1"))
cases("decay_that_the_device_lacks", r"training\.decay", (*SIMULATED, "--set", "training.decay=0.1"))
cases("budget_with_a_device", r"--memory only applies to --device cpu; sim:nano chooses recomputation by itself\. Remove --memory\.$", (*SIMULATED, "--memory", "3MB"))
cases("model_of_more_tokens_than_lanes", r"32 tokens.*nano has 16", ("train", "--data", "data", "--device", "sim:nano", "--out", "run"),
      ("compile", "--device", "nano", "--out", "x.prog"), ("estimate", "--device", "nano"))
cases("model_that_does_not_fit", r"does not fit accelerator u50-single: \d+ words of (ranks|scalars|tokens) short: it needs \d+, there are \d+", ("compile", "--device", "u50-single", "--set", "model.encoders=24", "--out", "x.prog"),
      ("train", "--data", "data", "--set", "model.encoders=24", "--device", "sim:u50-single", "--out", "run"))
cases("missing_program", r"x\.prog", ("check", "x.prog"))
cases("file_that_is_no_program", r"model\.safetensors.*program", ("check", "model.safetensors"))
cases("sweep_that_is_no_list", r"--rows is '4,'|--rank is '0'", ("explore", "--rows", "4,"), ("explore", "--rank", "0"))
cases("sweep_of_a_dense_model", r"dense", ("explore", "--format", "dense"))
cases("program_in_a_missing_directory", r"nowhere", *(("compile", "--config", "nano", "--device", "nano", option, "nowhere/x") for option in ("--out", "--map", "--listing", "--svg", "--trace")))
cases("one_output_of_many_in_a_missing_directory", r"nowhere", *(
    ("compile", "--config", "nano", "--device", "nano", "--json", "x.json",
     *(word for o in ("--out", "--map", "--listing", "--svg", "--trace") for word in (o, f"{'nowhere/' if o == option else ''}x{o}")))
    for option in ("--out", "--map", "--listing", "--svg", "--trace")))
cases("two_outputs_of_one_name", r"x\.svg", ("compile", "--config", "nano", "--device", "nano", "--svg", "x.svg", "--map", "x.svg"))

# --- Sentences.

cases("sentence_without_words", r"sentence 2: no words; expected a sentence$", (*PREDICT, "play the song", "  "))
cases("line_without_words", r"standard input:2: no words; expected a sentence$", PREDICT, stdin=b"play the song\n\nstop\n")
cases("line_with_invalid_utf8", r"standard input:1: invalid UTF-8 at byte 6 of the line; ", PREDICT, stdin=b"play \xff\xfe\n")
cases("line_with_a_control_character", r"standard input:1: a control character in the word '\\x07'$", PREDICT, stdin=b"play \x07 song\n")
cases("huge_line_to_predict", r"/dev/stdin:1: the line is longer than 1048576 bytes$", PREDICT, stdin=b"a" * 3000000)

# --- Places to write.

cases("json_in_a_missing_directory", r"nowhere/x\.json", (*EVAL, "--json", "nowhere/x.json"),
      (*TRAIN, "--json", "nowhere/x.json"), ("plan", "--json", "nowhere/x.json"))
cases("json_on_a_full_device", r"/dev/full: cannot write: it exists and is not a regular file$", ("plan", "--json", "/dev/full"))
cases("picture_in_a_missing_directory", r"nowhere/x\.svg", ("plan", "--svg", "nowhere/x.svg"),
      ("plan", "--json", "x.json", "--svg", "nowhere/x.svg"),
      ("compile", "--config", "nano", "--device", "nano", "--out", "x.prog", "--svg", "nowhere/x.svg"))
# These errors come before the sweep, which takes minutes.
cases("picture_of_a_sweep_in_a_missing_directory", r"nowhere/x\.svg",
      ("explore", "--json", "x.json", "--svg", "nowhere/x.svg"), timeout=30)
cases("picture_over_a_directory", r"data: cannot write: it exists and is not a regular file$", ("plan", "--svg", "data"))
cases("output_in_place_of_a_file", r"model\.safetensors: cannot make the directory: ", (*NANO, "--out", "model.safetensors"),
      ("data", "generate", "--out", "model.safetensors"))
cases("generated_files_over_others", r"data/train/seq\.in: exists already; ", ("data", "generate", "--out", "data"))


class BadInput(program.ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = tempfile.TemporaryDirectory(prefix="bittern-test-")
        cls.addClassCleanup(cls.template.cleanup)
        program.write_sequences(pathlib.Path(cls.template.name, "data"))
        process = program.run(*OLD, cwd=cls.template.name)
        assert process.returncode == 0, process.stderr
        old = pathlib.Path(cls.template.name, "old")
        shutil.copy(old / "best.safetensors", old.parent / "model.safetensors")

    def setUp(self):
        super().setUp()
        shutil.copytree(self.template.name, self.directory, dirs_exist_ok=True)

    def test_matrix(self):
        self.assertGreaterEqual(len(CASES), 40)
        self.assertEqual(len({name for name, *_ in CASES}), len(CASES), "two cases of one name")
        for name, spoil, pattern, options in CASES:
            with self.subTest(name):
                shutil.rmtree(self.directory)
                shutil.copytree(self.template.name, self.directory)
                self.refuse(pattern, *spoil(self.directory), **options)

    def test_full_standard_output(self):
        for command in (("plan",), ("plan", "--json", "-"), (*PREDICT, "play the song")):
            with open("/dev/full", "wb") as full:
                process = subprocess.run(
                    [program.PROGRAM, *command], cwd=self.directory, stdout=full,
                    stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                )
            self.assertEqual(process.returncode, 2, command)
            self.assertRegex(process.stderr.decode(), "(?i)^bittern: .*no space left on device")

    def limited(self, bytes_):
        return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))}

    def test_disk_that_fills_up(self):
        """The file that did not fit does not exist, and an older one of its name is unchanged."""
        self.refuse(r"(?i)x\.svg.*too large", "plan", "--svg", "x.svg", **self.limited(4096))
        self.refuse(r"(?i)too large", "plan", "--json", "x.json", **self.limited(512))

        # The run's directory may exist before the disk turns out to be full, but it is empty then.
        process = self.run_program(*TRAIN, **self.limited(4096))
        self.assertEqual(process.returncode, 2)
        self.assertRegex(process.stderr, r"(?i)^bittern: run/last\.safetensors.*too large")
        self.assertEqual([p.name for p in (self.directory / "run").glob("*safetensors*")], [])

    @unittest.skipUnless(os.geteuid() == 0, program.WELL_WITHOUT + "a small file system of its own needs root")
    def test_file_system_that_is_full(self):
        mounted = self.directory / "small"
        mounted.mkdir()
        script = 'mount -t tmpfs -o size=48k tmpfs small && "$@"; status=$?; ls -A small/run; exit $status'
        process = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", program.PROGRAM, *NANO, "--out",
             "small/run", "--epochs", "9", "--save-every", "1"],
            cwd=self.directory, capture_output=True, text=True,
        )
        if "mount" in process.stderr or "unshare" in process.stderr:
            self.skipTest(program.WELL_WITHOUT + "no mount here: " + process.stderr.strip())
        self.assertEqual(process.returncode, 2, process.stdout + process.stderr)
        self.assertRegex(process.stderr, r"(?i)^bittern: small/run/\S+: .*no space left")
        left = process.stdout.splitlines()
        self.assertFalse([name for name in left if name.endswith(".tmp")], left)

    def test_directory_that_cannot_be_written(self):
        options = {}
        if os.geteuid() == 0:  # root may write anywhere
            nobody = 65534
            options = {"user": nobody, "group": nobody, "extra_groups": []}
            self.directory.chmod(0o755)
            for path in self.directory.rglob("*"):
                path.chmod(0o755 if path.is_dir() else 0o644)
        else:
            self.directory.chmod(0o555)
            self.addCleanup(self.directory.chmod, 0o755)
        for command in (TRAIN, ("data", "generate", "--out", "corpus"), ("plan", "--svg", "x.svg"),
                        (*EVAL, "--json", "x.json")):
            self.refuse(r"(?i)permission denied", *command, **options)

    def test_loss_that_is_not_finite(self):
        """The run stops, names step and sentence, and leaves good checkpoints."""
        process = self.run_program(
            *TRAIN, "--set", "training.learning_rate=1e6", "--set", "training.schedule=constant"
        )
        self.assertEqual(process.returncode, 2)
        found = re.match(r"bittern: training stopped in epoch 1, update \d+, at sentence (\d+) of train "
                         r"\('(.*)'\): the loss is -?(nan|inf)", process.stderr)
        self.assertTrue(found, process.stderr)
        self.assertEqual(found[2], program.SENTENCES[int(found[1]) - 1][0])
        last = self.directory / "run/last.safetensors"
        process = self.run_program("eval", "--checkpoint", last, "--data", "data")
        self.assertEqual(process.returncode, 0, process.stderr)


    def test_parameter_that_is_not_finite(self):
        """The message names the update, not a sentence."""
        (self.directory / "my.toml").write_text(
            'extends = "nano"\n[training]\nlearning_rate = 1e6\ndecay = 1e6\nschedule = "constant"\n'
            '[[training.rate]]\nparameters = "*"\nfactor = 0\n'
            '[[training.rate]]\nparameters = "intent.head.weight"\nfactor = 1e6\n'
        )
        process = self.run_program("train", "--config", "my.toml", "--data", "data", "--out", "run", "--save-every", "1")
        self.assertEqual(process.returncode, 2)
        self.assertRegex(
            process.stderr,
            r"^bittern: training stopped in epoch 1, after update 3: intent\.head\.weight holds -?(nan|inf); "
            r"run/last\.safetensors keeps the state before\.",
        )
        self.assertNotIn("sentence", process.stderr)

    def test_path_that_is_not_utf8(self):
        """JSON shows invalid bytes of a name as U+FFFD."""
        name = os.fsdecode(b"caf\xe9")
        process = self.run_program("data", "generate", "--out", name, "--json", "-")
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("caf\ufffd", json.dumps(json.loads(process.stdout), ensure_ascii=False))


if __name__ == "__main__":
    unittest.main()
