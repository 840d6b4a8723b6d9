// SPDX-License-Identifier: Apache-2.0
#include "accelerator/device/xrt/xrt_port.h"

#include <experimental/xrt_ip.h>
#include <experimental/xrt_xclbin.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <string>

#include "base/error.h"

namespace bittern {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
constexpr char kKernel[] = "bittern";
constexpr char kInstance[] = "bittern:{bittern_1}";
constexpr std::chrono::milliseconds kPause(
    100);  // after this time the register is read, with or without an interrupt

// Calls `action` and turns an exception of XRT into an Error.
template <class Call>
auto Try(const char* what, Call call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& error) {
    Fail("XRT: {}: {}", what, error.what());
  }
}

class XrtPort : public KernelPort {
 public:
  XrtPort(const std::string& file, unsigned card)
      : device_(card), xclbin_(file), ip_(device_, device_.load_xclbin(xclbin_), kInstance) {
    // Both buffers are in the memory that the kernel's first argument is linked to.
    const xrt::xclbin::kernel kernel = xclbin_.get_kernel(kKernel);
    const auto arguments = kernel.get_args();
    if (arguments.empty() || arguments[0].get_mems().empty()) {
      Fail("{}: kernel {} is linked to no memory", file, kKernel);
    }
    const auto memory = static_cast<xrt::memory_group>(arguments[0].get_mems()[0].get_index());
    commands_ = xrt::bo(device_, kBufferBytes, xrt::bo::flags::normal, memory);
    results_ = xrt::bo(device_, kBufferBytes, xrt::bo::flags::normal, memory);
    interrupt_ = std::make_unique<xrt::ip::interrupt>(ip_.create_interrupt_notify());
  }

  uint32_t ReadRegister(uint32_t offset) override {
    return Try("reading a register", [&] { return ip_.read_register(offset); });
  }
  void WriteRegister(uint32_t offset, uint32_t value) override {
    Try("writing a register", [&] { ip_.write_register(offset, value); });
  }
  Buffer commands() override { return BufferOf(commands_); }
  Buffer results() override { return BufferOf(results_); }
  void SendCommands(size_t words) override {
    Try("sending commands", [&] { commands_.sync(XCL_BO_SYNC_BO_TO_DEVICE, 4 * words, 0); });
  }
  void FetchResults(size_t words) override {
    Try("fetching results", [&] { results_.sync(XCL_BO_SYNC_BO_FROM_DEVICE, 4 * words, 0); });
  }
  void WaitForInterrupt() override {
    // wait(timeout) only tests for the interrupt. wait() consumes it and enables the next one.
    Try("waiting for the kernel", [&] {
      if (interrupt_->wait(kPause) == std::cv_status::no_timeout) interrupt_->wait();
    });
  }

 private:
  static Buffer BufferOf(xrt::bo& buffer) {
    return {{buffer.map<uint32_t*>(), kBufferBytes / 4}, buffer.address()};
  }

  xrt::device device_;
  xrt::xclbin xclbin_;
  xrt::ip ip_;
  xrt::bo commands_, results_;
  std::unique_ptr<xrt::ip::interrupt> interrupt_;
};

}  // namespace

std::unique_ptr<KernelPort> OpenXrt(const std::string& file, unsigned card) {
  return Try("opening the card", [&]() -> std::unique_ptr<KernelPort> {
    return std::make_unique<XrtPort>(file, card);
  });
}

}  // namespace bittern
