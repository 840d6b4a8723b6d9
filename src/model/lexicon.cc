#include "model/lexicon.h"

#include "base/error.h"
#include "model/tasks/registry.h"

namespace bittern {

Lexicon BuildLexicon(const Config& config, const Split& train) {
  return {BuildVocabulary(train, static_cast<int>(config.model.embedding.rows())),
          BuildLabels(config, train)};
}

Labels BuildLabels(const Config& config, const Split& train) {
  Labels labels;
  for (const auto& task : MakeTasks(config)) labels.push_back(task->ExtendLabels({}, train));
  return labels;
}

Lexicon ExtendLexicon(const Lexicon& known, const Config& config, const Split& train) {
  const auto rows = static_cast<int>(config.model.embedding.rows());
  Lexicon extended{ExtendVocabulary(known.vocabulary, train, rows).vocabulary, {}};
  const Tasks tasks = MakeTasks(config);
  BITTERN_CHECK(known.labels.size() == tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) {
    extended.labels.push_back(tasks[i]->ExtendLabels(known.labels[i], train));
  }
  return extended;
}

void SetLabels(const Labels& labels, Config& config) {
  const Tasks tasks = MakeTasks(config);
  BITTERN_CHECK(labels.size() == tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) tasks[i]->SetClasses(labels[i].size(), config.model);
}

EncodedSplit Encode(const Split& split, const Lexicon& lexicon, const Config& config) {
  EncodedSplit encoded = EncodeWords(split, lexicon.vocabulary, config.model.tokens);
  const Tasks tasks = MakeTasks(config);
  BITTERN_CHECK(lexicon.labels.size() == tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) {
    encoded.AddColumn(tasks[i]->Encode(split, lexicon.labels[i]));
  }
  return encoded;
}

}  // namespace bittern
