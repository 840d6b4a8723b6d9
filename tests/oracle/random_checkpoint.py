#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a checkpoint with random parameters, so that the oracle can run without the engine.

    random_checkpoint.py --preset atis-2enc --format tensor --seed 1 --out A.safetensors
"""

import argparse
import dataclasses
import json
import math

import numpy as np
import safetensors_file


@dataclasses.dataclass
class Shape:
    encoders: int
    heads: int
    tokens: int
    word_modes: tuple
    hidden_modes: tuple  # modes of an output; an input has them in reverse
    embedding_rank: int
    rank: int
    intents: int = 26
    tags: int = 127
    composed_deviation: float = 0.036  # deviation of the composed matrix
    dense_deviation: float = 0.02  # deviation of dense tables, heads and biases


# The same as in configs/*.toml.
PRESETS = {
    "nano": Shape(1, 2, 16, (4, 4, 4), (4, 2, 4), 4, 4, composed_deviation=0.18,
                  dense_deviation=0.1),
    "atis-2enc": Shape(2, 12, 32, (10, 10, 10), (12, 8, 8), 30, 12),
    "atis-4enc": Shape(4, 12, 32, (10, 10, 10), (12, 8, 8), 30, 12),
    "atis-6enc": Shape(6, 12, 32, (10, 10, 10), (12, 8, 8), 30, 12),
}


def parameter_shapes(shape, tensor_format):
    """Returns {name: dimensions} under the names of model.py."""
    hidden = math.prod(shape.hidden_modes)
    shapes = {}

    def add_cores(prefix, modes, rank):
        ranks = [1] + [rank] * (len(modes) - 1) + [1]
        for k, mode in enumerate(modes):
            shapes[f"{prefix}.core.{k}"] = (ranks[k], *mode, ranks[k + 1])

    def add_map(prefix):
        if tensor_format == "dense":
            shapes[f"{prefix}.weight"] = (hidden, hidden)
        elif tensor_format == "ttm":
            add_cores(prefix, list(zip(shape.hidden_modes, shape.hidden_modes)), shape.rank)
        else:
            modes = shape.hidden_modes + shape.hidden_modes[::-1]
            add_cores(prefix, [(mode,) for mode in modes], shape.rank)
        shapes[f"{prefix}.bias"] = (hidden,)

    if tensor_format == "dense":
        shapes["embedding.word.weight"] = (math.prod(shape.word_modes), hidden)
    else:
        modes = list(zip(shape.word_modes, shape.hidden_modes))
        add_cores("embedding.word", modes, shape.embedding_rank)
    shapes["embedding.position"] = (hidden, shape.tokens)
    for i in range(shape.encoders):
        for name in ("query", "key", "value", "output"):
            add_map(f"encoder.{i}.attention.{name}")
        for name in ("inner", "outer"):
            add_map(f"encoder.{i}.feed_forward.{name}")
        for part in ("attention", "feed_forward"):
            shapes[f"encoder.{i}.{part}.norm.gain"] = (hidden,)
            shapes[f"encoder.{i}.{part}.norm.shift"] = (hidden,)
    for branch, labels in (("intent", shape.intents), ("slot", shape.tags)):
        add_map(f"{branch}.map")
        shapes[f"{branch}.head.weight"] = (labels, hidden)
        shapes[f"{branch}.head.bias"] = (labels,)
    return shapes


def random_values(shapes, deviations, seed):
    """Returns {name: float32 array} for {name: dimensions}; what a tensor is follows from its name.

    deviations: a Shape, of which only the two deviations are read.
    """
    generator = np.random.default_rng(seed)

    def deviation(name):
        prefix, core, _ = name.partition(".core.")
        if core:
            chain = [d for n, d in shapes.items() if n.startswith(f"{prefix}.core.")]
            # A composed number sums prod(ranks) products of len(chain) core numbers.
            variance = deviations.composed_deviation**2 / math.prod(d[-1] for d in chain)
            return variance ** (0.5 / len(chain))
        matrix = name.endswith(".weight") and not name.endswith(".head.weight")
        # Biases and shifts are not 0, so that a test sees them.
        return deviations.composed_deviation if matrix else deviations.dense_deviation

    arrays = {}
    for name, dimensions in shapes.items():
        mean = 1.0 if name.endswith(".gain") else 0.0
        arrays[name] = generator.normal(mean, deviation(name), dimensions).astype(np.float32)
    return arrays


def random_arrays(shape, tensor_format, seed):
    """Returns {name: float32 array} under the names of model.py."""
    return random_values(parameter_shapes(shape, tensor_format), shape, seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PRESETS, default="nano")
    parser.add_argument("--format", choices=("tensor", "ttm", "dense"), default="tensor")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    shape = PRESETS[arguments.preset]
    arrays = random_arrays(shape, arguments.format, arguments.seed)
    metadata = {"config": json.dumps({"model": {"heads": shape.heads}})}
    safetensors_file.write(arguments.out, arrays, metadata)


if __name__ == "__main__":
    main()
