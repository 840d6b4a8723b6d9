#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the loss of every step of plain SGD at a fixed rate, for comparison with the engine's.

    losses.py --checkpoint A.safetensors --examples sentences.jsonl --steps 50 \\
        --learning-rate 0.01 --out losses.json

Step i uses line i mod lines. A line is an example as in gradients.py. The loss is computed before the step's update.
The output is one JSON list.
"""

import json
import sys

import command_line
import model
import runtime
import torch


def main():
    parser = command_line.parser(__doc__.splitlines()[0])
    parser.add_argument("--examples", required=True, help="JSON lines, one sentence each")
    parser.add_argument("--steps", type=int, help="default: one for each sentence")
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--out", required=True, help="JSON file to write")
    arguments = parser.parse_args()

    transformer = command_line.load_model(arguments)
    options = command_line.loss_options(arguments)
    pad_to = transformer.tokens if arguments.pad else 0
    with open(arguments.examples, encoding="utf-8") as file:
        examples = [model.Example.from_json(line, pad_to) for line in file if line.strip()]

    losses = []
    for step in range(arguments.steps or len(examples)):
        example = examples[step % len(examples)]
        loss, gradients = transformer.loss_and_gradients(example, options)
        losses.append(loss.item())
        with torch.no_grad():
            for name, parameter in transformer.parameters.items():
                parameter -= arguments.learning_rate * gradients[name]
    with open(arguments.out, "w", encoding="utf-8") as file:
        json.dump(losses, file)
        file.write("\n")
    print(f"{len(losses)} steps, loss {losses[0]:.6g} to {losses[-1]:.6g}; {runtime.blas_in_use()}",
          file=sys.stderr)


if __name__ == "__main__":
    main()
