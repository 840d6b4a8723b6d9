# SPDX-License-Identifier: Apache-2.0
"""The engine's Transformer in PyTorch. It is the reference for losses and gradients.

The model classifies the intent and fills the slots of one sentence. Token 0 is [CLS]. Parameters have the names and
shapes of a checkpoint:

    embedding.word.core.{k}     [r_prev, v, d, r_next]    (dense: embedding.word.weight [V, D])
    embedding.position          [hidden, tokens]
    encoder.{i}.attention.{query,key,value,output}        a map
    encoder.{i}.attention.norm.{gain,shift}               [hidden]
    encoder.{i}.feed_forward.{inner,outer}                a map
    encoder.{i}.feed_forward.norm.{gain,shift}            [hidden]
    final_norm.{gain,shift}                               [hidden], with norms before the branches
    intent.map, slot.map                                  a map
    {intent,slot}.head.{weight,bias}                      [labels, hidden], [labels]

The options of ModelOptions are those of the configuration's section [model].

A map M x N is {core.{k} [r_prev, mode, r_next], bias [M]}, as TTM {core.{k} [r_prev, m, n, r_next],
bias}, or dense {weight [M, N], bias}.

Activations are token-major here ([token][feature]) and feature-major in the engine. Only embedding.position shows the
difference. Autograd computes all gradients, so an error in the engine's backward pass can't be repeated here. Dropout
is left out.

Source: arXiv 2501.06663.
"""

import dataclasses
import functools
import itertools
import json
import math

import runtime  # first: it sets the number of threads  # noqa: F401
import torch
import torch.nn.functional as F

IGNORED = -1  # a tag or an intent that does not count in the loss
PAD = 0
NORM_EPSILON = 1e-5
CONTRACTIONS = ("matrix", "right-to-left", "btt", "optimal")
PARAMETER_PREFIXES = ("embedding.", "encoder.", "final_norm.", "intent.", "slot.")
OPTIMIZER_SUFFIXES = (".momentum", ".first", ".second")  # after the parameter's name


# ----------------------------------------------------------------------------- tensor-train formats


def join(left, right):
    """Merges two neighbouring cores: [a, m, b] . [b, n, c] -> [a, m n, c]."""
    product = left.reshape(-1, left.shape[-1]) @ right.reshape(right.shape[0], -1)
    return product.reshape(left.shape[0], -1, right.shape[-1])


def merge_from_left(cores):
    return functools.reduce(join, cores)


def merge_from_right(cores):
    return functools.reduce(lambda right, left: join(left, right), reversed(cores))


def absorb(state, core):
    """Sums an input mode and the bond to its right.

    [token, ..., n, r_next] . core [r_prev, n, r_next] -> [token ..., r_prev]
    """
    return state.reshape(-1, core.shape[1] * core.shape[2]) @ core.reshape(core.shape[0], -1).T


def emit(state, core):
    """Sums the bond to an output core's right and puts its mode before those of earlier cores.

    core [r_prev, m, r_next] . [r_next, done ... token] -> [r_prev m, done ... token]
    """
    return core.reshape(-1, core.shape[2]) @ state.reshape(core.shape[2], -1)


