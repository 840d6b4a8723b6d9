// SPDX-License-Identifier: Apache-2.0
#include "train/predictor.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"

namespace bittern {
namespace {

void CheckWords(const std::vector<std::string_view>& words, std::string_view where) {
  if (words.empty()) Fail("{}: no words; expected a sentence", where);
  for (const std::string_view word : words) {
    if (FirstControlCharacter(word) != word.npos) {
      Fail("{}: a control character in the word {}", where, Quoted(word));
    }
  }
}

}  // namespace

// The answers' fields go from the last task to the first, then their details likewise.
nlohmann::ordered_json ToJson(const Prediction& prediction) {
  nlohmann::ordered_json json = {{"tokens", prediction.words}};
  for (size_t i = prediction.answers.size(); i-- > 0;) json.update(prediction.answers[i].fields);
  for (size_t i = prediction.answers.size(); i-- > 0;) json.update(prediction.answers[i].details);
  for (const Answer& answer : prediction.answers) {
    if (!answer.tasks.empty()) json["tasks"].update(answer.tasks);
  }
  return json;
}

Predictor::Predictor(const std::string& checkpoint_path, const AnswerOptions& options,
                     const std::string& device)
    : reader_(checkpoint_path),
      inference_(reader_.contents().config, reader_.contents().lexicon.labels, options, device) {
  inference_.Load(reader_);
}

Prediction Predictor::Predict(std::string_view text, std::string_view where) {
  CheckUtf8(text, where);  // before words are quoted in a message
  const std::vector<std::string_view> words = SplitWords(text);
  CheckWords(words, where);
  const Config& config = checkpoint().config;
  const Lexicon& lexicon = checkpoint().lexicon;
  // Token 0 is [CLS], so one place less is left for words.
  const size_t most_words = static_cast<size_t>(config.model.tokens) - 1;

  Prediction prediction;
  prediction.words.assign(words.begin(), words.end());
  prediction.cut_off_words = static_cast<int>(words.size() - std::min(words.size(), most_words));
  ids_.assign(1, kClassId);
  for (size_t i = 0; i < std::min(words.size(), most_words); ++i) {
    // The answer keeps the word as it was given. Only the look-up may use its lower case.
    const int id = lexicon.vocabulary.Find(words[i]);
    prediction.unknown_words += id == kUnknownId ? 1 : 0;
    ids_.push_back(static_cast<uint16_t>(id));
  }
  inference_.Run(ids_);

  for (size_t task = 0; task < inference_.tasks(); ++task) {
    const AnswerReader* answer = inference_.answer(task);
    // A model without a head for a task has no answer for it.
    if (answer != nullptr) prediction.answers.push_back(answer->Describe(prediction.words));
  }
  return prediction;
}

}  // namespace bittern
