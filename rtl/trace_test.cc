// Waveforms on request: of one small model, whatever the build.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "Vpipe_traced.h"
#include "rtl_testing.h"

namespace bittern {
namespace {

TEST(RtlTrace, WritesAFile) {
  const std::string path =
      testing::TempDir() + "bittern-trace-" + std::to_string(getpid()) + ".fst";
  uintmax_t sizes[2];
  for (const int cycles : {100, 10000}) {
    {
      Clocked<Vpipe_traced> model;
      model.Trace(path);
      for (int i = 0; i < cycles; ++i) {
        model->d_i = static_cast<uint32_t>(i * i);
        model.Step();
      }
    }
    sizes[cycles == 100 ? 0 : 1] = std::filesystem::file_size(path);
    std::filesystem::remove(path);
  }
  EXPECT_GT(sizes[0], 0U);
  EXPECT_GT(sizes[1], sizes[0] + 1000);
}

}  // namespace
}  // namespace bittern
