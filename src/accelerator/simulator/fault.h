// SPDX-License-Identifier: Apache-2.0
// A fault of a program while it runs. Examples are an address outside memory, a read of a word that
// was never written, and an operand that the instruction cannot take.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_FAULT_H_
#define BITTERN_ACCELERATOR_SIMULATOR_FAULT_H_

#include <cstdint>
#include <string>

#include "accelerator/device/device.h"
#include "base/error.h"

namespace bittern {

struct Fault {
  enum class Kind {
    kUnwritten,   // a read of a word that was never written
    kOutside,     // an address, slot, register or table entry that does not exist
    kImpossible,  // a combination of fields without meaning
  };

  Kind kind = Kind::kImpossible;
  int instruction = -1;   // its index in the program
  int64_t iteration = 0;  // iteration of the hardware loop around it
  int64_t element = -1;   // -1: not about one element
  int unit = -1;          // isa::Unit; -1: the sequencer
  std::string operand;    // "x", "slot", ...
  int64_t address = -1;   // address as in the instruction, with the region; or a slot or register
  std::string what;       // "never written", ...
};

class SimulationError : public Error {
 public:
  explicit SimulationError(Fault fault);
  const Fault& fault() const { return fault_; }

 private:
  Fault fault_;
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_FAULT_H_
