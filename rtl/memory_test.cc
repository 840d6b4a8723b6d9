// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "Vmemory_region.h"
#include "Vmemory_region_wide.h"
#include "rtl_testing.h"

namespace bittern {
namespace {

// A reader alone, and two pairs.
constexpr int kReaders = 5, kFirstPaired = 1, kWriters = 2, kLanes = 4, kDepth = 16, kRegion = 1;
constexpr uint32_t kFirst = kRegion << 18;

// `kPieces` of a word of the one alone, `kPairedPieces` of one of a pair.
template <class M, int kAllBanks, int kSinglePieces, int kPairPieces>
struct Shape {
  using Model = M;
  static constexpr int kBanks = kAllBanks, kPieces = kSinglePieces, kPairedPieces = kPairPieces;
};
// The pieces are banks 0..3 and 4..5. In halves they are banks 0..2 and none, or 3 and 4..5.
using Small = Shape<Vmemory_region, 6, 2, 2>;
// The u50's ranks. The pieces are banks 0..15 and 16..19. In halves they are banks
// 0..3, 4..7, 8..9, or 10..11, 12..15, 16..19.
using Wide = Shape<Vmemory_region_wide, 20, 2, 3>;

template <class Port>
void SetAddress(Port& port, int number, uint32_t address) {
  SetBits(port, static_cast<size_t>(20 * number), 20, address);
}

template <class S>
class RtlMemory : public ::testing::Test {
 protected:
  static constexpr int kBanks = S::kBanks;

  int Between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  static int BankOf(uint32_t address) { return static_cast<int>(address - kFirst) / kDepth; }
  // True if the reader can read words of the bank.
  static bool Reaches(int reader, int bank) {
    if (reader < kFirstPaired) return true;
    const bool upper = (reader - kFirstPaired) % 2 == 1;
    return upper == (bank >= kBanks / 2);
  }
  uint32_t Word(int reader, int lane) {
    const bool paired = reader >= kFirstPaired;
    const int first = paired
                          ? S::kPieces * kFirstPaired + S::kPairedPieces * (reader - kFirstPaired)
                          : S::kPieces * reader;
    uint32_t word = 0;
    for (int p = 0; p < (paired ? S::kPairedPieces : S::kPieces); ++p) {
      word |= memory_->pieces_o[kLanes * (first + p) + lane];
    }
    return word;
  }
  uint32_t Anywhere() { return kFirst + static_cast<uint32_t>(Between(0, kBanks * kDepth - 1)); }

