#include "data/encode.h"

#include <algorithm>

#include "base/error.h"

namespace bittern {
namespace {

// Ids of the split's labels in `names`, to which those it lacks are appended.
std::vector<int16_t> GoldIds(const StringTable& table, NameList* names) {
  std::vector<int16_t> ids;
  ids.reserve(table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    int id = names->Find(table[i]);
    if (id < 0) {
      id = names->size();
      if (static_cast<size_t>(id) >= kMaxLabels) Fail("more than {} distinct labels", kMaxLabels);
      names->Append(std::string(table[i]));
    }
    ids.push_back(static_cast<int16_t>(id));
  }
  return ids;
}

}  // namespace

EncodedSentence EncodedSplit::operator[](size_t index) const {
  const Entry& entry = sentences_[index];
  const bool last = index + 1 == sentences_.size();
  const size_t tokens =
      (last ? ids_.size() : sentences_[index + 1].first_token) - entry.first_token;
  const size_t gold =
      (last ? gold_tags_.size() : sentences_[index + 1].first_gold) - entry.first_gold;
  return {std::span(ids_).subspan(entry.first_token, tokens),
          std::span(tags_).subspan(entry.first_token, tokens), entry.intent,
          std::span(gold_tags_).subspan(entry.first_gold, gold), entry.gold_intent};
}

EncodedSplit Encode(const Split& split, const Vocabulary& vocabulary, const Labels& labels,
                    int max_tokens) {
  if (max_tokens < 2) Fail("tokens: {}; at least 2, [CLS] and a word", max_tokens);
  EncodedSplit encoded;
  encoded.tag_names_ = labels.tags;
  encoded.intent_names_ = labels.intents;
  const std::vector<int16_t> gold_tags = GoldIds(split.tags(), &encoded.tag_names_);
  const std::vector<int16_t> gold_intents = GoldIds(split.intents(), &encoded.intent_names_);
  std::vector<uint16_t> word_ids;
  word_ids.reserve(split.words().size());
  for (size_t i = 0; i < split.words().size(); ++i) {
    word_ids.push_back(static_cast<uint16_t>(vocabulary.Find(split.words()[i])));
  }
  const auto for_loss = [](int gold, const NameList& known) {
    return static_cast<int16_t>(gold < known.size() ? gold : kNoLabel);
  };

  size_t tokens_in_all = 0, gold_in_all = 0;
  const size_t max_words = static_cast<size_t>(max_tokens) - 1;
  for (size_t i = 0; i < split.size(); ++i) {
    tokens_in_all += 1 + std::min(split[i].words.size(), max_words);
    gold_in_all += split[i].tags.size();
  }
  encoded.ids_.reserve(tokens_in_all);
  encoded.tags_.reserve(tokens_in_all);
  encoded.gold_tags_.reserve(gold_in_all);
  encoded.sentences_.reserve(split.size());
  encoded.words_ = split.word_count();

  for (size_t i = 0; i < split.size(); ++i) {
    const Sentence sentence = split[i];
    const size_t words = std::min(sentence.words.size(), max_words);
    const int16_t gold_intent =
        sentence.intent < 0 ? int16_t{kNoLabel} : gold_intents[sentence.intent];
    encoded.sentences_.push_back({static_cast<uint32_t>(encoded.ids_.size()),
                                  static_cast<uint32_t>(encoded.gold_tags_.size()),
                                  for_loss(gold_intent, labels.intents), gold_intent});
    for (const int16_t tag : sentence.tags) encoded.gold_tags_.push_back(gold_tags[tag]);

    encoded.ids_.push_back(kClassId);
    encoded.tags_.push_back(kNoLabel);
    for (size_t w = 0; w < words; ++w) {
      const uint16_t id = word_ids[sentence.words[w]];
      encoded.ids_.push_back(id);
      encoded.unknown_words_ += id == kUnknownId;
      encoded.tags_.push_back(sentence.tags.empty()
                                  ? int16_t{kNoLabel}
                                  : for_loss(gold_tags[sentence.tags[w]], labels.tags));
    }
    encoded.truncated_sentences_ += words < sentence.words.size();
    encoded.truncated_words_ += sentence.words.size() - words;
  }
  return encoded;
}

}  // namespace bittern