class TensorTrainMap:
    """y = W x + b, W[i, j] = G1[i1] ... Gd[jd]; first index most significant.

    The first `output_cores` cores carry W's row index, the others its column index. All orders are
    one algorithm on differently merged cores. With three and three cores (A, B, P, Q, U, Z, V as in
    the engine's documents):

        right-to-left  output G1, G2, G3      input G4, G5, G6
        optimal        output P = G1 G2, G3   input G4, Q = G5 G6
                       U = Q X, Z = G4 U, V = G3 Z, Y = P V (right-to-left for a single token)
        btt            output A = G1 G2 G3    input B = G4 G5 G6
                       Z = B X, Y = A Z
        matrix         W itself
    """

    def __init__(self, cores, bias, contraction, output_cores=None):
        if contraction not in CONTRACTIONS:
            raise ValueError(f"contraction {contraction!r}: expected one of {CONTRACTIONS}")
        if output_cores is None:
            output_cores = self._output_cores(cores, bias)
        self.outputs, self.inputs = cores[:output_cores], cores[output_cores:]
        self.bias = bias
        self.contraction = contraction

    @staticmethod
    def _output_cores(cores, bias):
        """The number of leading cores whose modes multiply to the bias's length."""
        sizes = itertools.accumulate((core.shape[1] for core in cores), lambda a, b: a * b)
        return list(sizes).index(bias.shape[0]) + 1

    def matrix(self):
        """W, M x N."""
        left, right = merge_from_left(self.outputs), merge_from_right(self.inputs)
        return left.reshape(-1, left.shape[2]) @ right.reshape(right.shape[0], -1)

    def factors(self, tokens):
        """Returns (output cores, input cores), merged for this contraction."""
        outputs, inputs, contraction = self.outputs, self.inputs, self.contraction
        if contraction == "optimal" and tokens == 1:
            contraction = "right-to-left"  # the optimum for a single token
        if contraction == "btt":
            return [merge_from_left(outputs)], [merge_from_right(inputs)]
        if contraction == "optimal":
            if len(outputs) > 2:
                outputs = [merge_from_left(outputs[:-1]), outputs[-1]]
            if len(inputs) > 2:
                inputs = [inputs[0], merge_from_right(inputs[1:])]
        return outputs, inputs

    def __call__(self, x):
        """[token, N] -> [token, M]"""
        if self.contraction == "matrix":
            return F.linear(x, self.matrix(), self.bias)
        outputs, inputs = self.factors(tokens=x.shape[0])
        state = x
        for core in reversed(inputs):
            state = absorb(state, core)
        if len(outputs) == 1:
            return F.linear(state, outputs[0].squeeze(0), self.bias)
        # The modes of the output are added one by one in front, so the token index is last until the end.
        state = state.T
        for core in reversed(outputs):
            state = emit(state, core)
        return state.reshape(-1, x.shape[0]).T.contiguous() + self.bias


class BlockMap:
    """y = W x + b, W[i, j] = G1[i1, j1] ... Gd[id, jd]; first index most significant. W is composed."""

    def __init__(self, cores, bias):
        self.cores = cores
        self.bias = bias

    def matrix(self):
        """W, M x N."""
        product = self.cores[0].new_ones(1, 1, 1)  # [i1 ... ik, j1 ... jk, r_k]
        for core in self.cores:
            product = torch.einsum("ijr,rmns->imjns", product, core)
            rows, modes, columns, more, rank = product.shape
            product = product.reshape(rows * modes, columns * more, rank)
        return product.squeeze(2)

    def __call__(self, x):
        """[token, N] -> [token, M]"""
        return F.linear(x, self.matrix(), self.bias)


class DenseMap:
    def __init__(self, weight, bias):
        self.weight = weight
        self.bias = bias

    def __call__(self, x):
        """[token, N] -> [token, M]"""
        return F.linear(x, self.weight, self.bias)


class TensorTrainEmbedding:
    """The row of word v = (v1, v2, ...) is F1[v1] F2[v2] ...; first index most significant."""

    def __init__(self, cores):
        self.cores = cores

    def indices(self, ids):
        """[token] -> one [token] a core"""
        indices = []
        for core in reversed(self.cores):
            indices.append(ids % core.shape[1])
            ids = torch.div(ids, core.shape[1], rounding_mode="floor")
        return reversed(indices)

    def __call__(self, ids):
        """[token] -> [token, D]"""
        tokens = ids.shape[0]
        rows = self.cores[0].new_ones(tokens, 1, 1)  # [token, d1 ... dk, r_k]
        for core, index in zip(self.cores, self.indices(ids)):
            slices = core.index_select(1, index).transpose(0, 1)  # [token, r_prev, d, r_next]
            rows = rows @ slices.reshape(tokens, core.shape[0], -1)
            rows = rows.reshape(tokens, -1, core.shape[3])
        return rows.reshape(tokens, -1)


