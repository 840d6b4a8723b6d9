# SPDX-License-Identifier: Apache-2.0
"""Estimates the longest path of every module of a mapped netlist, and finds loops without a register.

The model: a delay for every primitive and one for the wire behind it, whatever its length. Nothing is placed
or routed, so this ranks paths and finds those that cannot work; it is no clock of a finished design. The
figures are rounded from AMD's DS922 and DS923 (speed grade -2) and the usual half of a path for wires.
Paths go on through instances; a module's own figure is that of the longest path that lies in it or ends in
it, from or to registers or ports.
"""

from . import area

WIRE = 0.30
CLOCK_TO_Q = {"FD": 0.08, "SRL": 0.45, "RAM_READ": 0.25, "RAMB": 0.90, "URAM": 1.00}
SETUP = 0.05
LUT = 0.10
DSP = 2.00  # operands to product, no register within
# (a pin that a path comes by, one that it leaves by): nanoseconds. Chains of carries have no wire.
CARRY = {("CI", "O"): 0.10, ("CI", "CO"): 0.03, ("CYINIT", "O"): 0.15, ("CYINIT", "CO"): 0.10,
         ("DI", "O"): 0.18, ("DI", "CO"): 0.12, ("S", "O"): 0.18, ("S", "CO"): 0.12}
MUX = 0.07
START = ""  # a register

SEQUENTIAL = ("FD", "RAMB", "URAM")
DISTRIBUTED = ("RAM32", "RAM64", "RAM128", "RAM256", "RAM512")


class LoopError(Exception):
    pass


def _prefix(kind, prefixes):
    return any(kind.startswith(p) for p in prefixes)


def _bits(cell, directions, wanted):
    for port, bits in cell["connections"].items():
        if directions[port] == wanted:
            yield port, [b for b in bits if not isinstance(b, str)]


