// For tests: labels of one sentence, for the two tasks that the configuration describes.
#ifndef BITTERN_MODEL_TESTING_LABELS_H_
#define BITTERN_MODEL_TESTING_LABELS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/encode.h"

namespace bittern {

class TestLabels {
 public:
  // tags: [tokens], the first is [CLS]'s and ignored; empty: no labels. A tag or an intent of -1 is
  // no label.
  template <typename Tags>
  TestLabels(const Tags& tags, int intent) : columns_(2) {
    columns_[0].Append(intent);
    for (size_t t = 1; t < tags.size(); ++t) columns_[1].Append(tags[t]);
    for (LabelColumn& column : columns_) column.EndSentence();
  }

  // Valid as long as this object.
  operator SentenceLabels() const { return SentenceLabels(columns_, 0); }

 private:
  std::vector<LabelColumn> columns_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_TESTING_LABELS_H_