class DenseEmbedding:
    def __init__(self, weight):
        self.weight = weight

    def __call__(self, ids):
        """[token] -> [token, D]"""
        return F.embedding(ids, self.weight)


# --------------------------------------------------------------------------------- the Transformer


@dataclasses.dataclass
class Example:
    """One sentence. The first `real_tokens` of ids and tags are real, the others are padding."""

    ids: torch.Tensor  # int64 [token]
    tags: torch.Tensor  # int64 [token], IGNORED for [CLS], padding and words without a known tag
    intent: torch.Tensor  # int64 [1], IGNORED if unknown
    real_tokens: int

    @staticmethod
    def from_json(text, pad_to=0):
        """From {"ids": [...], "tags": [...], "intent": n}, padded to `pad_to` tokens."""
        fields = json.loads(text)
        ids, tags = fields["ids"], fields["tags"]
        if len(ids) != len(tags):
            raise ValueError(f"an example has {len(ids)} ids and {len(tags)} tags")
        padding = max(pad_to - len(ids), 0)
        return Example(
            ids=torch.tensor(ids + [PAD] * padding),
            tags=torch.tensor(tags + [IGNORED] * padding),
            intent=torch.tensor([fields["intent"]]),
            real_tokens=len(ids),
        )


@dataclasses.dataclass
class LossOptions:
    slot_loss: str = "mean"  # over the words that have a tag; or "sum"
    slot_weight: float = 1.0
    intent_weight: float = 1.0
    label_smoothing: float = 0.0  # s: the target is (1 - s) one-hot + s / labels


@dataclasses.dataclass
class ModelOptions:
    heads: int
    norm: str = "post"  # or "pre"
    activation: str = "gelu"  # or "relu"
    mask: str = "full"  # or "causal"


class Norm:
    """LayerNorm over the features: (x - mean) / sqrt(biased variance + epsilon) * gain + shift."""

    def __init__(self, parameters, prefix):
        self.gain, self.shift = parameters[f"{prefix}.gain"], parameters[f"{prefix}.shift"]

    def __call__(self, x):
        return F.layer_norm(x, self.gain.shape, self.gain, self.shift, NORM_EPSILON)


class Encoder:
    """Post-norm: x = norm(x + branch(x)), pre-norm: x = x + branch(norm(x)).

    The branches are attention, then feed_forward.
    """

    def __init__(self, make_map, parameters, prefix, options):
        self.options = options
        self.query = make_map(f"{prefix}.attention.query")
        self.key = make_map(f"{prefix}.attention.key")
        self.value = make_map(f"{prefix}.attention.value")
        self.output = make_map(f"{prefix}.attention.output")
        self.inner = make_map(f"{prefix}.feed_forward.inner")
        self.outer = make_map(f"{prefix}.feed_forward.outer")
        self.attention_norm, self.feed_forward_norm = (
            Norm(parameters, f"{prefix}.{part}.norm") for part in ("attention", "feed_forward")
        )

    def attention(self, x, real_tokens):
        tokens, hidden = x.shape
        heads = self.options.heads
        width = hidden // heads

        def split(y):  # head h holds the features from h width on: [head, token, width]
            return y.view(tokens, heads, width).transpose(0, 1)

        query, key, value = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = query @ key.transpose(1, 2) / math.sqrt(width)  # [head, token, key's token]
        if real_tokens < tokens:
            padding = torch.arange(tokens) >= real_tokens
            scores = scores.masked_fill(padding, -math.inf)  # probability exactly 0
        if self.options.mask == "causal":
            later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, -math.inf)
        context = torch.softmax(scores, dim=-1) @ value  # [head, token, width]
        return self.output(context.transpose(0, 1).reshape(tokens, hidden))

    def feed_forward(self, x):
        if self.options.activation == "relu":
            return self.outer(F.relu(self.inner(x)))
        return self.outer(F.gelu(self.inner(x), approximate="tanh"))

    def __call__(self, x, real_tokens):
        if self.options.norm == "pre":
            x = x + self.attention(self.attention_norm(x), real_tokens)
            return x + self.feed_forward(self.feed_forward_norm(x))
        x = self.attention_norm(x + self.attention(x, real_tokens))
        return self.feed_forward_norm(x + self.feed_forward(x))


