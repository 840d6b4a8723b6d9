#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "Vmemory_region.h"
#include "rtl_testing.h"

namespace bittern {
namespace {

constexpr int kReaders = 3, kWriters = 2, kLanes = 4, kBanks = 3, kDepth = 16, kRegion = 1;
constexpr uint32_t kFirst = kRegion << 18;

template <class Port>
void SetAddress(Port& port, int number, uint32_t address) {
  SetBits(port, static_cast<size_t>(20 * number), 20, address);
}

class RtlMemory : public ::testing::Test {
 protected:
  int Between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  static int BankOf(uint32_t address) { return static_cast<int>(address - kFirst) / kDepth; }
  uint32_t Anywhere() { return kFirst + static_cast<uint32_t>(Between(0, kBanks * kDepth - 1)); }

  std::mt19937 random_{1};
  Clocked<Vmemory_region> memory_;
};

// Every port every cycle, never two in one bank; reads of words that are written in the cycle
// before see them.
TEST_F(RtlMemory, ReadsWhatWasWritten) {
  std::map<uint32_t, std::array<uint32_t, kLanes>> written;
  struct Read {
    bool checked;
    bool here;
    std::array<uint32_t, kLanes> word;
  };
  std::vector<std::array<Read, kReaders>> reads;
  uint32_t recent = kFirst;
  for (int cycle = 0; cycle < 30000; ++cycle) {
    uint32_t busy_read = 0, busy_write = 0;
    std::array<Read, kReaders> now{};
    memory_->read_i = 0;
    for (int r = 0; r < kReaders; ++r) {
      const uint32_t address = Between(0, 2) == 0 ? recent : Anywhere();
      SetAddress(memory_->read_address_i, r, address);
      const uint32_t bank = 1u << BankOf(address);
      const bool away = Between(0, 9) == 0;  // another region: 0
      if (away) SetAddress(memory_->read_address_i, r, address ^ (2u << 18));
      if (!away && (busy_read & bank) != 0) continue;
      if (!away) busy_read |= bank;
      memory_->read_i |= static_cast<uint8_t>(1 << r);
      const auto found = written.find(address);
      if (away || found == written.end()) {
        now[r] = {.checked = away, .here = false, .word = {}};
      } else {
        now[r] = {.checked = true, .here = true, .word = found->second};
      }
    }
    memory_->write_i = 0;
    for (int w = 0; w < kWriters; ++w) {
      const uint32_t address = Anywhere();
      SetAddress(memory_->write_address_i, w, address);
      const uint32_t bank = 1u << BankOf(address);
      if ((busy_write & bank) != 0 || Between(0, 2) == 0) continue;
      busy_write |= bank;
      memory_->write_i |= static_cast<uint8_t>(1 << w);
      // The first time whole: the rest is random until then.
      const bool is_new = !written.contains(address);
      const auto enabled = static_cast<uint32_t>(is_new ? 15 : Between(0, 15));
      auto& word = written[address];
      memory_->write_lanes_i &= ~(15u << 4 * w);
      memory_->write_lanes_i |= enabled << 4 * w;
      for (int l = 0; l < kLanes; ++l) {
        const auto value = static_cast<uint32_t>(random_()) | 1;
        memory_->write_data_i[kLanes * w + l] = value;
        if ((enabled >> l & 1) != 0) word[static_cast<size_t>(l)] = value;
      }
      // A word that is read in this very cycle is nobody's business.
      for (int r = 0; r < kReaders; ++r) {
        if (now[r].here && (memory_->read_i >> r & 1) != 0) {
          const auto read = GetBits(memory_->read_address_i, static_cast<size_t>(20 * r), 20);
          if (read == address) now[r].checked = false;
        }
      }
      recent = address;
    }
    reads.push_back(now);
    memory_.Step();
    if (cycle < 1) continue;
    ASSERT_EQ(memory_->clash_o, 0);
    const auto& then = reads[static_cast<size_t>(cycle - 1)];
    for (int r = 0; r < kReaders; ++r) {
      if (!then[r].checked) continue;
      for (int l = 0; l < kLanes; ++l) {
        ASSERT_EQ(memory_->read_data_o[kLanes * r + l], then[r].word[static_cast<size_t>(l)])
            << "cycle " << cycle << ", reader " << r << ", lane " << l;
      }
    }
  }
}

TEST_F(RtlMemory, TellsOfClashes) {
  const auto clashes = [&](bool reads, uint32_t a, uint32_t b, bool again = false) {
    memory_->read_i = reads ? 3 : 0;
    memory_->read_again_i = again ? 2 : 0;
    memory_->write_i = reads ? 0 : 3;
    for (int port = 0; port < 2; ++port) {
      const uint32_t address = kFirst + (port == 0 ? a : b);
      SetAddress(memory_->read_address_i, port, address);
      SetAddress(memory_->write_address_i, port, address);
    }
    memory_.Step();
    memory_->read_i = memory_->write_i = 0;
    memory_.Step();
    return memory_->clash_o != 0;
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
