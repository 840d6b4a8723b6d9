#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Times one training step of the 2-encoder model in PyTorch eager, on one thread.

    pytorch_step.py --examples sentences.jsonl              measures everything, prints medians
    pytorch_step.py --examples sentences.jsonl --serve      measures on request

A step consists of zero_grad, forward, loss, backward and the SGD update, for one sentence. The model is that of
tests/oracle/model.py. "padded" has 32 distinct tokens. All of them are real, so that no time is spent on a mask.
"unpadded" uses the sentences of --examples (JSON lines {"ids", "tags", "intent"}) in their own lengths. The orders are
dense, right-to-left, btt, optimal, and

    btt-stacked, optimal-stacked    the cores of all 14 maps are stored as one tensor for each position
                                    ([map, r_prev, mode, r_next]) and merged by batched products

Times are processor times of this process, so that other processes do not count.

--serve prints one line about PyTorch, then "ready". For each line of standard input such as "btt padded 20" it runs 20
steps and prints their mean in milliseconds. So another program can take turns with this one.

This program uses everything that a user can do for speed: OpenBLAS, merged cores, the bias added inside a matrix
product, gradients that are moved instead of accumulated, and one fused call for the update. It also keeps freed
memory in the process; otherwise large gradients would be mapped and cleared again in each step. These were
tried and are no faster: torch.optim.SGD(foreach=True), sparse gradients of the dense word table, OPENBLAS_CORETYPE,
ATEN_CPU_CAPABILITY=avx512.
"""

import argparse
import ctypes
import itertools
import math
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "oracle"))

import runtime  # noqa: E402  first: it sets the number of threads
import model  # noqa: E402
import random_checkpoint  # noqa: E402
import torch  # noqa: E402

SHAPE = random_checkpoint.PRESETS["atis-2enc"]
LEARNING_RATE = 1e-3
SETTLING_STEPS = 3
ORDERS = ("dense", "right-to-left", "btt", "optimal", "btt-stacked", "optimal-stacked")
STACKED = "-stacked"


def keep_freed_memory():
    """Makes glibc's malloc reuse large blocks instead of returning them to the kernel."""
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_threshold, 1 << 30)
    libc.mallopt(trim_threshold, 1 << 30)


def batched_join(left, right):
    """[map, a, m, b] . [map, b, n, c] -> [map, a, m n, c]"""
    maps, a, _, b = left.shape
    product = left.reshape(maps, -1, b) @ right.reshape(maps, b, -1)
    return product.reshape(maps, a, -1, right.shape[3])


class StackedCores:
    """The cores of all maps of a model: one leaf tensor for each position, merged once in each step."""

    def __init__(self, transformer, contraction):
        self.contraction = contraction
        self.maps = [transformer.intent_map, transformer.slot_map]
        for encoder in transformer.encoders:
            self.maps += [encoder.query, encoder.key, encoder.value, encoder.output]
            self.maps += [encoder.inner, encoder.outer]
        positions = zip(*(tensor_map.outputs + tensor_map.inputs for tensor_map in self.maps))
        self.cores = [torch.stack([c.detach() for c in cores]) for cores in positions]
        for cores in self.cores:
            cores.requires_grad_()
        for tensor_map in self.maps:
            tensor_map.contraction = "right-to-left"  # the order for the merged cores

    def merge(self):
        """Gives every map its merged cores."""
        g1, g2, g3, g4, g5, g6 = self.cores
        p, q = batched_join(g1, g2), batched_join(g5, g6)
        if self.contraction == "btt":
            outputs, inputs = [batched_join(p, g3)], [batched_join(g4, q)]
        else:
            outputs, inputs = [p, g3], [g4, q]
        outputs = zip(*(cores.unbind() for cores in outputs))
        inputs = zip(*(cores.unbind() for cores in inputs))
        for tensor_map, left, right in zip(self.maps, outputs, inputs):
            tensor_map.outputs, tensor_map.inputs = left, right