class Transformer:
    """The model with `parameters`, {name: tensor}. It takes every shape from the tensors.

    The tensors are used, not copied, so a step of an optimizer may change them in place.
    """

    def __init__(self, parameters, options, contraction="btt", output_cores=None):
        self.parameters = parameters

        def cores(prefix):
            names = (f"{prefix}.core.{k}" for k in itertools.count())
            return [parameters[n] for n in itertools.takewhile(parameters.__contains__, names)]

        def make_map(prefix):
            bias = parameters[f"{prefix}.bias"]
            if f"{prefix}.weight" in parameters:
                return DenseMap(parameters[f"{prefix}.weight"], bias)
            if cores(prefix)[0].dim() == 4:
                return BlockMap(cores(prefix), bias)
            return TensorTrainMap(cores(prefix), bias, contraction, output_cores)

        if "embedding.word.weight" in parameters:
            self.words = DenseEmbedding(parameters["embedding.word.weight"])
        else:
            self.words = TensorTrainEmbedding(cores("embedding.word"))
        self.position = parameters["embedding.position"]
        hidden, self.tokens = self.position.shape
        if hidden % options.heads:
            raise ValueError(f"hidden size {hidden} is not a multiple of {options.heads} heads")
        encoder_count = len({n.split(".")[1] for n in parameters if n.startswith("encoder.")})
        self.encoders = [
            Encoder(make_map, parameters, f"encoder.{i}", options) for i in range(encoder_count)
        ]
        self.final_norm = Norm(parameters, "final_norm") if options.norm == "pre" else None
        self.intent_map, self.intent_head = make_map("intent.map"), make_map("intent.head")
        self.slot_map, self.slot_head = make_map("slot.map"), make_map("slot.head")

    def __call__(self, example):
        """Returns the logits (intent [1, intents], slots [token, tags])."""
        tokens = example.ids.shape[0]
        if tokens > self.tokens:
            raise ValueError(f"a sentence has {tokens} tokens, the model takes {self.tokens}")
        x = self.words(example.ids) + self.position[:, :tokens].T
        x = F.layer_norm(x, x.shape[1:], eps=NORM_EPSILON)
        for encoder in self.encoders:
            x = encoder(x, example.real_tokens)
        if self.final_norm:
            x = self.final_norm(x)
        intent = self.intent_head(torch.tanh(self.intent_map(x[:1])))
        slots = self.slot_head(torch.tanh(self.slot_map(x)))
        return intent, slots

    def loss(self, example, options=LossOptions()):
        intent, slots = self(example)
        cross_entropy = functools.partial(
            F.cross_entropy,
            ignore_index=IGNORED,
            reduction="sum",
            label_smoothing=options.label_smoothing,
        )
        intent_loss = cross_entropy(intent, example.intent)
        slot_loss = cross_entropy(slots, example.tags)
        if options.slot_loss == "mean":
            slot_loss = slot_loss / max(int((example.tags != IGNORED).sum()), 1)
        return options.intent_weight * intent_loss + options.slot_weight * slot_loss

    def loss_and_gradients(self, example, options=LossOptions()):
        """Returns (loss, {name: gradient}); a parameter that the loss doesn't reach has zeros."""
        loss = self.loss(example, options)
        gradients = torch.autograd.grad(loss, list(self.parameters.values()), allow_unused=True)
        return loss.detach(), {
            name: torch.zeros_like(parameter) if gradient is None else gradient
            for (name, parameter), gradient in zip(self.parameters.items(), gradients)
        }


def parameters_from_arrays(arrays, dtype=torch.float32):
    """Returns leaf tensors of a checkpoint's arrays. Other state, such as the optimizer's, is left out."""
    return {
        name: torch.tensor(array, dtype=dtype, requires_grad=True)
        for name, array in arrays.items()
        if name.startswith(PARAMETER_PREFIXES) and not name.endswith(OPTIMIZER_SUFFIXES)
    }
