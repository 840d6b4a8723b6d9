#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of the oracle itself: python3 -m unittest discover -s tests/oracle"""

import dataclasses
import itertools
import json
import math
import os
import tempfile
import unittest

import compare
import model
import numpy as np
import random_checkpoint
import safetensors_file
import torch

NANO = random_checkpoint.Shape(2, 2, 6, (2, 3, 4), (2, 2, 3), 3, 2, intents=3, tags=5)
OPTIONS = model.ModelOptions(NANO.heads)
# Word 7 occurs twice, so gradients of its slices add up. One word has no known tag.
SENTENCE = {"ids": [2, 7, 11, 7, 4], "tags": [-1, 3, -1, 0, 4], "intent": 2}


def nano_arrays(**changes):
    shape = dataclasses.replace(NANO, **changes)
    arrays = random_checkpoint.random_arrays(shape, "tensor", seed=1)
    # A map's six cores make numbers near 0.6 instead of 0.036: far from linear, well conditioned.
    return {name: array * (1.6 if ".core." in name else 1) for name, array in arrays.items()}


def nano_parameters(**changes):
    return model.parameters_from_arrays(nano_arrays(**changes), torch.float64)


def example(pad_to=0, **changes):
    return model.Example.from_json(json.dumps({**SENTENCE, **changes}), pad_to)


def composed_matrix(cores, output_cores):
    """W by its definition, one number at a time: W[i, j] = G1[i1] ... Gd[jd]."""
    modes = [core.shape[1] for core in cores]
    values = [
        torch.linalg.multi_dot([core[:, index] for core, index in zip(cores, indices)]).item()
        for indices in itertools.product(*map(range, modes))  # the last index runs fastest
    ]
    return torch.tensor(values, dtype=torch.float64).reshape(math.prod(modes[:output_cores]), -1)


