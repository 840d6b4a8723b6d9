#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares two files of gradients tensor by tensor. The exit status is 1 if one differs too much.

    compare.py OURS.safetensors REFERENCE.safetensors --tolerance 2e-5

A gradient g agrees with the reference g' if |g - g'| <= tolerance * max(|g'|, 1e-6 * |all g'|) in the Euclidean norm.
The tolerance is relative to the tensor. The floor is for gradients that are 0 except for rounding, such as that of a
key's bias. "loss" must agree within tolerance * |loss'|. Both files must have the same names and shapes.
"""

import argparse
import sys

import numpy as np
import safetensors_file

FLOOR = 1e-6


def deviations(ours, reference):
    """Returns {name: |g - g'| / max(|g'|, FLOOR |all g'|)}; NaN where one is not finite."""
    ours, reference = (
        {name: array.astype(np.float64).ravel() for name, array in tensors.items()}
        for tensors in (ours, reference)
    )
    gradients = [gradient for name, gradient in reference.items() if name != "loss"]
    everything = np.sqrt(sum(gradient @ gradient for gradient in gradients))
    result = {}
    for name, expected in reference.items():
        scale = np.linalg.norm(expected)
        if name != "loss":
            scale = max(scale, FLOOR * everything)
        difference = np.linalg.norm(ours[name] - expected)
        result[name] = difference / scale if difference else 0.0
    return result


def check(ours, reference, tolerance, rows=10):
    """Prints the worst tensors. Returns True if all agree."""
    if set(ours) != set(reference):
        print("only in the first file:", sorted(set(ours) - set(reference)))
        print("only in the second file:", sorted(set(reference) - set(ours)))
        return False
    for name, expected in reference.items():
        if ours[name].shape != expected.shape:
            print(f"{name}: shape {ours[name].shape}, expected {expected.shape}")
            return False
    found = deviations(ours, reference)
    worst = sorted(found, key=lambda n: -found[n] if np.isfinite(found[n]) else -np.inf)
    failed = [name for name in worst if not found[name] <= tolerance]
    print(f"{'deviation':>10}  {'|reference|':>11}  name")
    for name in worst[: max(rows, len(failed))]:
        mark = "  FAILED" if name in failed else ""
        norm = np.linalg.norm(reference[name].astype(np.float64))
        print(f"{found[name]:10.2e}  {norm:11.4e}  {name}{mark}")
    print(f"{len(found) - len(failed)} of {len(found)} tensors agree within {tolerance:g}")
    return not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ours")
    parser.add_argument("reference")
    parser.add_argument("--tolerance", type=float, default=2e-5)
    arguments = parser.parse_args()
    ours, _ = safetensors_file.read(arguments.ours)
    reference, _ = safetensors_file.read(arguments.reference)
    sys.exit(0 if check(ours, reference, arguments.tolerance) else 1)


if __name__ == "__main__":
    main()
