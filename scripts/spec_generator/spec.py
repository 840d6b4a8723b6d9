# SPDX-License-Identifier: Apache-2.0
"""Reads spec/*.toml, checks it, and returns plain objects. Every error names file and field."""

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

WORD_BITS = 32
LOOP_COUNT = 4


class SpecError(Exception):
    pass


@dataclass
class Field:
    """Bits of a structure or an instruction. At most one of `enum` and `struct` is set."""

    name: str
    bits: int  # bits of one element
    doc: str
    count: int = 0  # 0: not an array
    signed: bool = False
    minimum: int = 0
    address: bool = False  # a word address: shown as region and word
    enum: "Enum | None" = None
    struct: "Struct | None" = None
    index: "Enum | None" = None  # the enumeration that indexes an array
    offset: int = 0  # first bit

    @property
    def total_bits(self):
        return self.bits * max(1, self.count)

    @property
    def unused(self):
        """True for bits that must be 0 and are not a member."""
        return self.name in ("pad", "reserved")

    @property
    def range(self):
        if self.signed:
            return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1
        return self.minimum, (1 << self.bits) - 1


@dataclass
class Value:
    name: str
    doc: str


@dataclass
class Enum:
    name: str
    doc: str
    values: list


@dataclass
class Struct:
    name: str
    doc: str
    fields: list
    packed: bool = False

    @property
    def bits(self):
        return sum(f.total_bits for f in self.fields)

    @property
    def words(self):
        return self.bits // WORD_BITS


@dataclass
class Operand:
    name: str
    struct: Struct
    doc: str
    optional: bool


