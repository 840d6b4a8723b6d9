# SPDX-License-Identifier: Apache-2.0
"""Counts the primitives of a netlist, by module of the source and in total.

"lut" is LUTs of the device, of which one may hold two functions (pairing.py); "functions" counts each by itself.
"""

from collections import Counter

from . import pairing

# LUTs that a cell takes. Memories in LUTs and shift registers take whole ones.
LUTS = {f"LUT{n}": 1 for n in range(1, 7)} | {
    "INV": 1, "SRL16E": 1, "SRLC32E": 1, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4,
    "RAM256X1D": 8, "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4, "RAM512X1S": 8,
    "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8}
FLIP_FLOPS = {"FDRE", "FDSE", "FDCE", "FDPE"}
CARRIES = {"CARRY4": 4, "CARRY8": 8}  # bits
BLOCKS = {"DSP48E2": "dsp48e2", "RAMB36E2": "ramb36e2", "RAMB18E2": "ramb18e2",
          "URAM288": "uram288"}
MUXES = {"MUXF7", "MUXF8", "MUXF9"}
CONSTANTS = {"GND", "VCC"}
PRIMITIVES = set(LUTS) | FLIP_FLOPS | set(CARRIES) | set(BLOCKS) | MUXES | CONSTANTS
COUNTS = ("lut", "functions", "ff", "carry8", "dsp48e2", "ramb36e2", "uram288")


def source_name(module):
    """The module's name in the source: Yosys calls a variant $paramod$HASH\\NAME or $paramod\\NAME\\...."""
    parts = module.split("\\")
    if module.startswith("$paramod$"):
        return parts[1]
    if module.startswith("$paramod"):
        return parts[1]
    return parts[-1]


def own_counts(module):
    """What lies in the module itself. Two halves of a RAMB36E2 are one, but not across modules."""
    cells = Counter(cell["type"] for cell in module["cells"].values())
    counts = Counter()
    carry_bits = 0
    for kind, number in cells.items():
        if kind in LUTS:
            counts["functions"] += LUTS[kind] * number
        elif kind in FLIP_FLOPS:
            counts["ff"] += number
        elif kind in CARRIES:
            carry_bits += CARRIES[kind] * number
        elif kind in BLOCKS:
            counts[BLOCKS[kind]] += number
    counts["lut"] = counts["functions"] - len(pairing.pairs(module))
    counts["carry8"] = -(-carry_bits // 8)
    counts["ramb36e2"] += -(-counts.pop("ramb18e2", 0) // 2)
    return counts


def foreign_cells(modules):
    """Cells that are neither primitives of the device nor modules of the source."""
    defined = {name for name, m in modules.items() if not is_blackbox(m)}
    return sorted({cell["type"] for name in defined for cell in modules[name]["cells"].values()
                   if cell["type"] not in defined and cell["type"] not in PRIMITIVES})


def is_blackbox(module):
    attributes = module["attributes"]
    return "blackbox" in attributes or "whitebox" in attributes


class Area:
    """Of a design: modules["name"] is all of a module of the source without what it instantiates, in all
    its instances; units["instance"] is everything below an instance in the top module."""

    def __init__(self, modules, top):
        self._modules = modules
        self._own = {}
        self._all = {}
        instances = Counter({top: 1})
        for name in self.order(top):
            for cell in modules[name]["cells"].values():
                if cell["type"] in modules and not is_blackbox(modules[cell["type"]]):
                    instances[cell["type"]] += instances[name]
        self.modules = {}
        for name, number in instances.items():
            into = self.modules.setdefault(source_name(name), Counter())
            into["instances"] += number
            into["variants"] += 1
            for kind, count in self.own(name).items():
                into[kind] += number * count
        self.total = self.below(top)
        self.units = {
            instance: self.below(cell["type"]) for instance, cell in modules[top]["cells"].items()
            if cell["type"] in modules and not is_blackbox(modules[cell["type"]])}

    def order(self, top):
        """Modules below `top`, each before what it instantiates."""
        seen, result = set(), []

        def visit(name):
            if name in seen:
                return
            seen.add(name)
            for cell in self._modules[name]["cells"].values():
                kind = cell["type"]
                if kind in self._modules and not is_blackbox(self._modules[kind]):
                    visit(kind)
            result.append(name)

        visit(top)
        return result[::-1]

    def own(self, name):
        if name not in self._own:
            self._own[name] = own_counts(self._modules[name])
        return self._own[name]

    def below(self, name):
        if name not in self._all:
            counts = Counter(self.own(name))
            for cell in self._modules[name]["cells"].values():
                kind = cell["type"]
                if kind in self._modules and not is_blackbox(self._modules[kind]):
                    counts += self.below(kind)
            self._all[name] = counts
        return self._all[name]
