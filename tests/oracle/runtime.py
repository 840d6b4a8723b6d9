# SPDX-License-Identifier: Apache-2.0
"""One thread, and which BLAS does the work. Import it before torch."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read once, when the OpenMP runtime is loaded

import ctypes

import torch

torch.set_num_threads(1)


def blas_in_use():
    """Describes the BLAS that this process has loaded, for example "OpenBLAS 0.3.21 ... SkylakeX".

    Debian's reference BLAS is an alternative for the same libblas.so.3 and makes PyTorch 5 to 10
    times slower, so a time without this line says nothing.
    """
    with open("/proc/self/maps", encoding="utf-8") as maps:
        files = {line.split()[-1] for line in maps if "blas" in line.rsplit("/", 1)[-1]}
    openblas = next((file for file in files if "libopenblas" in file), None)
    if openblas is None:
        return "not OpenBLAS: " + (", ".join(sorted(files)) or "none")
    library = ctypes.CDLL(openblas)
    library.openblas_get_config.restype = ctypes.c_char_p
    return f"{library.openblas_get_config().decode()} ({openblas})"
