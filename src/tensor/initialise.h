// Starting values of tensor-train cores: the composed matrix gets a stated standard deviation.
//
// An entry of the composed matrix is a sum over prod(inner ranks) paths of products of one entry a
// core; with independent cores of uncorrelated, centred entries of variance s_k^2,
//     variance = r1 * .. * r(d-1) * s_1^2 * .. * s_d^2.
// The same holds for semi-orthogonal cores, whose entries' variance is known. The factor that is
// missing is spread evenly over the cores. (Cores drawn without regard to it compose to about 3e-8,
// which does not learn at all.)
//
// A core is written into memory of the caller, row-major, overwriting it; the values are a function
// of the arguments and the state of `random` alone.
#ifndef BITTERN_TENSOR_INITIALISE_H_
#define BITTERN_TENSOR_INITIALISE_H_

#include <span>
#include <string_view>

#include "base/random.h"
#include "tensor/shape.h"

namespace bittern {

enum class CoreStart {
  kNormal,      // all cores normal, of one standard deviation
  kOrthogonal,  // left of the middle bond [r * mode, r'] with orthonormal columns, right of it
                // [r, mode * r'] with orthonormal rows, times a factor: no direction starts weak
};

// "normal", "orthogonal".
std::string_view Name(CoreStart start);

// `values`: shape.CoreElements(core) elements. The middle bond of a TT matrix stands between output
// and input modes, that of a TTM matrix at d / 2.
void InitialiseCore(const TtShape& shape, int core, double composed_deviation, CoreStart start,
                    Random& random, std::span<float> values);
void InitialiseCore(const TtmShape& shape, int core, double composed_deviation, CoreStart start,
                    Random& random, std::span<float> values);

}  // namespace bittern

#endif  // BITTERN_TENSOR_INITIALISE_H_
