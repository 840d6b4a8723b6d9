// SPDX-License-Identifier: Apache-2.0
#include "model/tasks/threshold.h"

#include <algorithm>
#include <cstddef>

namespace bittern {

double ChooseThreshold(const std::vector<Decision>& decisions) {
  size_t in_scope = 0;
  std::vector<double> right;  // confidences of right answers
  for (const Decision& decision : decisions) {
    if (!decision.in_scope) continue;
    ++in_scope;
    if (decision.right) right.push_back(decision.confidence);
  }
  if (in_scope == 0) return 0;
  const size_t spare = in_scope / kSentencesForOne;
  if (right.size() <= spare) return 1;
  // The right answers below the threshold are lost; at it, they are kept.
  std::ranges::nth_element(right, right.begin() + static_cast<ptrdiff_t>(spare));
  return right[spare];
}

}  // namespace bittern
