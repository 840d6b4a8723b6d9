// SPDX-License-Identifier: Apache-2.0
#include "kernel_simulation.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "Vkernel.h"
#include "accelerator/device/generated/kernel.h"
#include "base/error.h"
#include "rtl_testing.h"

namespace bittern {
namespace {

using kernel::kBeatWords;

constexpr size_t kBufferWords = size_t{1} << 17;
constexpr uint32_t kBeatBytes = 4 * kBeatWords;
constexpr uint8_t kOkay = 0, kSlaveError = 2;

class Simulation : public KernelSimulation {
 public:
  Simulation(int seed, uint32_t back_pressure)
      : kernel_(seed), commands_(kBufferWords), results_(kBufferWords) {
    if (back_pressure != 0) random_.emplace(back_pressure);
    // Results do not depend on the contents of buffers.
    std::mt19937 contents(static_cast<uint32_t>(seed));
    for (uint32_t& word : commands_) word = contents();
    for (uint32_t& word : results_) word = contents();
    ResetAll();
  }

  void ResetAll() override {
    kernel_->s_axi_control_awvalid = kernel_->s_axi_control_wvalid = 0;
    kernel_->s_axi_control_arvalid = 0;
    kernel_->s_axi_control_bready = kernel_->s_axi_control_rready = 0;
    kernel_->m_axi_gmem_awready = kernel_->m_axi_gmem_wready = kernel_->m_axi_gmem_arready = 0;
    kernel_->m_axi_gmem_bvalid = kernel_->m_axi_gmem_rvalid = 0;
    reads_.clear();
    writes_.clear();
    data_.clear();
    answers_ = 0;
    spoiled_in_ = -1;
    kernel_.SetAssertions(false);
    kernel_->ap_rst_n = 0;
    for (int i = 0; i < 4; ++i) kernel_.Step();
    kernel_.SetAssertions(true);
    kernel_->ap_rst_n = 1;
    kernel_.Step();  // in which nobody may offer anything yet
  }

  uint32_t ReadRegister(uint32_t offset) override {
    Delay();
    kernel_->s_axi_control_araddr = static_cast<uint8_t>(offset);
    kernel_->s_axi_control_arvalid = 1;
    kernel_->s_axi_control_rready = 0;
    for (int64_t cycle = 0;; ++cycle) {
      CheckPatience(cycle, "a read of a register");
      const bool asked = kernel_->s_axi_control_arvalid != 0 && kernel_->s_axi_control_arready != 0;
      kernel_->s_axi_control_rready = Now();
      const bool answered =
          kernel_->s_axi_control_rvalid != 0 && kernel_->s_axi_control_rready != 0;
      const uint32_t value = kernel_->s_axi_control_rdata;
      Step();
      if (asked) kernel_->s_axi_control_arvalid = 0;
      if (answered) {
        kernel_->s_axi_control_rready = 0;
        return value;
      }
    }
  }

  void WriteRegister(uint32_t offset, uint32_t value) override { WriteBytes(offset, value, 0xF); }

  void WriteBytes(uint32_t offset, uint32_t value, uint8_t strobes) override {
    Delay();
    kernel_->s_axi_control_awaddr = static_cast<uint8_t>(offset);
    kernel_->s_axi_control_wdata = value;
    kernel_->s_axi_control_wstrb = strobes;
    bool address_is_due = true, data_is_due = true;
    for (int64_t cycle = 0;; ++cycle) {
      CheckPatience(cycle, "a write of a register");
      if (address_is_due && Now()) {
        kernel_->s_axi_control_awvalid = 1;
        address_is_due = false;
      }
      if (data_is_due && Now()) {
        kernel_->s_axi_control_wvalid = 1;
        data_is_due = false;
      }
      const bool address =
          kernel_->s_axi_control_awvalid != 0 && kernel_->s_axi_control_awready != 0;
      const bool data = kernel_->s_axi_control_wvalid != 0 && kernel_->s_axi_control_wready != 0;
      kernel_->s_axi_control_bready = Now();
      const bool answered =
          kernel_->s_axi_control_bvalid != 0 && kernel_->s_axi_control_bready != 0;
      Step();
      if (address) kernel_->s_axi_control_awvalid = 0;
      if (data) kernel_->s_axi_control_wvalid = 0;
      if (answered) {
        kernel_->s_axi_control_bready = 0;
        return;
      }
    }
  }

  Buffer commands() override { return {commands_, kCommands}; }
  Buffer results() override { return {results_, kResults}; }
  void SendCommands(size_t) override {}
  void FetchResults(size_t) override {}

  void WaitForInterrupt() override {
    for (int64_t cycle = 0; !interrupt(); ++cycle) {
      CheckPatience(cycle, "its interrupt");
      Step();
    }
  }

  bool interrupt() const override { return kernel_->__SYM__interrupt != 0; }
  void SetPatience(int64_t cycles) override { patience_ = cycles; }
  void SpoilAnswer(int64_t cycles) override { spoiled_in_ = cycles; }
  void Trace(const std::string& path) override { kernel_.Trace(path); }