@dataclass
class Instruction:
    name: str
    opcode: int
    doc: str
    unit: str = ""
    loops: bool = False
    fields: list = field(default_factory=list)
    operands: list = field(default_factory=list)

    @property
    def optional_operands(self):
        return [o for o in self.operands if o.optional]

    @property
    def field_bits(self):
        """The number of presence bits and bits of the instruction's fields."""
        return len(self.optional_operands) + sum(f.total_bits for f in self.fields)

    @property
    def field_words(self):
        return -(-self.field_bits // WORD_BITS)


@dataclass
class Parameter:
    """A parameter of an accelerator: an integer, or a region of memory."""

    name: str
    doc: str
    kind: str  # "number", "region"
    default: int | None = None
    minimum: int = 1
    maximum: int = 0
    power_of_two: bool = False


@dataclass
class Region:
    memory: str
    banks: int
    depth: int
    parts: int = 1  # parts of a word, one after the other
    bram_banks: int = 0  # the number of banks, counted from the last, that are of BRAM

    def numbers(self):
        return [self.banks, self.depth, self.parts, self.bram_banks]


@dataclass
class Accelerator:
    name: str
    device: str
    doc: str
    values: dict  # parameter name -> int or Region


@dataclass
class Memory:
    name: str
    block: str
    doc: str
    shapes: list  # (depth, width)


@dataclass
class Device:
    name: str
    part: str
    doc: str
    totals: dict
    reserved: dict
    sources: list


@dataclass
class EnergyConstant:
    name: str
    unit: str
    doc: str
    low: float
    high: float
    source: str


RESOURCES = ("ramb36", "uram288", "dsp48e2", "luts", "flip_flops")


@dataclass
class Spec:
    version: int
    hash: int
    enums: list
    structs: list
    instructions: list
    header: Struct
    loops: Struct
    parameters: list
    accelerators: list
    memories: list
    devices: list
    energy: list

    def enum(self, name):
        return next(e for e in self.enums if e.name == name)


def upper_camel(name):
    return "".join(part[:1].upper() + part[1:] for part in re.split("[_-]", name))


class Table:
    """A TOML table. Every key must be taken, with the right type. A key that is left over is an error."""

    def __init__(self, place, data):
        if not isinstance(data, dict):
            raise SpecError(f"{place}: expected a table, found {data!r}")
        self.place = place
        self.data = dict(data)

    def fail(self, message):
        raise SpecError(f"{self.place}: {message}")

    def take(self, key, kind, default=None, required=True):
        if key not in self.data:
            if required and default is None:
                self.fail(f"{key} is missing")
            return default
        value = self.data.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fail(f"{key} is {value!r}; expected {kind.__name__}")
        return value

    def number(self, key, low, high, default=None):
        value = self.take(key, int, default)
        if not low <= value <= high:
            self.fail(f"{key} is {value}; expected {low} to {high}")
        return value

    def text(self, key, default=None):
        value = self.take(key, str, default).strip()
        if not value.isascii():
            self.fail(f"{key} is not ASCII")
        return value

    def flag(self, key):
        return self.take(key, bool, False)

    def tables(self, key, naming=None):
        rows = self.take(key, list, [])
        result = []
        for i, row in enumerate(rows):
            label = row.get("name", i) if isinstance(row, dict) else i
            result.append(Table(f"{self.place}{naming or ', ' + key} {label}", row))
        return result

    def name(self, pattern=r"[a-z][a-z0-9_]*"):
        name = self.take("name", str)
        if not re.fullmatch(pattern, name):
            self.fail(f"name {name!r} does not match {pattern}")
        return name

    def done(self):
        if self.data:
            self.fail(f"unknown {', '.join(sorted(self.data))}")


def _unique(items, what, place):
    seen = set()
    for item in items:
        if item in seen:
            raise SpecError(f"{place}: {what} {item} occurs twice")
        seen.add(item)


def _field(table, enums, structs):
    name = table.name()
    count = table.number("count", 2, 64, 0) if "count" in table.data else 0
    by_name = {"enum": {e.name: e for e in enums}, "struct": {s.name: s for s in structs}}
    kind = {}
    for key, known in by_name.items():
        wanted = table.take(key, str, required=False)
        if wanted is not None and wanted not in known:
            table.fail(f"{key} {wanted} is not defined above")
        kind[key] = known.get(wanted)
    if kind["enum"] and kind["struct"]:
        table.fail("both enum and struct")
    if kind["struct"]:
        bits = kind["struct"].bits
    else:
        bits = table.number("bits", 1, WORD_BITS)
    index = table.take("index", str, required=False)
    if index is not None and index not in by_name["enum"]:
        table.fail(f"index {index} is not an enum")
    result = Field(
        name=name, bits=bits, doc=table.text("doc", ""), count=count,
        signed=table.flag("signed"), minimum=table.number("minimum", 0, 1, 0),
        address=table.flag("address"), index=by_name["enum"].get(index), **kind)
    table.done()
    if not result.doc:
        table.fail("doc is missing")
    if result.enum and (result.signed or result.count or len(result.enum.values) > 1 << bits):
        table.fail(f"{len(result.enum.values)} values of {result.enum.name} need more than "
                   f"{bits} bits, or the field is signed or an array")
    if result.signed and bits < 2:
        table.fail("a signed field has at least 2 bits")
    if result.index and len(result.index.values) != count:
        table.fail(f"count is {count}, but {index} has {len(result.index.values)} values")
    if result.struct and not result.index:
        table.fail("structures inside of a structure come as an array with an index")
    if result.unused and (count or result.signed or result.enum or result.struct):
        table.fail("an unused field is plain bits")
    return result


def _fields(table, enums, structs, start=0):
    fields = [_field(t, enums, structs) for t in table.tables("fields", ", field")]
    _unique([f.name for f in fields], "field", table.place)
    for f in fields:
        f.offset = start
        start += f.total_bits
    return fields


def _read_isa(path, data):
    top = Table(path, data)
    form = Table(f"{path}: format", top.take("format", dict))
    version = form.number("version", 1, 1 << 16)
    form.number("word_bits", WORD_BITS, WORD_BITS)
    form.done()

    enums = []
    for table in top.tables("enum", ": enum"):
        name = table.name(r"[A-Z][A-Za-z0-9]*")
        doc = table.text("doc")
        values = []
        for t in table.tables("values", ", value"):
            values.append(Value(t.name(), t.text("doc")))
            t.done()
        table.done()
        _unique([v.name for v in values], "value", table.place)
        if not values:
            table.fail("no values")
        enums.append(Enum(name, doc, values))
    _unique([e.name for e in enums], "enum", path)

    structs = []
    for table in top.tables("struct", ": struct"):
        name = table.name(r"[A-Z][A-Za-z0-9]*")
        doc = table.text("doc")
        packed = table.flag("packed")
        bits = table.number("bits", 1, 4096, 0) if "bits" in table.data else None
        struct = Struct(name, doc, _fields(table, enums, structs), packed)
        table.done()
        if bits not in (None, struct.bits):
            table.fail(f"bits is {bits}, but the fields have {struct.bits}")
        if not packed and (struct.bits == 0 or struct.bits % WORD_BITS):
            table.fail(f"{struct.bits} bits do not fill whole words; add a pad or packed = true")
        structs.append(struct)
    _unique([s.name for s in structs] + [e.name for e in enums], "name", path)
    by_name = {s.name: s for s in structs}
    for name, needed in (("Header", ("opcode", "length")), ("Loops", ("count",))):
        if name not in by_name:
            raise SpecError(f"{path}: struct {name} is missing")
        for f in needed:
            if f not in [x.name for x in by_name[name].fields]:
                raise SpecError(f"{path}: struct {name}: field {f} is missing")
    header, loops = by_name["Header"], by_name["Loops"]
    length = next(f for f in header.fields if f.name == "length")
    opcode = next(f for f in header.fields if f.name == "opcode")
    if loops.fields[0].name != "count" or loops.fields[0].count != LOOP_COUNT:
        raise SpecError(f"{path}: struct Loops: expected one field, count, of {LOOP_COUNT}")

    instructions = []
    for table in top.tables("instruction", ": instruction"):
        name = table.name()
        instruction = Instruction(
            name=name, opcode=table.number("opcode", 0, opcode.range[1]), doc=table.text("doc"),
            unit=table.text("unit", ""), loops=table.flag("loops"))
        for t in table.tables("operands", ", operand"):
            operand_name = t.name()
            struct = t.text("struct")
            if struct not in by_name or by_name[struct].packed:
                t.fail(f"struct {struct} is not a structure of whole words")
            instruction.operands.append(
                Operand(operand_name, by_name[struct], t.text("doc"), t.flag("optional")))
            t.done()
        instruction.fields = _fields(table, enums, structs, len(instruction.optional_operands))
        table.done()
        units = [v.name for e in enums if e.name == "Unit" for v in e.values]
        if instruction.unit and instruction.unit not in units:
            table.fail(f"unit {instruction.unit} is none of {', '.join(units)}")
        names = [f.name for f in header.fields + instruction.fields]
        names += [o.name for o in instruction.operands] + (["count"] if instruction.loops else [])
        _unique(names, "field or operand", table.place)
        longest = (header.words + loops.words * instruction.loops + instruction.field_words +
                   sum(o.struct.words for o in instruction.operands))
        if longest > length.range[1]:
            table.fail(f"{longest} words with all operands; Header.length counts to "
                       f"{length.range[1]}")
        instructions.append(instruction)
    _unique([i.name for i in instructions], "instruction", path)
    _unique([i.opcode for i in instructions], "opcode", path)
    _unique([upper_camel(i.name) for i in instructions] + [s.name for s in structs] +
            [e.name for e in enums], "C++ name", path)
    top.done()
    return version, enums, structs, instructions, header, loops


def _read_devices(path, data):
    top = Table(path, data)
    memories = []
    for table in top.tables("memory", ": memory"):
        name, block, doc = table.name(), table.text("block"), table.text("doc")
        shapes = table.take("shapes", list)
        table.done()
        if block not in RESOURCES:
            table.fail(f"block {block} is none of {', '.join(RESOURCES)}")
        for shape in shapes:
            if not (isinstance(shape, list) and len(shape) == 2 and
                    all(isinstance(n, int) and n > 0 for n in shape)):
                table.fail(f"shape {shape!r}; expected [depth, width]")
        memories.append(Memory(name, block, doc, [tuple(s) for s in shapes]))
    _unique([m.name for m in memories], "memory", path)
    devices = []
    for table in top.tables("device", ": device"):
        name = table.name()
        part, doc = table.text("part"), table.text("doc")
        totals = {r: table.number(r, 0, 1 << 24) for r in RESOURCES}
        shell = Table(f"{table.place}, reserved", table.take("reserved", dict, {}))
        reserved = {r: shell.number(r, 0, totals[r], 0) for r in RESOURCES}
        shell.done()
        sources = table.take("sources", list)
        if not sources or not all(isinstance(s, str) and s.isascii() for s in sources):
            table.fail("sources is not a list of texts")
        table.done()
        devices.append(Device(name, part, doc, totals, reserved, sources))
    _unique([d.name for d in devices], "device", path)
    top.done()
    return memories, devices


def _read_energy(path, data):
    top = Table(path, data)
    constants = []
    for table in top.tables("constant", ": constant"):
        name = table.name()
        low, high = table.take("low", float), table.take("high", float)
        constants.append(EnergyConstant(
            name, table.text("unit"), table.text("doc"), low, high, table.text("source")))
        table.done()
        if not 0 < low <= high:
            table.fail(f"low is {low}, high is {high}; expected 0 < low <= high")
        if not constants[-1].source:
            table.fail("source is empty")
    _unique([c.name for c in constants], "constant", path)
    top.done()
    return constants


def _region(table, memories):
    names = [m.name for m in memories]
    memory = table.text("memory")
    if memory not in names:
        table.fail(f"memory {memory} is none of {', '.join(names)}")
    region = Region(memory, table.number("banks", 1, 64), table.number("depth", 1, 1 << 18),
                    table.number("parts", 1, 16, 1), table.number("bram_banks", 0, 64, 0))
    table.done()
    if region.depth & (region.depth - 1):
        table.fail(f"depth is {region.depth}; expected a power of two, so that an address splits "
                   "into bank and word")
    if region.banks * region.depth > 1 << 18:
        table.fail(f"{region.banks} banks of {region.depth} words; a region has at most 262144")
    if region.bram_banks >= region.banks or (region.bram_banks and memory == "bram"):
        table.fail(f"bram_banks is {region.bram_banks}; expected fewer than the {region.banks} banks, "
                   "and 0 where all are of BRAM")
    return region


def _read_accelerators(path, data, memories, devices):
    top = Table(path, data)
    parameters = []
    for table in top.tables("parameter", ": parameter"):
        p = Parameter(
            name=table.name(), doc=table.text("doc"), kind=table.text("kind", "number"),
            power_of_two=table.flag("power_of_two"))
        if p.kind == "number":
            p.maximum = table.number("maximum", 1, 1 << 30)
            p.minimum = table.number("minimum", 1, p.maximum, 1)
            if "default" in table.data:
                p.default = table.number("default", p.minimum, p.maximum)
        elif p.kind != "region":
            table.fail(f"kind {p.kind!r}; expected number or region")
        table.done()
        parameters.append(p)
    _unique([p.name for p in parameters], "parameter", path)

    accelerators = []
    for table in top.tables("accelerator", ": accelerator"):
        name = table.name(r"[a-z][a-z0-9-]*")
        device = table.text("device")
        if device not in [d.name for d in devices]:
            table.fail(f"device {device} is not in devices.toml")
        doc = table.text("doc")
        values = {}
        for p in parameters:
            if p.kind == "region":
                place = f"{table.place}, {p.name}"
                values[p.name] = _region(Table(place, table.take(p.name, dict)), memories)
            else:
                value = table.number(p.name, p.minimum, p.maximum, p.default)
                if p.power_of_two and value & (value - 1):
                    table.fail(f"{p.name} is {value}; expected a power of two")
                values[p.name] = value
        table.done()
        for name_of, region in values.items():
            if isinstance(region, Region) and values["fold"] % region.parts:
                table.fail(f"{name_of} has {region.parts} parts; expected a divisor of fold, {values['fold']}")
        if values["lanes"] % values["fold"]:
            table.fail(f"fold is {values['fold']}; expected a divisor of lanes, {values['lanes']}")
        accelerators.append(Accelerator(name, device, doc, values))
    _unique([a.name for a in accelerators], "accelerator", path)
    top.done()
    return parameters, accelerators


def _load(root, name):
    path = f"spec/{name}"
    try:
        return path, tomllib.loads((root / path).read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{path}: {error}") from error


def _hash(isa, root):
    """The hash of the content. Comments, spaces and the order of keys do not count. Texts count, because they
    define the meaning of an instruction."""
    parts = [isa]
    functions = root / "spec/functions.json"
    if functions.exists():
        try:
            parts.append(json.loads(functions.read_text()))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise SpecError(f"spec/functions.json: {error}") from error
    canonical = "\n".join(
        json.dumps(part, sort_keys=True, separators=(",", ":")) for part in parts)
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "big")


def read(root: Path) -> Spec:
    isa_path, isa = _load(root, "isa.toml")
    version, enums, structs, instructions, header, loops = _read_isa(isa_path, isa)
    memories, devices = _read_devices(*_load(root, "devices.toml"))
    parameters, accelerators = _read_accelerators(
        *_load(root, "accelerators.toml"), memories, devices)
    return Spec(version, _hash(isa, root), enums, structs, instructions, header, loops,
                parameters, accelerators, memories, devices,
                _read_energy(*_load(root, "energy.toml")))
