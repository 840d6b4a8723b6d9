// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/kernels/targets.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include <algorithm>
#include <chrono>

HWY_BEFORE_NAMESPACE();
namespace bittern {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

const char* TargetName() { return hwy::TargetName(HWY_TARGET); }
int64_t TargetLanes() { return HWY_LANES(float); }

// 10 chains hide the latency of two units; x -> x/2 + y/2 stays finite.
float RunMultiplyAdds(int64_t rounds, float seed) {
  const hn::ScalableTag<float> d;
  const auto half = hn::Set(d, 0.5f);
  const auto start = [&](float k) HWY_ATTR { return hn::Set(d, seed + k); };  // all different
  auto c0 = start(0), c1 = start(1), c2 = start(2), c3 = start(3), c4 = start(4);
  auto c5 = start(5), c6 = start(6), c7 = start(7), c8 = start(8), c9 = start(9);
  for (int64_t i = 0; i < rounds; ++i) {
    c0 = hn::MulAdd(c0, half, half);
    c1 = hn::MulAdd(c1, half, half);
    c2 = hn::MulAdd(c2, half, half);
    c3 = hn::MulAdd(c3, half, half);
    c4 = hn::MulAdd(c4, half, half);
    c5 = hn::MulAdd(c5, half, half);
    c6 = hn::MulAdd(c6, half, half);
    c7 = hn::MulAdd(c7, half, half);
    c8 = hn::MulAdd(c8, half, half);
    c9 = hn::MulAdd(c9, half, half);
  }
  c0 = hn::Add(hn::Add(c0, c1), hn::Add(c2, c3));
  c4 = hn::Add(hn::Add(c4, c5), hn::Add(c6, c7));
  return hn::GetLane(hn::Add(hn::Add(c0, c4), hn::Add(c8, c9)));
}

}  // namespace HWY_NAMESPACE
}  // namespace bittern
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bittern {

HWY_EXPORT(TargetName);
HWY_EXPORT(TargetLanes);
HWY_EXPORT(RunMultiplyAdds);

const char* KernelTargetName() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }
int64_t KernelLanes() { return HWY_DYNAMIC_DISPATCH(TargetLanes)(); }

double MeasureMultiplyAddPeak() {
  constexpr int64_t kRounds = 500'000;
  double best = 0;
  volatile float sink = 0.7f;
  for (int run = 0; run < 30; ++run) {
    const auto start = std::chrono::steady_clock::now();
    sink = HWY_DYNAMIC_DISPATCH(RunMultiplyAdds)(kRounds, sink);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, 10.0 * kRounds * static_cast<double>(KernelLanes()) / seconds.count());
  }
  return best;
}

#ifdef HWY_COMPILE_ONLY_STATIC  // Highway's library, which knows the machine, is not there
std::vector<int64_t> KernelTargets() { return {HWY_STATIC_TARGET}; }
void UseKernelTarget(int64_t) {}
#else
std::vector<int64_t> KernelTargets() { return hwy::SupportedAndGeneratedTargets(); }
void UseKernelTarget(int64_t target) { hwy::SetSupportedTargetsForTest(target); }
#endif

}  // namespace bittern
#endif  // HWY_ONCE
