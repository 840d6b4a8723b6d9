// SPDX-License-Identifier: Apache-2.0
// Encode, Decode and Disassemble are visitors of the fields in generated/fields.h.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>

#include "accelerator/isa/accelerator.h"
#include "accelerator/isa/generated/fields.h"
#include "accelerator/isa/generated/instructions.h"
#include "base/error.h"

namespace bittern::isa {
namespace {

constexpr int kWordBits = 32;

// The name of a field in a message, such as "stream: x.stride[2]".
struct Place {
  std::string_view instruction;
  std::string outer;  // "x." within operand x

  std::string Of(std::string_view field, int index = -1) const {
    if (index < 0) return fmt::format("{}: {}{}", instruction, outer, field);
    return fmt::format("{}: {}{}[{}]", instruction, outer, field, index);
  }
};

template <typename E>
std::string_view IndexName(size_t index, E) {
  return Name(static_cast<E>(index));
}

// The range of a field. Signed fields are two's complement.
int64_t Lowest(const FieldFormat& format, bool is_signed) {
  return is_signed ? -(int64_t{1} << (format.bits - 1)) : int64_t{format.minimum};
}

int64_t Highest(const FieldFormat& format, bool is_signed) {
  return (int64_t{1} << (is_signed ? format.bits - 1 : format.bits)) - 1;
}

// Counts the bits that the Encoder would write.
class Sizer {
 public:
  size_t words() const { return bits_ / kWordBits; }

  template <typename T>
  void Field(std::string_view, const T&, const FieldFormat& format) {
    bits_ += static_cast<size_t>(format.bits);
  }
  template <typename T, size_t N>
  void Field(std::string_view, const std::array<T, N>&, const FieldFormat& format) {
    bits_ += N * static_cast<size_t>(format.bits);
  }
  template <typename T, size_t N, typename Index>
  void Structs(std::string_view, const std::array<T, N>& values, Index) {
    for (const T& value : values) VisitFields(value, *this);
  }
  void Unused(std::string_view, int bits) { bits_ += static_cast<size_t>(bits); }
  template <typename T>
  void Presence(std::string_view, const std::optional<T>&) {
    ++bits_;
  }
  void Align() { bits_ = (bits_ + kWordBits - 1) / kWordBits * kWordBits; }
  template <typename T>
  void Operand(std::string_view, const T& value) {
    VisitFields(value, *this);
  }
  template <typename T>
  void Operand(std::string_view, const std::optional<T>& value) {
    if (value) VisitFields(*value, *this);
  }

 private:
  size_t bits_ = 0;
};

// Writes fields from bit 0 of the first word upwards. A field may cross the border of two words.
class Encoder {
 public:
  explicit Encoder(std::string_view instruction) : place_{instruction, ""} {}

  const std::vector<uint32_t>& words() const { return words_; }

  template <typename T>
  void Field(std::string_view name, T value, const FieldFormat& format) {
    One(name, -1, value, format);
  }
  template <typename T, size_t N>
  void Field(std::string_view name, const std::array<T, N>& values, const FieldFormat& format) {
    for (size_t i = 0; i < N; ++i) One(name, static_cast<int>(i), values[i], format);
  }
  template <typename T, size_t N, typename Index>
  void Structs(std::string_view name, const std::array<T, N>& values, Index index) {
    for (size_t i = 0; i < N; ++i) {
      Inside(fmt::format("{}[{}].", name, IndexName(i, index)), values[i]);
    }
  }
  void Unused(std::string_view, int bits) { Put(0, bits); }
  template <typename T>
  void Presence(std::string_view, const std::optional<T>& value) {
    Put(value ? 1 : 0, 1);
  }
  // The rest of the last word is 0 already, because words are appended as 0.
  void Align() { bits_ = words_.size() * kWordBits; }
  template <typename T>
  void Operand(std::string_view name, const T& value) {
    Inside(fmt::format("{}.", name), value);
  }
  template <typename T>
  void Operand(std::string_view name, const std::optional<T>& value) {
    if (value) Operand(name, *value);
  }