  void Step() override {
    // The kernel's outputs are registers: they were set at the last edge, and do not depend on
    // inputs of this cycle.
    const bool read_asked = kernel_->m_axi_gmem_arvalid != 0;
    kernel_->m_axi_gmem_arready = Now();
    if (read_asked && kernel_->m_axi_gmem_arready != 0) {
      reads_.push_back({kernel_->m_axi_gmem_araddr, kernel_->m_axi_gmem_arlen + 1u});
    }
    kernel_->m_axi_gmem_awready = Now();
    if (kernel_->m_axi_gmem_awvalid != 0 && kernel_->m_axi_gmem_awready != 0) {
      writes_.push_back({kernel_->m_axi_gmem_awaddr, kernel_->m_axi_gmem_awlen + 1u});
    }
    kernel_->m_axi_gmem_wready = Now();
    if (kernel_->m_axi_gmem_wvalid != 0 && kernel_->m_axi_gmem_wready != 0) {
      auto& beat = data_.emplace_back();
      for (size_t i = 0; i < kBeatWords; ++i) beat[i] = kernel_->m_axi_gmem_wdata[i];
    }
    const bool read_taken = kernel_->m_axi_gmem_rvalid != 0 && kernel_->m_axi_gmem_rready != 0;
    const bool answer_taken = kernel_->m_axi_gmem_bvalid != 0 && kernel_->m_axi_gmem_bready != 0;
    kernel_.Step();
    if (spoiled_in_ > 0) --spoiled_in_;
    if (read_taken) kernel_->m_axi_gmem_rvalid = 0;
    if (answer_taken) kernel_->m_axi_gmem_bvalid = 0;
    OfferRead();
    OfferAnswer();
  }

 private:
  struct Burst {
    uint64_t address;
    uint32_t beats;
  };

  bool Now() { return !random_ || (*random_)() % 3 != 0; }
  void Delay() {
    while (random_ && (*random_)() % 4 != 0) Step();
  }
  bool Spoiled() { return spoiled_in_ == 0 && spoiled_in_-- == 0; }
  void CheckPatience(int64_t cycle, const char* what) const {
    if (cycle >= patience_) Fail("the kernel: no end of {} in {} cycles", what, cycle);
  }

  uint32_t* WordsAt(uint64_t address) {
    for (const auto& [base, words] :
         {std::pair(kCommands, &commands_), std::pair(kResults, &results_)}) {
      if (address >= base && address + kBeatBytes <= base + 4 * words->size()) {
        return words->data() + (address - base) / 4;
      }
    }
    return nullptr;
  }

  void OfferRead() {
    if (reads_.empty() || kernel_->m_axi_gmem_rvalid != 0 || !Now()) return;
    Burst& burst = reads_.front();
    const uint32_t* words = WordsAt(burst.address);
    for (size_t i = 0; i < kBeatWords; ++i) {
      kernel_->m_axi_gmem_rdata[i] = words != nullptr ? words[i] : 0;
    }
    kernel_->m_axi_gmem_rresp = words != nullptr && !Spoiled() ? kOkay : kSlaveError;
    kernel_->m_axi_gmem_rlast = burst.beats == 1;
    kernel_->m_axi_gmem_rvalid = 1;
    burst.address += kBeatBytes;
    if (--burst.beats == 0) reads_.pop_front();
  }

  void OfferAnswer() {
    if (!writes_.empty() && data_.size() >= writes_.front().beats) {
      const Burst burst = writes_.front();
      writes_.pop_front();
      for (uint32_t b = 0; b < burst.beats; ++b, data_.pop_front()) {
        uint32_t* words = WordsAt(burst.address + uint64_t{b} * kBeatBytes);
        if (words == nullptr) {
          bad_ = true;
        } else {
          std::copy(data_.front().begin(), data_.front().end(), words);
        }
      }
      ++answers_;
    }
    if (answers_ == 0 || kernel_->m_axi_gmem_bvalid != 0 || !Now()) return;
    --answers_;
    kernel_->m_axi_gmem_bvalid = 1;
    kernel_->m_axi_gmem_bresp = bad_ || Spoiled() ? kSlaveError : kOkay;
    bad_ = false;
  }

  Clocked<Vkernel> kernel_;
  std::vector<uint32_t> commands_, results_;
  std::optional<std::minstd_rand> random_;
  std::deque<Burst> reads_, writes_;
  std::deque<std::array<uint32_t, kBeatWords>> data_;
  int answers_ = 0;
  bool bad_ = false;
  int64_t spoiled_in_ = -1;
  int64_t patience_ = int64_t{1} << 25;
};

}  // namespace

std::unique_ptr<KernelSimulation> MakeKernelNano(int seed, uint32_t back_pressure) {
  return std::make_unique<Simulation>(seed, back_pressure);
}

}  // namespace bittern
