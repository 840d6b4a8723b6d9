#include "train/predictor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"

namespace bittern {
namespace {

bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

bool HasNoCapitals(const Vocabulary& vocabulary) {
  for (int id = kFirstWordId; id < vocabulary.size(); ++id) {
    if (std::ranges::any_of(vocabulary.word(id), IsCapital)) return false;
  }
  return true;
}

void CheckText(std::string_view text, const std::vector<std::string_view>& words,
               std::string_view where) {
  const size_t bad = FirstInvalidUtf8(text);
  if (bad != text.npos) Fail("{}: byte {} is not valid UTF-8", where, bad);
  if (words.empty()) Fail("{}: no words; expected a sentence", where);
  for (const std::string_view word : words) {
    if (FirstControlCharacter(word) != word.npos) {
      Fail("{}: a control character in the word {}", where, Quoted(word));
    }
  }
}

}  // namespace

Predictor::Predictor(const std::string& checkpoint_path, Decoding decoding,
                     const std::string& device)
    : reader_(checkpoint_path),
      inference_(reader_.contents().config, reader_.contents().lexicon.labels, decoding, device),
      tags_(reader_.contents().lexicon.labels.tags.names()),
      lower_case_(HasNoCapitals(reader_.contents().lexicon.vocabulary)) {
  inference_.Load(reader_);
}

Prediction Predictor::Predict(std::string_view text, std::string_view where) {
  const std::vector<std::string_view> words = SplitWords(text);
  CheckText(text, words, where);
  const auto& [config, lexicon, state] = checkpoint();
  const size_t most_words = static_cast<size_t>(config.model.tokens) - 1;

  Prediction prediction;
  prediction.words.assign(words.begin(), words.end());
  prediction.cut_off_words = static_cast<int>(words.size() - std::min(words.size(), most_words));
  ids_.assign(1, kClassId);
  for (size_t i = 0; i < std::min(words.size(), most_words); ++i) {
    std::string word(words[i]);
    if (lower_case_) {
      std::ranges::transform(word, word.begin(),
                             [](char c) { return IsCapital(c) ? static_cast<char>(c + 32) : c; });
    }
    const int id = lexicon.vocabulary.Find(word);
    prediction.unknown_words += id == kUnknownId ? 1 : 0;
    ids_.push_back(static_cast<uint16_t>(id));
  }
  inference_.Run(ids_);

  if (config.model.intents > 0) {
    prediction.intent = lexicon.labels.intents[inference_.intent()];
    prediction.intent_probability = inference_.intent_probability();
  }
  if (config.model.tags == 0) return prediction;
  for (const int16_t tag : inference_.tags()) {
    prediction.tags.push_back(lexicon.labels.tags[tag]);
  }
  prediction.tags.resize(words.size(), lexicon.labels.tags[kOutsideTag]);
  for (const Span& span : FindSpans(tags_, inference_.tags())) {
    prediction.slots.push_back(
        {.type = tags_.types()[static_cast<size_t>(span.type)],
         .text = fmt::format(
             "{}", fmt::join(words.begin() + span.first, words.begin() + span.last + 1, " ")),
         .first = span.first,
         .last = span.last});
  }
  return prediction;
}

}  // namespace bittern
