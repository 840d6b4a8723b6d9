// SPDX-License-Identifier: Apache-2.0
// The SIMD instruction sets that the kernels are compiled for. The best one that the machine has is
// used. Bits differ between them (elementwise.h says where).
#ifndef BITTERN_CPU_KERNELS_TARGETS_H_
#define BITTERN_CPU_KERNELS_TARGETS_H_

#include <cstdint>
#include <vector>

namespace bittern {

// The name of the target in use ("AVX3" is AVX-512), and the number of floats in its vectors.
const char* KernelTargetName();
int64_t KernelLanes();

// Multiply-adds per second that registers alone sustain, measured in about 50 ms. Benchmarks
// compare the rate of a contraction with it.
double MeasureMultiplyAddPeak();

// For tests: all targets that this machine can run, best first, and a way to choose one of them.
// Contraction plans must be made again after a change.
std::vector<int64_t> KernelTargets();
void UseKernelTarget(int64_t target);

}  // namespace bittern

#endif  // BITTERN_CPU_KERNELS_TARGETS_H_
