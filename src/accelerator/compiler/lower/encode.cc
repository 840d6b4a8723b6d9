// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/lower/encode.h"

#include <variant>

#include "accelerator/isa/field_limits.h"

namespace bittern {

std::vector<uint32_t> EncodeProgram(const std::vector<MachineOp>& ops,
                                    std::vector<Shortfall>& shortfalls) {
  const int64_t longest_body = isa::MostOf<isa::Loop>("body");
  std::vector<uint32_t> code;
  for (size_t i = 0; i < ops.size(); ++i) {
    isa::Instruction instruction = ops[i].instruction;
    if (auto* loop = std::get_if<isa::Loop>(&instruction)) {
      // The compiler counts a body in instructions, the machine counts it in words.
      std::vector<uint32_t> body;
      for (size_t n = i + 1; n <= i + loop->body; ++n) isa::Encode(ops[n].instruction, body);
      if (std::ssize(body) > longest_body) {
        shortfalls.push_back({"words in a hardware loop", std::ssize(body), longest_body});
        return {};
      }
      loop->body = static_cast<uint32_t>(body.size());
    }
    isa::Encode(instruction, code);
  }
  isa::Encode(isa::End{}, code);
  return code;
}

}  // namespace bittern
