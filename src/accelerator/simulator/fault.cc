// SPDX-License-Identifier: Apache-2.0
#include "accelerator/simulator/fault.h"

#include <fmt/format.h>

#include <utility>

#include "accelerator/isa/generated/instructions.h"

namespace bittern {
namespace {

std::string Describe(const Fault& fault) {
  std::string text = fmt::format("instruction {}", fault.instruction);
  if (fault.iteration > 0) text += fmt::format(", iteration {}", fault.iteration);
  if (fault.element >= 0) text += fmt::format(", element {}", fault.element);
  if (fault.unit >= 0) text += fmt::format(" ({})", Name(static_cast<isa::Unit>(fault.unit)));
  text += ": " + fault.operand;
  if (fault.address >= 0) text += fmt::format(" at {:#x}", fault.address);
  if (fault.address < -1) text += fmt::format(" at {}", fault.address);
  return text + ": " + fault.what;
}

}  // namespace

SimulationError::SimulationError(Fault fault) : Error(Describe(fault)), fault_(std::move(fault)) {}

}  // namespace bittern