 private:
  template <typename T>
  void Inside(std::string name, const T& value) {
    // Structures are at most one level deep, so one name is enough.
    place_.outer = std::move(name);
    VisitFields(value, *this);
    place_.outer.clear();
  }

  template <typename T>
  void One(std::string_view name, int index, T value, const FieldFormat& format) {
    if constexpr (std::is_enum_v<T>) {
      // The compiler made the value, so this message is for its authors. A choice beyond the list
      // has no meaning.
      if (static_cast<uint32_t>(value) >= CountOf(value)) {
        Fail("{} is value {} of {} choices", place_.Of(name, index), static_cast<uint32_t>(value),
             CountOf(value));
      }
    } else {
      const int64_t low = Lowest(format, std::is_signed_v<T>);
      const int64_t high = Highest(format, std::is_signed_v<T>);
      if (value < low || value > high) {
        Fail("{} is {}; the instruction has room for {} to {}", place_.Of(name, index), value, low,
             high);
      }
    }
    Put(static_cast<uint32_t>(value), format.bits);
  }

  // Appends the low `bits` bits of a value. `bits` is at most 32, so they touch at most two words.
  void Put(uint32_t value, int bits) {
    // 64 bits hold a value of 32 bits after any shift below 32.
    const uint64_t masked = uint64_t{value} & ((uint64_t{1} << bits) - 1);
    const size_t shift = bits_ % kWordBits;
    // A value that starts at a word's border opens the word. One that crosses the border opens the
    // next one below.
    if (shift == 0) words_.push_back(0);
    words_.back() |= static_cast<uint32_t>(masked << shift);
    bits_ += static_cast<size_t>(bits);
    if (shift + static_cast<size_t>(bits) > kWordBits) {
      words_.push_back(static_cast<uint32_t>(masked >> (kWordBits - shift)));
    }
  }

  Place place_;
  size_t bits_ = 0;
  std::vector<uint32_t> words_;
};

// Reads fields in the same order. It refuses every word that the Encoder would not write, so that
// decoding and encoding are inverse.
class Decoder {
 public:
  Decoder(std::string_view instruction, std::span<const uint32_t> words)
      : place_{instruction, ""}, words_(words) {}

  size_t words() const { return bits_ / kWordBits; }

  template <typename T>
  void Field(std::string_view name, T& value, const FieldFormat& format) {
    One(name, -1, value, format);
  }
  template <typename T, size_t N>
  void Field(std::string_view name, std::array<T, N>& values, const FieldFormat& format) {
    for (size_t i = 0; i < N; ++i) One(name, static_cast<int>(i), values[i], format);
  }
  template <typename T, size_t N, typename Index>
  void Structs(std::string_view name, std::array<T, N>& values, Index index) {
    for (size_t i = 0; i < N; ++i) {
      Inside(fmt::format("{}[{}].", name, IndexName(i, index)), values[i]);
    }
  }
  void Unused(std::string_view name, int bits) {
    if (const uint32_t found = Take(bits)) {
      Fail("{} is {}; expected 0", place_.Of(name), found);
    }
  }
  template <typename T>
  void Presence(std::string_view, std::optional<T>& value) {
    // The operand's own fields come later, in Operand.
    if (Take(1) != 0) value.emplace();
  }
  void Align() {
    // `bits_` is unsigned, so -bits_ modulo 32 is the number of bits up to the next word.
    const int rest = static_cast<int>(-bits_ % kWordBits);
    if (rest != 0) Unused("the rest of the fields' last word", rest);
  }
  template <typename T>
  void Operand(std::string_view name, T& value) {
    Inside(fmt::format("{}.", name), value);
  }
  template <typename T>
  void Operand(std::string_view name, std::optional<T>& value) {
    if (value) Operand(name, *value);
  }

