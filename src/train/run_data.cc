#include "train/run_data.h"

#include "model/tasks/registry.h"

namespace bittern {

RunData ReadRunData(const SplitSource& source, const Config& config,
                    const MakeLexicon& make_lexicon, const Lexicon* known) {
  RunData data;
  DataSummary& summary = data.summary;
  {
    const Split train = source("train");
    data.lexicon = make_lexicon(train);
    const Vocabulary& vocabulary = data.lexicon.vocabulary;
    for (size_t word = 0; word < train.words().size(); ++word) {
      summary.words_without_row += vocabulary.Find(train.words()[word]) == kUnknownId;
    }
    data.train = Encode(train, data.lexicon, config);
  }
  data.valid = Encode(source("valid"), data.lexicon, config);

  summary.train_sentences = data.train.size();
  summary.valid_sentences = data.valid.size();
  summary.words = data.lexicon.vocabulary.size();
  if (known != nullptr) summary.new_words = summary.words - known->vocabulary.size();
  const Tasks tasks = MakeTasks(config);
  for (size_t i = 0; i < tasks.size(); ++i) {
    const int count = data.lexicon.labels[i].size();
    summary.labels.push_back({.name = tasks[i]->labels_name(),
                              .count = count,
                              .added = known == nullptr ? 0 : count - known->labels[i].size()});
  }
  for (const EncodedSplit* split : {&data.train, &data.valid}) {
    summary.truncated_sentences += split->truncated_sentences();
    summary.truncated_words += split->truncated_words();
  }
  return data;
}

}  // namespace bittern
