# SPDX-License-Identifier: Apache-2.0
"""Runs Yosys on the core: a netlist of UltraScale+ primitives, a module of the source at a time."""

import json
import os
import subprocess
from multiprocessing.pool import ThreadPool

from spec_generator.spec import Region, SpecError
from synthesis import rtlil

# Of Yosys about itself: ports of its own models of primitives; delays of LUTs that abc9 takes from an older
# family, where they are only weighed against each other; and abc's last step, which an assertion of its own ends
# on some modules, so that the mapping before that step is taken (check -mapped sees to that).
KNOWN_WARNINGS = ("Resizing cell port", "not currently supported for the 'xcup' family",
                  "ABC: execution of command")

# Choices of 16 words and more take MUXF7 and MUXF8; abc9 alone would see to LUTs only.
SYNTHESIS = "synth_xilinx -family xcup -uram -abc9 -noiopad -noclkbuf -widemux 16"
# abc9 would rather take two LUTs of three inputs than one of six, for two of them may share the hardware of one.
# Here each counts as one (area.py), so that is what is made few of; a seventh and an eighth input take MUXF7
# and MUXF8. 4 ns, with the wires that it thinks of, leave it room to save area off the longest path.
LUTS_ALIKE = """
        setattr -mod -set abc9_lut 1 =LUT1 =LUT2 =LUT3 =LUT4 =LUT5 =LUT6
        setattr -mod -set abc9_lut 2 =$__ABC9_LUT7
        setattr -mod -set abc9_lut 4 =$__ABC9_LUT8
        scratchpad -set abc9.D 4000
"""


def objection(accelerator):
    """Why the RTL cannot be what a configuration asks for, "" if it can: widths and depths that modules have by hand."""
    v = accelerator.values
    fold, regions = v["fold"], [v[n] for n in ("tokens", "ranks", "scalars")]
    tokens, ranks, scalars = regions
    multiply_add = v["multiply_latency"] + v["add_latency"]
    function = v["lookup_latency"] + 3 * multiply_add
    folds = v["multiply_latency"] + v["add_latency"] * (max(v["rows"], v["lanes"]) - 1).bit_length()
    read = v["read_latency"]
    limits = (
        (tokens.parts == fold and scalars.parts == 1 and (fold > 1 or ranks.parts == 1),
         "token words lie in as many parts as they pass in, scalars whole"),
        (read == 3, "memory is read in three cycles"),
        (v["dispatch_words"] == 4, "the sequencer takes four words in a cycle"),
        (v["queue_depth"] & (v["queue_depth"] - 1) == 0, "a queue's depth is a power of two"),
        (folds <= 64, "a stream has at most 64 elements in its multipliers and adders"),
        (read + folds + 1 + 2 * v["add_latency"] < 1 << 7, "a stream's latency has 7 bits"),
        (multiply_add + function <= 64, "the vector unit has at most 64 elements up to its second multiply-add"),
        (read + multiply_add + function < 1 << 7 and read + 3 * multiply_add + function + folds + 1 < 1 << 8,
         "a vector's latencies have 7 and 8 bits"),
        (all(r.banks * r.depth // v["planes"] < 1 << 16 for r in regions if v["planes"] > 1),
         "from plane to plane there are fewer than 65,536 words"),
    )
    return next((text for holds, text in limits if not holds), "")


def config_bits(spec, name):
    """The value of the core's parameter Config: bittern_pkg::accelerator_t as a Verilog constant."""
    accelerator = next(a for a in spec.accelerators if a.name == name)
    if why := objection(accelerator):
        raise SpecError(f"{name} is not for the RTL, in which {why}")
    memories = [m.name for m in spec.memories]
    bits = ""
    for p in spec.parameters:
        value = accelerator.values[p.name]
        if isinstance(value, Region):
            bits += f"{memories.index(value.memory):b}" + "".join(f"{n:032b}" for n in value.numbers())
        else:
            bits += f"{value:032b}"
    return f"{len(bits)}'b{bits}"


def version():
    """Without where it was built: "Yosys 0.23"."""
    said = subprocess.run(["yosys", "-V"], check=True, capture_output=True, text=True).stdout
    return " ".join(said.split()[:2])


def sources(root):
    """Packages first; benches and assertions on buses (for simulation alone) are not part of the core."""
    packages = ["generated/bittern_pkg.sv", "core_pkg.sv", "generated/kernel_pkg.sv"]
    modules = sorted(p.name for p in (root / "rtl").glob("*.sv")
                     if p.name not in packages and not p.stem.endswith(("_bench", "_rules")))
    return packages + modules


def yosys(script, path, cwd):
    """Runs a script, with its text and log beside `path`, and gives what Yosys warns of."""
    path.with_suffix(".ys").write_text(script)
    with open(path.with_suffix(".err"), "w+") as errors:
        done = subprocess.run(["yosys", "-q", "-l", path.with_suffix(".log"), "-s", path.with_suffix(".ys")],
                              cwd=cwd, stdout=subprocess.DEVNULL, stderr=errors)
        errors.seek(0)
        text = errors.read()
    if done.returncode != 0:
        raise RuntimeError(f"yosys failed ({path.with_suffix('.log')}):\n" + "\n".join(text.splitlines()[-20:]))
    return [line for line in text.splitlines() if "Warning:" in line
            and not any(known in line for known in KNOWN_WARNINGS)]


def map_modules(root, design, names, path):
    """Modules of a design as primitives: their part of the netlist, and warnings."""
    path.with_suffix(".il").write_text(design.part(names))
    warnings = yosys(f"""
        read_rtlil {path.with_suffix(".il")}
        {SYNTHESIS} -run :map_dsp
        techmap -map {root / "scripts/synthesis/dsp_cascade.v"}
        {SYNTHESIS} -run map_dsp:map_luts
        {LUTS_ALIKE}
        {SYNTHESIS} -run map_luts:
        check -assert -mapped
        select -assert-none t:LD*
        write_json {path.with_suffix(".netlist")}
    """, path, root / "rtl")
    with open(path.with_suffix(".netlist")) as file:
        modules = json.load(file)["modules"]
    # Of what else is here, primitives alone: the others are without contents.
    others = design.modules.keys() - set(names) | {"\\all"}
    return {m: content for m, content in modules.items() if m not in others and "\\" + m not in others}, warnings


def run(root, spec, name, out, top="core"):
    """The netlist, and warnings; what Yosys reads, writes and says is in a directory beside `out`. Fails where it
    finds a latch, a loop, a net with two drivers or with none, or a cell that is not mapped.

    How a module is mapped depends on numbers that Yosys gives to names, and so on whatever else it has read: the
    longest path of one varied by 0.4 ns with the order of files. So each module is mapped by a process of its own (the
    small ones together), of a text that is about this module alone.
    """
    directory = out.with_suffix("")
    directory.mkdir(exist_ok=True)
    path = directory / "design"
    warnings = yosys(f"""
        read_verilog -sv -defer {" ".join(sources(root))}
        hierarchy -check -top {top} -chparam Config {config_bits(spec, name)}
        proc
        select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr
        check -assert
        write_rtlil {path.with_suffix(".il")}
    """, path, root / "rtl")
    design = rtlil.Design(path.with_suffix(".il").read_text())
    netlist = {}
    with ThreadPool(os.cpu_count()) as pool:
        batches = design.batches()
        done = pool.imap(lambda i: map_modules(root, design, batches[i], directory / str(i)), range(len(batches)), 1)
        for modules, more in done:
            netlist |= modules
            warnings += more
    return netlist, warnings