 private:
  template <typename T>
  void Inside(std::string name, T& value) {
    place_.outer = std::move(name);
    VisitFields(value, *this);
    place_.outer.clear();
  }

  template <typename T>
  void One(std::string_view name, int index, T& value, const FieldFormat& format) {
    const uint32_t found = Take(format.bits);
    if constexpr (std::is_enum_v<T>) {
      if (found >= CountOf(T{})) {
        Fail("{} is {}; expected a choice from 0 to {}", place_.Of(name, index), found,
             CountOf(T{}) - 1);
      }
      value = static_cast<T>(found);
    } else if constexpr (std::is_signed_v<T>) {
      const int unused = kWordBits - format.bits;  // shifting up and down again extends the sign
      value = static_cast<int32_t>(found << unused) >> unused;
    } else {
      if (found < format.minimum) {
        Fail("{} is {}; expected {} or more", place_.Of(name, index), found, format.minimum);
      }
      value = found;
    }
  }

  // Returns the next `bits` bits from a window of two words.
  uint32_t Take(int bits) {
    // `words_` ends with the instruction's length, so a too short length is found here.
    if (bits_ + static_cast<size_t>(bits) > words_.size() * kWordBits) {
      Fail("{}: {} words do not hold its fields and operands; the program is damaged",
           place_.instruction, words_.size());
    }
    const size_t word = bits_ / kWordBits;
    const size_t shift = bits_ % kWordBits;
    uint64_t window = words_[word];
    if (word + 1 < words_.size()) window |= uint64_t{words_[word + 1]} << kWordBits;
    bits_ += static_cast<size_t>(bits);
    return static_cast<uint32_t>((window >> shift) & ((uint64_t{1} << bits) - 1));
  }

  Place place_;
  std::span<const uint32_t> words_;
  size_t bits_ = 0;
};

// Prints the fields that differ from a default-constructed value, and every choice.
class Printer {
 public:
  explicit Printer(std::string& text, bool space_first) : text_(text), space_(space_first) {}

  template <typename T>
  void Field(std::string_view name, T value, const FieldFormat& format) {
    if constexpr (std::is_enum_v<T>) {
      const std::string_view choice = Name(value);
      // The choices named none and zero are not printed.
      if (value == T{} && (choice == "none" || choice == "zero")) return;
      if (choice.empty()) {
        Add("{}={}", name, static_cast<uint32_t>(value));
      } else {
        Add("{}={}", name, choice);
      }
    } else if (format.address) {
      Add("{}={}", name, Address(static_cast<uint32_t>(value)));
    } else if (value != static_cast<T>(format.minimum)) {
      // A flag that is set is printed as its name alone.
      if (format.bits == 1 && value == 1) {
        Add("{}", name);
      } else {
        Add("{}={}", name, value);
      }
    }
  }
  template <typename T, size_t N>
  void Field(std::string_view name, const std::array<T, N>& values, const FieldFormat& format) {
    const auto is_default = [&](T value) { return value == static_cast<T>(format.minimum); };
    if (std::all_of(values.begin(), values.end(), is_default)) return;
    std::string list;
    for (const T value : values) list += fmt::format("{}{}", list.empty() ? "" : ",", value);
    Add("{}=[{}]", name, list);
  }
  template <typename T, size_t N, typename Index>
  void Structs(std::string_view name, const std::array<T, N>& values, Index index) {
    for (size_t i = 0; i < N; ++i) {
      if (values[i] != T{}) {
        Operand(fmt::format("{}[{}]", name, IndexName(i, index)), values[i]);
      }
    }
  }
  void Unused(std::string_view, int) {}
  template <typename T>
  void Presence(std::string_view, const std::optional<T>&) {}
  void Align() {}
  template <typename T>
  void Operand(std::string_view name, const T& value) {
    std::string inside;
    Printer printer(inside, false);
    VisitFields(value, printer);
    Add("{}=({})", name, inside);
  }
  template <typename T>
  void Operand(std::string_view name, const std::optional<T>& value) {
    if (value) Operand(name, *value);
  }

