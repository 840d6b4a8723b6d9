// A BIO tag for every word: the sentence's slots.
//
// Labels: one number a word. Loss: cross-entropy, the sum or the mean over the labelled words that
// the model reads. Metrics: token accuracy (O included) and span F1 by conlleval's rules (spans.h).
// Words that the model does not read count as answered O.
#ifndef BITTERN_MODEL_TASKS_TAGS_TASK_H_
#define BITTERN_MODEL_TASKS_TAGS_TASK_H_

#include "model/tasks/registry.h"

namespace bittern {

// One task of the configuration: model.tags.
void AppendTagsTasks(const Config& config, Tasks& tasks);

}  // namespace bittern

#endif  // BITTERN_MODEL_TASKS_TAGS_TASK_H_