  std::mt19937 random_{1};
  Clocked<typename S::Model> memory_;
};
using Shapes = ::testing::Types<Small, Wide>;
TYPED_TEST_SUITE(RtlMemory, Shapes);

// Every port every cycle, never two in one bank; reads of words that are written in the cycle
// before see them. At times one reader of a pair does not read, and gets the words of the other.
TYPED_TEST(RtlMemory, ReadsWhatWasWritten) {
  std::map<uint32_t, std::array<uint32_t, kLanes>> written;
  struct Read {
    bool checked;
    bool whole;  // of this region, and written
    bool here;   // in banks that the reader has
    std::array<uint32_t, kLanes> word;
  };
  std::vector<std::array<Read, kReaders>> reads;
  uint32_t recent = kFirst;
  for (int cycle = 0; cycle < 30000; ++cycle) {
    uint32_t busy_read = 0, busy_write = 0;
    std::array<Read, kReaders> now{};
    this->memory_->read_i = 0;
    for (int r = 0; r < kReaders; ++r) {
      const uint32_t address = this->Between(0, 2) == 0 ? recent : this->Anywhere();
      SetAddress(this->memory_->read_address_i, r, address);
      SetAddress(this->memory_->choose_address_i, r, address);
      const uint32_t bank = 1u << this->BankOf(address);
      const bool away = this->Between(0, 9) == 0;  // another region: 0
      if (away) {
        SetAddress(this->memory_->read_address_i, r, address ^ (2u << 18));
        SetAddress(this->memory_->choose_address_i, r, address ^ (2u << 18));
      }
      if (r > kFirstPaired && (r - kFirstPaired) % 2 == 1 && now[r - 1].checked &&
          this->Between(0, 3) == 0) {
        const auto other =
            GetBits(this->memory_->read_address_i, static_cast<size_t>(20 * (r - 1)), 20);
        SetAddress(this->memory_->choose_address_i, r, static_cast<uint32_t>(other));
        now[r] = now[r - 1];
        if (now[r].whole)
          now[r].here = this->Reaches(r, this->BankOf(static_cast<uint32_t>(other)));
        continue;
      }
      if (!away && (busy_read & bank) != 0) continue;
      if (!away) busy_read |= bank;
      this->memory_->read_i |= static_cast<uint8_t>(1 << r);
      const auto found = written.find(address);
      if (away || found == written.end()) {
        now[r] = {.checked = away, .whole = false, .here = false, .word = {}};
      } else {
        now[r] = {.checked = true,
                  .whole = true,
                  .here = this->Reaches(r, this->BankOf(address)),
                  .word = found->second};
      }
    }
    this->memory_->write_i = 0;
    for (int w = 0; w < kWriters; ++w) {
      const uint32_t address = this->Anywhere();
      SetAddress(this->memory_->write_address_i, w, address);
      const uint32_t bank = 1u << this->BankOf(address);
      if ((busy_write & bank) != 0 || this->Between(0, 2) == 0) continue;
      busy_write |= bank;
      this->memory_->write_i |= static_cast<uint8_t>(1 << w);
      // The first time whole: the rest is random until then.
      const bool is_new = !written.contains(address);
      const auto enabled = static_cast<uint32_t>(is_new ? 15 : this->Between(0, 15));
      auto& word = written[address];
      this->memory_->write_lanes_i &= ~(15u << 4 * w);
      this->memory_->write_lanes_i |= enabled << 4 * w;
      for (int l = 0; l < kLanes; ++l) {
        const auto value = static_cast<uint32_t>(this->random_()) | 1;
        this->memory_->write_data_i[kLanes * w + l] = value;
        if ((enabled >> l & 1) != 0) word[static_cast<size_t>(l)] = value;
      }
      // A word that is read in this very cycle is nobody's business.
      for (int r = 0; r < kReaders; ++r) {
        if (now[r].whole) {
          const auto read =
              GetBits(this->memory_->choose_address_i, static_cast<size_t>(20 * r), 20);
          if (read == address) now[r].checked = false;
        }
      }
      recent = address;
    }
    reads.push_back(now);
    this->memory_.Step();
    if (cycle < 1) continue;
    ASSERT_EQ(this->memory_->clash_o, 0);
    const auto& then = reads[static_cast<size_t>(cycle - 1)];
    for (int r = 0; r < kReaders; ++r) {
      if (!then[r].checked) continue;
      for (int l = 0; l < kLanes; ++l) {
        ASSERT_EQ(this->Word(r, l), then[r].here ? then[r].word[static_cast<size_t>(l)] : 0)
            << "cycle " << cycle << ", reader " << r << ", lane " << l;
      }
    }
  }
}

TYPED_TEST(RtlMemory, TellsOfClashes) {
  const auto clashes = [&](bool reads, uint32_t a, uint32_t b, bool again = false) {
    this->memory_->read_i = reads ? 3 : 0;
    this->memory_->read_again_i = again ? 2 : 0;
    this->memory_->write_i = reads ? 0 : 3;
    for (int port = 0; port < 2; ++port) {
      const uint32_t address = kFirst + (port == 0 ? a : b);
      SetAddress(this->memory_->read_address_i, port, address);
      SetAddress(this->memory_->write_address_i, port, address);
    }
    this->memory_.Step();
    this->memory_->read_i = this->memory_->write_i = 0;
    this->memory_.Step();
    return this->memory_->clash_o != 0;
  };
  for (const bool reads : {false, true}) {
    EXPECT_TRUE(clashes(reads, 3, 5));
    EXPECT_TRUE(clashes(reads, 0, 8));
    EXPECT_TRUE(clashes(reads, kDepth, kDepth + 1));
    EXPECT_FALSE(clashes(reads, 3, kDepth + 3));
    EXPECT_FALSE(clashes(reads, 0, 2 * kDepth));
  }
  EXPECT_TRUE(clashes(true, 7, 7));
  EXPECT_FALSE(clashes(true, 7, 7, true));  // one word for two
  EXPECT_TRUE(clashes(false, 7, 7));
}

}  // namespace
}  // namespace bittern
