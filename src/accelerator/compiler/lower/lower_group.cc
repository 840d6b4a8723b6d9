// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/lower/lower_group.h"

#include "accelerator/compiler/lower/contraction.h"
#include "accelerator/compiler/lower/elementwise.h"
#include "accelerator/compiler/lower/normalization.h"

namespace bittern {

void LowerGroup(const FusionGroup& group, Lowering& lowering) {
  lowering.stream.SetSource(group[0]);
  if (group[0].Is<ops::Contract>()) {
    LowerContraction(group[0], lowering);
  } else if (IsNormalization(group)) {
    LowerNormalization(group, lowering);
  } else {
    LowerElementwise(group, lowering);
  }
}

}  // namespace bittern
