// SPDX-License-Identifier: Apache-2.0
#include "accelerator/simulator/trace.h"

#include <fmt/format.h>

#include <iterator>

namespace bittern {
namespace {

// Escapes a name for a JSON string.
std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string ChromeTrace(const DecodedProgram& program, const std::vector<InstructionTime>& records,
                        const std::function<std::string(const InstructionTime&)>& label) {
  std::string json = "{\"traceEvents\":[";
  auto out = std::back_inserter(json);
  for (size_t unit = 0; unit < isa::kUnits; ++unit) {
    fmt::format_to(out,
                   "{}\n{{\"ph\":\"M\",\"pid\":0,\"tid\":{},\"name\":\"thread_name\","
                   "\"args\":{{\"name\":\"{}\"}}}}",
                   unit == 0 ? "" : ",", unit, Name(static_cast<isa::Unit>(unit)));
  }
  for (const InstructionTime& record : records) {
    const isa::Instruction& instruction =
        program[static_cast<size_t>(record.instruction)].instruction;
    const std::string name =
        label ? label(record)
              : std::string(std::visit([](const auto& i) { return i.kName; }, instruction));
    fmt::format_to(out,
                   ",\n{{\"ph\":\"X\",\"pid\":0,\"tid\":{},\"ts\":{},\"dur\":{},\"name\":\"{}\","
                   "\"args\":{{\"instruction\":{},\"trip\":{},\"elements\":{},\"dispatched\":{},"
                   "\"done\":{}}}}}",
                   record.unit, record.start, record.issued - record.start, Escaped(name),
                   record.instruction, record.iteration, record.elements, record.dispatch,
                   record.done);
  }
  json += "\n]}\n";
  return json;
}

}  // namespace bittern
