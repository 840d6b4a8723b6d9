# SPDX-License-Identifier: Apache-2.0
"""Reads and writes safetensors files: 8 bytes of header length, a JSON header, the tensors' bytes.

The header maps a tensor's name to {"dtype", "shape", "data_offsets": [begin, end]}, offsets counted
from the header's end; "__metadata__" maps strings to strings. Numbers are little-endian, row-major.
"""

import json
import struct

import numpy as np

_NUMPY_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}
_NAMES = {np.dtype(numpy_type): name for name, numpy_type in _NUMPY_TYPES.items()}


def read(path):
    """Returns ({name: array}, {metadata key: string})."""
    with open(path, "rb") as file:
        (header_bytes,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_bytes))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[begin:end], _NUMPY_TYPES[entry["dtype"]])
        tensors[name] = array.reshape(entry["shape"])
    return tensors, metadata


def write(path, tensors, metadata=None):
    """Writes {name: array} and {metadata key: string}, tensors in the dictionary's order."""
    header = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the tensors start aligned
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())
