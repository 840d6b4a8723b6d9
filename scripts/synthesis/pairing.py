# SPDX-License-Identifier: Apache-2.0
"""Which LUTs of a netlist share one of the device's.

A LUT of UltraScale+ has two outputs: any function of six inputs, or two functions of the same five, and a
flip-flop for each. Yosys maps functions one by one; AMD's tools put two of them into one LUT where they place them
(LUT6_2), and count it once. Here two become one only where that costs no wire:

- they are what one bit of a carry chain takes, S and DI, which the LUT before that bit has for its two outputs; or
- they have an input in common and no more than five together, and neither leads to a carry chain or to a MUXF7,
  whose LUTs are where those are.

So may two shift registers of up to 16 places, of one length and with one clock and enable.
"""

from collections import defaultdict

LUTS = {f"LUT{n}" for n in range(1, 7)} | {"INV"}
CARRIES = ("CARRY4", "CARRY8")
WIDE_MUXES = ("MUXF7", "MUXF8", "MUXF9")
SHIFT_COMMON = ("A0", "A1", "A2", "A3", "CE", "CLK")
INPUTS = 5
# Of the functions behind a net of very many: so many are looked at.
SEARCH = 64


def _inputs(cell):
    return frozenset(bit for port, bits in cell["connections"].items() if port.startswith("I")
                     for bit in bits if not isinstance(bit, str))


def pairs(module):
    """Disjoint pairs of the names of cells."""
    luts, driver, bound = {}, {}, set()
    for name, cell in module["cells"].items():
        if cell["type"] in LUTS:
            luts[name] = _inputs(cell)
            driver[cell["connections"]["O"][0]] = name
    found, taken = [], set()

    def take(a, b):
        found.append((a, b))
        taken.update((a, b))

    for cell in module["cells"].values():
        if cell["type"] in WIDE_MUXES:
            bound.update(driver[b] for port in ("I0", "I1") for b in cell["connections"][port]
                         if b in driver)
        if cell["type"] not in CARRIES:
            continue
        for s, di in zip(cell["connections"]["S"], cell["connections"]["DI"]):
            a, b = driver.get(s), driver.get(di)
            bound.update(lut for lut in (a, b) if lut is not None)
            if (a is not None and b is not None and a != b and not {a, b} & taken
                    and len(luts[a] | luts[b]) <= INPUTS):
                take(a, b)

    waiting = {}  # shift registers without a partner yet, by what a partner needs
    for name, cell in module["cells"].items():
        if cell["type"] == "SRL16E":
            alike = tuple(tuple(cell["connections"][port]) for port in SHIFT_COMMON)
            other = waiting.pop(alike, None)
            if other is None:
                waiting[alike] = name
            else:
                take(other, name)

    free = [name for name in luts if name not in bound and len(luts[name]) <= INPUTS]
    behind = defaultdict(list)
    for name in free:
        for bit in luts[name]:
            behind[bit].append(name)
    # Those with many inputs first: they find fewest partners.
    for name in sorted(free, key=lambda n: -len(luts[n])):
        if name in taken:
            continue
        best = None
        for bit in luts[name]:
            behind[bit] = [other for other in behind[bit] if other not in taken]
            for other in behind[bit][:SEARCH]:
                if other != name and len(luts[name] | luts[other]) <= INPUTS:
                    common = len(luts[name] & luts[other])
                    if best is None or common > best[0]:
                        best = (common, other)
        if best is not None:
            take(name, best[1])
    return found