 private:
  static std::string Address(uint32_t address) {
    constexpr std::string_view kRegions[] = {"token", "rank", "scalar"};
    const uint32_t region = address >> kRegionShift;
    const uint32_t word = address & 0x3ffffu;
    if (region < std::size(kRegions)) return fmt::format("{}:{}", kRegions[region], word);
    return fmt::format("{}:{}", region, word);
  }

  template <typename... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    if (space_) text_ += ' ';
    space_ = true;
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  std::string& text_;
  bool space_;
};

template <typename T>
size_t WordsOfOne(const T& instruction) {
  Sizer sizer;
  const Header header;
  VisitFields(header, sizer);
  VisitBody(instruction, sizer);
  return sizer.words();
}

// Decodes words that are one instruction of type T. The header is read again, because its fields
// come first in the order of the bits.
template <typename T>
Instruction DecodeOne(std::span<const uint32_t> words, const Header& header) {
  T instruction = WithHeader<T>(header);
  Decoder decoder(T::kName, words);
  Header again;
  VisitFields(again, decoder);
  VisitBody(instruction, decoder);
  // A longer length would hide words that no field covers.
  if (decoder.words() != words.size()) {
    Fail("{}: its length is {} words, but its fields and operands take {}; the program is damaged",
         T::kName, words.size(), decoder.words());
  }
  return instruction;
}

// Tries every type of instruction, and decodes the one with the header's opcode.
template <size_t... I>
Instruction DecodeAny(std::span<const uint32_t> words, const Header& header,
                      std::index_sequence<I...>) {
  std::optional<Instruction> result;
  const auto attempt = [&]<typename T>(std::type_identity<T>) {
    // Opcodes are distinct, so at most one type matches.
    if (T::kOpcode == header.opcode) result = DecodeOne<T>(words, header);
  };
  (attempt(std::type_identity<std::variant_alternative_t<I, Instruction>>()), ...);
  if (!result) Fail("opcode {} is not an instruction; the program is damaged", header.opcode);
  return *result;
}

}  // namespace

std::optional<Unit> UnitOf(const Instruction& instruction) {
  return std::visit(
      []<typename T>(const T&) -> std::optional<Unit> {
        if constexpr (requires { T::kUnit; }) {
          return T::kUnit;
        } else {
          return std::nullopt;
        }
      },
      instruction);
}

size_t WordsOf(const Instruction& instruction) {
  return std::visit([](const auto& one) { return WordsOfOne(one); }, instruction);
}

void Encode(const Instruction& instruction, std::vector<uint32_t>& words) {
  std::visit(
      [&]<typename T>(const T& one) {
        Encoder encoder(T::kName);
        const Header header = HeaderOf(one, static_cast<uint32_t>(WordsOfOne(one)));
        VisitFields(header, encoder);
        VisitBody(one, encoder);
        words.insert(words.end(), encoder.words().begin(), encoder.words().end());
      },
      instruction);
}

Instruction Decode(std::span<const uint32_t> words) {
  Header header;
  Decoder decoder("instruction", words);
  VisitFields(header, decoder);
  if (header.length > words.size()) {
    Fail("instruction: its length is {} words, but only {} are left; the program is damaged",
         header.length, words.size());
  }
  constexpr size_t kKinds = std::variant_size_v<Instruction>;
  return DecodeAny(words.first(header.length), header, std::make_index_sequence<kKinds>());
}

std::string Disassemble(const Instruction& instruction) {
  return std::visit(
      []<typename T>(const T& one) {
        std::string text(T::kName);
        // The length is 0 here, so the printer leaves it out.
        Header header = HeaderOf(one, 0);
        header.opcode = 0;  // the name of the instruction shows it
        Printer printer(text, true);
        VisitFields(header, printer);
        VisitBody(one, printer);
        return text;
      },
      instruction);
}

}  // namespace bittern::isa