class Timing:
    """worst[name]: nanoseconds and the end of the longest path of a module, all its variants together."""

    def __init__(self, modules, top):
        self._modules = modules
        self._paths = {}  # of a variant: port to port or register
        self.worst = {}
        design = area.Area(modules, top)
        for name in reversed(design.order(top)):
            self._analyse(name)

    def _directions(self, kind):
        return {port: p["direction"] for port, p in self._modules[kind]["ports"].items()}

    def _arcs(self, cell):
        """From a set of inputs to a set of outputs: (port in or START, port out, delay)."""
        kind = cell["type"]
        if kind in self._paths:
            return self._paths[kind]["arcs"]
        directions = self._directions(kind)
        inputs = [p for p, d in directions.items() if d == "input" and p in cell["connections"]]
        outputs = [p for p, d in directions.items() if d == "output" and p in cell["connections"]]
        if kind.startswith("LUT") or kind == "INV":
            return [(i, "O", LUT) for i in inputs]
        if kind.startswith("MUXF"):
            return [(i, "O", MUX) for i in inputs]
        if kind in area.CARRIES:
            return [(i, o, CARRY.get((i, o), 0.18)) for i in inputs for o in outputs]
        if kind == "DSP48E2":
            return [(i, o, DSP if i in "ABCD" else 0.6) for i in inputs for o in outputs
                    if i in ("A", "B", "C", "D", "PCIN")]
        if _prefix(kind, DISTRIBUTED):
            # Read addresses to data; what is written counts as an end.
            return [(i, o, CLOCK_TO_Q["RAM_READ"]) for i in inputs for o in outputs
                    if "ADDR" in i or i.startswith(("A", "DPRA"))] + [
                (START, o, CLOCK_TO_Q["SRL"]) for o in outputs]
        if kind.startswith("SRL"):
            return [(START, o, CLOCK_TO_Q["SRL"]) for o in outputs]
        for prefix in SEQUENTIAL:
            if kind.startswith(prefix):
                return [(START, o, CLOCK_TO_Q[prefix]) for o in outputs]
        if kind in area.CONSTANTS:
            return []
        raise ValueError(f"no timing of {kind}")

    def _ends(self, cell):
        """Inputs that end a path, and what is behind them."""
        kind = cell["type"]
        if kind in self._paths:
            return self._paths[kind]["ends"]
        if kind.startswith("SRL"):
            return {"D": SETUP, "CE": SETUP}
        if _prefix(kind, DISTRIBUTED):
            return {p: SETUP for p in cell["connections"] if p.startswith(("D", "WE"))}
        if _prefix(kind, SEQUENTIAL):
            return {p: SETUP for p in cell["connections"]
                    if p not in ("C", "CLK", "CLKARDCLK", "CLKBWRCLK")}
        return {}

    def _analyse(self, name):
        module = self._modules[name]
        # What drives a bit, and who waits for a cell's inputs.
        cells = module["cells"]
        arcs = {c: self._arcs(cell) for c, cell in cells.items()}
        # An output of a cell waits for the inputs that have an arc to it: nodes are (cell, port).
        driver = {}
        for c, cell in cells.items():
            directions = self._directions(cell["type"])
            for port, bits in _bits(cell, directions, "output"):
                for bit in bits:
                    driver[bit] = (c, port)
        into = {}
        for c, list_ in arcs.items():
            for i, o, delay in list_:
                into.setdefault((c, o), []).append((i, delay))
        # Instances that are nothing but wires: the wire before them is the one behind them.
        wires = {c for c, list_ in arcs.items() if list_ and all(delay == 0.0 for _, _, delay in list_)}
        arrival = {}  # of (cell, port): {source: ns}
        for port, p in module["ports"].items():
            if p["direction"] == "input":
                for bit in p["bits"]:
                    driver.setdefault(bit, (None, port))
                arrival[(None, port)] = {port: 0.0}

        def at_input(c, port):
            """Of all bits together, the wires included."""
            merged = {}
            carry = port == "CI"
            for node in {driver[b] for b in cells[c]["connections"].get(port, ())
                         if not isinstance(b, str) and b in driver}:
                wire = 0.0 if carry or node[0] is None or c in wires else WIRE
                for source, ns in arrival[node].items():
                    if ns + wire > merged.get(source, -1.0):
                        merged[source] = ns + wire
            return merged

        # Depth first, with a stack of our own: paths are longer than Python's.
        state = {}
        for root in into:
            if root in state:
                continue
            stack = [(root, None)]
            while stack:
                node, waits = stack.pop()
                if waits is None:
                    if node in state or node in arrival:
                        continue
                    state[node] = 1
                    c = node[0]
                    waits = [driver[b] for i, _ in into.get(node, ()) if i != START
                             for b in cells[c]["connections"].get(i, ())
                             if not isinstance(b, str) and b in driver]
                    waits = list(dict.fromkeys(waits))
                    stack.append((node, waits))
                    for w in waits:
                        if w in arrival:
                            continue
                        if state.get(w) == 1:
                            raise LoopError(f"{area.source_name(name)}: a loop without a register "
                                            f"through {w[0]} ({cells[w[0]]['type']}.{w[1]})")
                        stack.append((w, None))
                else:
                    merged = {}
                    for i, delay in into.get(node, ()):
                        sources = {START: 0.0} if i == START else at_input(node[0], i)
                        for source, ns in sources.items():
                            if ns + delay > merged.get(source, -1.0):
                                merged[source] = ns + delay
                    arrival[node] = merged
                    state[node] = 2
        for node in driver.values():
            arrival.setdefault(node, {})  # outputs without an arc

        paths = {"arcs": [], "ends": {}}
        worst = (0.0, "")

        def see(ns, where):
            nonlocal worst
            if ns > worst[0]:
                worst = (ns, where)

        for c, cell in cells.items():
            for port, behind in self._ends(cell).items():
                for source, ns in at_input(c, port).items():
                    see(ns + behind, f"{c}.{port}")
                    if source != START:
                        paths["ends"][source] = max(paths["ends"].get(source, 0.0), ns + behind)
        for port, p in module["ports"].items():
            if p["direction"] != "output":
                continue
            merged = {}
            # The wire is the instantiating module's.
            for node in {driver[b] for b in p["bits"] if not isinstance(b, str) and b in driver}:
                for source, ns in arrival[node].items():
                    merged[source] = max(merged.get(source, 0.0), ns)
            for source, ns in merged.items():
                see(ns, port)
                paths["arcs"].append((source, port, ns))
        self._paths[name] = paths
        key = area.source_name(name)
        if worst[0] >= self.worst.get(key, (0.0, ""))[0]:
            self.worst[key] = worst
