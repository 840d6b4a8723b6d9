#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the loss of one sentence and every gradient, for comparison with the engine's.

    gradients.py --checkpoint A.safetensors --example example.json --dump B.safetensors

example.json is {"ids": [2, 17, ...], "tags": [-1, 4, ...], "intent": 3}. Token 0 is [CLS]. A tag or an intent of -1
does not count in the loss. B has "loss" (one number), and each gradient with its parameter's name and shape.
"""

import sys

import command_line
import model
import runtime
import safetensors_file


def main():
    parser = command_line.parser(__doc__.splitlines()[0])
    parser.add_argument("--example", required=True, help="JSON file with one sentence")
    parser.add_argument("--dump", required=True, help="safetensors file to write")
    arguments = parser.parse_args()

    transformer = command_line.load_model(arguments)
    with open(arguments.example, encoding="utf-8") as file:
        pad_to = transformer.tokens if arguments.pad else 0
        example = model.Example.from_json(file.read(), pad_to)
    loss, gradients = transformer.loss_and_gradients(
        example, command_line.loss_options(arguments)
    )
    tensors = {"loss": loss.reshape(1), **gradients}
    safetensors_file.write(arguments.dump, {name: t.numpy() for name, t in tensors.items()})
    print(f"loss {loss.item():.9g}, {len(gradients)} gradients; {runtime.blas_in_use()}",
          file=sys.stderr)


if __name__ == "__main__":
    main()