class Trainer:
    """One model in one order. It uses the sentences of each kind in turn."""

    def __init__(self, order, sentences):
        self.sentences = {kind: itertools.cycle(examples) for kind, examples in sentences.items()}
        arrays = random_checkpoint.random_arrays(
            SHAPE, "dense" if order == "dense" else "tensor", seed=1
        )
        parameters = model.parameters_from_arrays(arrays)
        contraction = "btt" if order == "dense" else order.removesuffix(STACKED)
        self.transformer = model.Transformer(
            parameters, model.ModelOptions(SHAPE.heads), contraction)
        self.leaves = list(parameters.values())
        self.stacked = None
        if order.endswith(STACKED):
            self.stacked = StackedCores(self.transformer, contraction)
            self.leaves = self.stacked.cores + [
                p for n, p in parameters.items() if ".core." not in n or n.startswith("embedding.")
            ]

    def loss(self, example):
        if self.stacked:
            self.stacked.merge()
        return self.transformer.loss(example)

    def step(self, example):
        for leaf in self.leaves:
            leaf.grad = None
        self.loss(example).backward()
        with torch.no_grad():
            gradients = [leaf.grad for leaf in self.leaves]
            torch._foreach_add_(self.leaves, gradients, alpha=-LEARNING_RATE)

    def milliseconds(self, kind, steps):
        """The mean time of a step, after a few steps that fill the caches again."""
        for example in itertools.islice(self.sentences[kind], SETTLING_STEPS):
            self.step(example)
        examples = list(itertools.islice(self.sentences[kind], steps))
        begin = time.process_time()
        for example in examples:
            self.step(example)
        return (time.process_time() - begin) / steps * 1e3


def distinct_tokens():
    """A sentence that fills the model: [CLS] and 31 different words, every one with a tag."""
    generator = torch.Generator().manual_seed(1)
    words = 3 + torch.randperm(math.prod(SHAPE.word_modes) - 3, generator=generator)
    tags = torch.randint(SHAPE.tags, (SHAPE.tokens - 1,), generator=generator)
    return model.Example(
        ids=torch.cat([torch.tensor([2]), words[: SHAPE.tokens - 1]]),
        tags=torch.cat([torch.tensor([model.IGNORED]), tags]),
        intent=torch.tensor([0]),
        real_tokens=SHAPE.tokens,
    )


def warm_up(trainers, sentences):
    """Runs ten steps of each order. They start equal, so all orders except dense must then have the same loss."""
    losses = {}
    for order, trainer in trainers.items():
        for kind in sentences:
            trainer.milliseconds(kind, steps=10)
        losses[order] = trainer.loss(sentences["padded"][0]).item()
    for order, loss in losses.items():
        if order != "dense" and not math.isclose(loss, losses["btt"], rel_tol=1e-4):
            sys.exit(f"the losses after the same steps differ: {losses}")


def serve(trainers):
    print("ready", flush=True)
    for line in sys.stdin:
        order, kind, steps = line.split()
        print(f"{trainers[order].milliseconds(kind, int(steps)):.4f}", flush=True)


def report(trainers, kinds, rounds, steps):
    """Measures the orders in turn, so that other load on the machine slows all of them equally."""
    times = {(order, kind): [] for order in trainers for kind in kinds}
    for _ in range(rounds):
        for (order, kind), found in times.items():
            found.append(trainers[order].milliseconds(kind, steps))
    print(f"{'order':16} {'sentences':10} {'median ms':>9} {'fastest':>9}")
    for (order, kind), found in times.items():
        print(f"{order:16} {kind:10} {statistics.median(found):9.2f} {min(found):9.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", help="JSON lines, for unpadded")
    parser.add_argument("--serve", action="store_true", help="measure on request")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=20, help="of one order in one round")
    arguments = parser.parse_args()

    blas = runtime.blas_in_use()
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} thread, {blas}", flush=True)
    if not blas.startswith("OpenBLAS"):
        sys.exit("PyTorch's time means nothing without OpenBLAS: install libopenblas0-openmp")
    keep_freed_memory()
    sentences = {"padded": [distinct_tokens()]}
    if arguments.examples:
        with open(arguments.examples, encoding="utf-8") as file:
            sentences["unpadded"] = [model.Example.from_json(line) for line in file]
    trainers = {order: Trainer(order, sentences) for order in ORDERS}
    warm_up(trainers, sentences)
    if arguments.serve:
        serve(trainers)
    else:
        report(trainers, sentences, arguments.rounds, arguments.steps)


if __name__ == "__main__":
    main()
