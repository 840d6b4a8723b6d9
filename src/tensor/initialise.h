// Starting values of tensor-train cores: the composed matrix gets a stated standard deviation.
//
// An entry of the composed matrix is a sum over prod(inner ranks) paths of products of one entry a
// core; with independent cores of uncorrelated, centred entries of variance s_k^2,
//     variance = r1 * .. * r(d-1) * s_1^2 * .. * s_d^2.
// The same holds for semi-orthogonal cores, whose entries' variance is known. The factor that is
// missing is spread evenly over the cores. (Cores drawn without regard to it compose to about 3e-8,
// which does not learn at all.)
//
// A distribution is plain data, which a parameter carries from the layer that declares it to
// FillInitialValues. Values are a function of the distribution and the state of `random` alone.
#ifndef BITTERN_TENSOR_INITIALISE_H_
#define BITTERN_TENSOR_INITIALISE_H_

#include <array>
#include <cstdint>
#include <span>

#include "base/choice.h"
#include "base/random.h"
#include "tensor/shape.h"

namespace bittern {

enum class CoreStart {
  kNormal,      // all cores normal, of one standard deviation
  kOrthogonal,  // left of the middle bond [r * mode, r'] with orthonormal columns, right of it
                // [r, mode * r'] with orthonormal rows, times a factor: no direction starts weak
};
constexpr auto Choices(CoreStart) {
  return std::array{Choice{CoreStart::kNormal, "normal"},
                    Choice{CoreStart::kOrthogonal, "orthogonal"}};
}

// The values of a parameter before training.
struct InitialValues {
  enum class Kind {
    kConstant,    // `scale` everywhere
    kNormal,      // independent, centred, of standard deviation `scale`
    kOrthogonal,  // `scale` * a random semi-orthogonal matrix [rows][columns]
  };
  Kind kind = Kind::kConstant;
  double scale = 0;
  std::int64_t rows = 0, columns = 0;  // kOrthogonal alone
};
constexpr InitialValues ConstantValues(double value) {
  return {.kind = InitialValues::Kind::kConstant, .scale = value};
}
constexpr InitialValues NormalValues(double deviation) {
  return {.kind = InitialValues::Kind::kNormal, .scale = deviation};
}

// Core number `core` of a matrix whose entries have the standard deviation `composed_deviation`.
// The middle bond of a TT matrix stands between output and input modes, that of a TTM matrix at
// d / 2.
InitialValues CoreValues(const TtShape& shape, int core, double composed_deviation,
                         CoreStart start);
InitialValues CoreValues(const TtmShape& shape, int core, double composed_deviation,
                         CoreStart start);

// Overwrites `values`, a whole parameter, row-major.
void FillInitialValues(const InitialValues& initial, Random& random, std::span<float> values);

}  // namespace bittern

#endif  // BITTERN_TENSOR_INITIALISE_H_
