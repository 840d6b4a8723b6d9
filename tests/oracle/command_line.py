# SPDX-License-Identifier: Apache-2.0
"""The common arguments of the oracle's programs: model, precision and loss."""

import argparse
import json

import model
import safetensors_file
import torch


def parser(description):
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--checkpoint", required=True, help="safetensors file with the parameters")
    result.add_argument("--heads", type=int, help="default: as the checkpoint says")
    result.add_argument(
        "--output-cores", type=int, help="cores of a map's output; default: from the length of its bias"
    )
    result.add_argument("--contraction", choices=model.CONTRACTIONS, default="btt")
    result.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    result.add_argument("--pad", action="store_true", help="pad to the model's number of tokens")
    result.add_argument("--slot-loss", choices=("mean", "sum"), default="mean")
    result.add_argument("--slot-weight", type=float, default=1.0)
    result.add_argument("--intent-weight", type=float, default=1.0)
    result.add_argument("--label-smoothing", type=float, default=0.0)
    return result


def load_model(arguments):
    """Returns the model of --checkpoint.

    Its options are from "config" in __metadata__: {"model": {"heads": n, ...}}.
    """
    arrays, metadata = safetensors_file.read(arguments.checkpoint)
    options = json.loads(metadata.get("config", "{}")).get("model", {})
    if arguments.heads:
        options["heads"] = arguments.heads
    if "heads" not in options:
        raise SystemExit(f"{arguments.checkpoint} does not say how many heads: give --heads")
    return model.Transformer(
        model.parameters_from_arrays(arrays, getattr(torch, arguments.dtype)),
        options=model.ModelOptions(**options),
        contraction=arguments.contraction,
        output_cores=arguments.output_cores,
    )


def loss_options(arguments):
    return model.LossOptions(
        arguments.slot_loss,
        arguments.slot_weight,
        arguments.intent_weight,
        arguments.label_smoothing,
    )