def reconstructed(parameters):
    """The same model with every train of cores replaced by its dense tensor."""
    dense = {name: p for name, p in parameters.items() if ".core." not in name}
    for prefix in sorted({n.rsplit(".core.")[0] for n in parameters if ".core." in n}):
        count = sum(name.startswith(f"{prefix}.core.") for name in parameters)
        cores = [parameters[f"{prefix}.core.{k}"].detach() for k in range(count)]
        if prefix == "embedding.word":
            rows = [
                composed_matrix([core[:, v] for core, v in zip(cores, word)], count)
                for word in itertools.product(*(range(core.shape[1]) for core in cores))
            ]
            dense[f"{prefix}.weight"] = torch.cat([row.reshape(1, -1) for row in rows])
        else:
            dense[f"{prefix}.weight"] = composed_matrix(cores, count // 2)
    return {name: p.detach().requires_grad_() for name, p in dense.items()}


class ModelTest(unittest.TestCase):
    def assert_close(self, actual, expected, tolerance=1e-12):
        difference = (actual - expected).norm().item()
        self.assertLessEqual(difference, tolerance * max(expected.norm().item(), 1e-3))

    def test_every_contraction_equals_the_dense_reconstruction(self):
        parameters = nano_parameters()
        dense = model.Transformer(reconstructed(parameters), OPTIONS)
        expected_loss, expected = dense.loss_and_gradients(example())
        reference = None
        for contraction in model.CONTRACTIONS:
            with self.subTest(contraction):
                tensor = model.Transformer(parameters, OPTIONS, contraction)
                for actual, logits in zip(tensor(example()), dense(example())):
                    self.assert_close(actual, logits)
                loss, gradients = tensor.loss_and_gradients(example())
                self.assert_close(loss, expected_loss)
                for name in set(gradients) & set(expected):
                    self.assert_close(gradients[name], expected[name])
                reference = reference or gradients
                for name, gradient in gradients.items():
                    self.assert_close(gradient, reference[name])

    def test_other_numbers_of_cores(self):
        generator = torch.Generator().manual_seed(1)
        for outputs, inputs in (((6,), (4,)), ((3, 2), (2, 2)), ((6,), (2, 3, 2)),
                                ((2, 3, 2, 2), (2, 2, 3, 2))):
            modes = outputs + inputs
            ranks = [1] + [2 + k % 2 for k in range(len(modes) - 1)] + [1]
            cores = [
                torch.randn(ranks[k], mode, ranks[k + 1], dtype=torch.float64, generator=generator)
                for k, mode in enumerate(modes)
            ]
            matrix = composed_matrix(cores, len(outputs))
            bias = torch.randn(matrix.shape[0], dtype=torch.float64, generator=generator)
            for contraction, tokens in itertools.product(model.CONTRACTIONS, (1, 5)):
                with self.subTest(modes=(outputs, inputs), order=contraction, tokens=tokens):
                    x = torch.randn(tokens, matrix.shape[1], dtype=torch.float64)
                    tensor_map = model.TensorTrainMap(cores, bias, contraction)
                    self.assert_close(tensor_map(x), x @ matrix.T + bias)

    def test_gradients_agree_with_finite_differences(self):
        parameters = nano_parameters(encoders=1)
        options = model.LossOptions("sum", 0.2, 1.3, label_smoothing=0.1)
        for contraction in model.CONTRACTIONS:
            with self.subTest(contraction):
                def loss(*tensors):
                    named = dict(zip(parameters, tensors))
                    transformer = model.Transformer(named, OPTIONS, contraction)
                    return transformer.loss(example(), options)

                self.assertTrue(torch.autograd.gradcheck(loss, tuple(parameters.values())))

    def test_padding_has_no_effect(self):
        transformer = model.Transformer(nano_parameters(), OPTIONS)
        loss, gradients = transformer.loss_and_gradients(example())
        padded_loss, padded_gradients = transformer.loss_and_gradients(example(pad_to=NANO.tokens))
        self.assert_close(padded_loss, loss)
        for name, gradient in gradients.items():
            self.assert_close(padded_gradients[name], gradient)
        self.assertFalse(padded_gradients["embedding.position"][:, len(SENTENCE["ids"]):].any())

    def test_loss_is_the_documented_sum(self):
        transformer = model.Transformer(nano_parameters(), OPTIONS)
        smoothing = 0.1

        def cross_entropy(logits, label):
            target = torch.full_like(logits, smoothing / len(logits))
            target[label] += 1 - smoothing
            return -(target * torch.log(logits.exp() / logits.exp().sum())).sum()

        intent, slots = transformer(example())
        words = [(row, tag) for row, tag in zip(slots, SENTENCE["tags"]) if tag != -1]
        intent_loss = cross_entropy(intent[0], SENTENCE["intent"])
        slot_loss = sum(cross_entropy(row, tag) for row, tag in words)
        for slot_form, divisor in (("sum", 1), ("mean", len(words))):
            options = model.LossOptions(slot_form, 0.2, 1.3, smoothing)
            expected = 1.3 * intent_loss + 0.2 * slot_loss / divisor
            self.assert_close(transformer.loss(example(), options), expected)

    def test_either_task_alone(self):
        transformer = model.Transformer(nano_parameters(), OPTIONS)
        both = transformer.loss(example())
        _, without_intent = transformer.loss_and_gradients(example(intent=-1))
        self.assertFalse(without_intent["intent.head.weight"].any())
        intent_only, without_tags = transformer.loss_and_gradients(example(tags=[-1] * 5))
        self.assertFalse(without_tags["slot.head.weight"].any())
        self.assert_close(transformer.loss(example(intent=-1)) + intent_only, both)

    def test_parameter_counts(self):
        for preset, tensor_format, expected in (
            ("atis-2enc", "tensor", 305_673),
            ("atis-4enc", "tensor", 379_785),
            ("atis-6enc", "tensor", 453_897),
            ("atis-2enc", "dense", 9_184_665),
        ):
            shape = random_checkpoint.PRESETS[preset]
            arrays = random_checkpoint.random_arrays(shape, tensor_format, seed=1)
            self.assertEqual(sum(array.size for array in arrays.values()), expected)


class CompareTest(unittest.TestCase):
    def test_tolerates_and_rejects(self):
        reference = {"loss": np.array([2.0]), "a": np.array([3.0, 4.0]), "b": np.zeros(2)}

        def accepts(**changes):
            return compare.check({**reference, **changes}, reference, tolerance=1e-3)

        self.assertTrue(accepts())
        self.assertTrue(accepts(a=np.array([3.004, 4.0])))
        self.assertFalse(accepts(a=np.array([3.006, 4.0])))
        self.assertTrue(accepts(b=np.array([4e-9, 0.0])))  # below 1e-3 * 1e-6 * |(3, 4)|
        self.assertFalse(accepts(b=np.array([6e-9, 0.0])))
        self.assertFalse(accepts(loss=np.array([2.003])))
        self.assertFalse(accepts(a=np.array([np.nan, 4.0])))
        self.assertFalse(accepts(a=np.array([3.0, 4.0, 0.0])))
        self.assertFalse(accepts(c=np.zeros(1)))

    def test_safetensors_round_trip(self):
        tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros((0,), np.int64)}
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "a.safetensors")
            safetensors_file.write(path, tensors, {"config": "{}"})
            read, metadata = safetensors_file.read(path)
        self.assertEqual(metadata, {"config": "{}"})
        self.assertEqual(list(read), list(tensors))
        for name, array in tensors.items():
            self.assertEqual(read[name].dtype, array.dtype)
            np.testing.assert_array_equal(read[name], array)


if __name__ == "__main__":
    unittest.main()
