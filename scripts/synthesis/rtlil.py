# SPDX-License-Identifier: Apache-2.0
"""A design in Yosys's own text format, taken apart into modules."""

import re

# Lines of a module below which it is mapped together with others: most of such a process's time would be its start.
SMALL = 600


class Design:
    """`modules`: the lines of each by its name, from its attributes to its end."""

    def __init__(self, text):
        self.modules = {}
        lines = []
        for line in text.splitlines():
            if line.startswith(("#", "autoidx")):
                continue
            lines.append(line)
            if line.startswith("module "):
                name = line.removeprefix("module ")
            if line == "end":
                self.modules[name] = lines
                lines = []

    def batches(self):
        """Names by process, the longest modules first."""
        by_size = sorted(self.modules, key=lambda name: (-len(self.modules[name]), name))
        small = [name for name in by_size if len(self.modules[name]) < SMALL]
        return [[name] for name in by_size if len(self.modules[name]) >= SMALL] + ([small] if small else [])

    def part(self, names):
        """The text of some modules, and of what they instantiate its ports alone. Numbers in the names that Yosys makes
        up go by the order of this text."""
        parts = [line for name in names for line in self.modules[name]]
        instantiated = {cell[1] for line in parts if (cell := re.match(r"  cell (\S+) ", line))}
        for name in sorted(instantiated & set(self.modules) - set(names)):
            parts += ["attribute \\blackbox 1", f"module {name}", *self._ports(name), "end"]
        if len(names) > 1:  # Yosys forgets what it does not find below one module
            parts += ["module \\all", *(f"  attribute \\keep 1\n  cell {n} \\c{i}\n  end" for i, n in enumerate(names)),
                      "end"]
        numbers = {}
        text = re.sub(r"\$(\d+)(?![0-9A-Za-z])", lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}",
                      "\n".join(parts) + "\n")
        return f"autoidx {len(numbers) + 1}\n{text}"

    def _ports(self, name):
        return [line for line in self.modules[name]
                if line.startswith("  parameter ") or re.match(r"  wire .*(input|output|inout) \d", line)]
