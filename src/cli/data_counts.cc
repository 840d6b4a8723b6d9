// SPDX-License-Identifier: Apache-2.0
#include "cli/data_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"

namespace bittern {
namespace {

// The number of words that a default model reads after [CLS].
constexpr size_t kWordsRead = 31;

using Strings = SplitCounts::Strings;

void Insert(const StringTable& table, Strings& strings) {
  for (size_t i = 0; i < table.size(); ++i) strings.emplace(table[i]);
}

// result[i]: `known` lacks the text i of the table.
std::vector<bool> Unknown(const StringTable& table, const Strings& known) {
  std::vector<bool> result(table.size());
  for (size_t i = 0; i < table.size(); ++i) result[i] = !known.contains(std::string(table[i]));
  return result;
}

void CountText(const std::string& text, const Strings* known, SplitCounts& counts) {
  counts.is_text = true;
  counts.bytes = text.size();
  counts.lines = static_cast<size_t>(std::ranges::count(text, '\n')) + !text.ends_with('\n');
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    const std::string character = text.substr(begin, end - begin);
    counts.alphabet.insert(character);
    counts.unknown_characters += known != nullptr && !known->contains(character);
    ++counts.characters;
    begin = end;
  }
  const std::vector<std::string_view> words = SplitWords(text);
  counts.words = words.size();
  for (const std::string_view word : words) counts.vocabulary.emplace(word);
}

void CountClasses(const Split& split, const SplitCounts& train, SplitCounts& counts) {
  for (const ClassField& field : split.fields()) {
    const StringTable& labels = field.labels();
    SplitCounts::ClassCounts& found = counts.classes[field.name()];
    const auto known = train.classes.find(field.name());
    for (size_t i = 0; i < split.size(); ++i) {
      if (field[i] < 0) continue;
      ++found.sentences;
      ++found.labels[std::string(labels[static_cast<size_t>(field[i])])];
    }
    for (const auto& [label, count] : found.labels) {
      const bool is_known = known != train.classes.end() && known->second.labels.contains(label);
      found.unknown += is_known ? 0 : count;
    }
  }
}

void CountSentences(const Split& split, const SplitCounts& train, SplitCounts& counts) {
  counts.sentences = split.size();
  counts.words = split.word_count();
  Insert(split.words(), counts.vocabulary);
  Insert(split.tags(), counts.tags);
  const bool is_train = &train == &counts;
  const std::vector<bool> unknown_word =
      Unknown(split.words(), is_train ? counts.vocabulary : train.vocabulary);
  const std::vector<bool> unknown_tag = Unknown(split.tags(), is_train ? counts.tags : train.tags);
  std::vector<bool> outside(split.tags().size());
  for (size_t i = 0; i < outside.size(); ++i) outside[i] = split.tags()[i] == "O";
  for (size_t i = 0; i < split.size(); ++i) {
    const Sentence sentence = split[i];
    counts.longest = std::max(counts.longest, sentence.words.size());
    counts.long_sentences += sentence.words.size() > kWordsRead;
    counts.tagged_words += sentence.tags.size();
    for (const uint32_t word : sentence.words) counts.unknown_words += unknown_word[word];
    for (const int16_t tag : sentence.tags) {
      counts.unknown_tags += unknown_tag[static_cast<size_t>(tag)];
      counts.outside += outside[static_cast<size_t>(tag)];
    }
  }
}

double Share(size_t part, size_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

double MeanWords(const SplitCounts& counts) {
  return counts.sentences == 0
             ? 0
             : static_cast<double>(counts.words) / static_cast<double>(counts.sentences);
}

const SplitCounts::ClassCounts& ClassOf(const SplitCounts& counts, const std::string& field) {
  static const SplitCounts::ClassCounts kNone;
  const auto found = counts.classes.find(field);
  return found == counts.classes.end() ? kNone : found->second;
}

Json TextJson(const SplitCounts& counts) {
  return {{"bytes", counts.bytes},
          {"characters", counts.characters},
          {"lines", counts.lines},
          {"words", counts.words},
          {"alphabet", counts.alphabet.size()},
          {"vocabulary", counts.vocabulary.size()},
          {"characters_not_in_train", counts.unknown_characters}};
}

Json SentencesJson(const SplitCounts& counts) {
  const SplitCounts::ClassCounts& intents = ClassOf(counts, kIntentField);
  const auto [intent, intent_count] = intents.Commonest();
  Json json = {{"sentences", counts.sentences},
               {"words", counts.words},
               {"vocabulary", counts.vocabulary.size()},
               {"intents", intents.labels.size()},
               {"tags", counts.tags.size()},
               {"slot_types", counts.SlotTypes()},
               {"longest_words", counts.longest},
               {"mean_words", MeanWords(counts)},
               {"sentences_over_31_words", counts.long_sentences},
               {"words_not_in_train", counts.unknown_words},
               {"tags_not_in_train", counts.unknown_tags},
               {"intents_not_in_train", intents.unknown},
               {"outside_percent", Share(counts.outside, counts.tagged_words)},
               {"commonest_intent", intent},
               {"commonest_intent_percent", Share(intent_count, counts.sentences)}};
  for (const auto& [field, found] : counts.classes) {
    if (field == kIntentField) continue;
    const auto [label, count] = found.Commonest();
    json["classes"][field] = {{"sentences", found.sentences},
                              {"labels", found.labels.size()},
                              {"not_in_train", found.unknown},
                              {"commonest", label},
                              {"commonest_percent", Share(count, counts.sentences)}};
  }
  return json;
}

}  // namespace

std::pair<std::string, size_t> SplitCounts::ClassCounts::Commonest() const {
  std::pair<std::string, size_t> best;
  for (const auto& [label, count] : labels) {
    if (count > best.second || (count == best.second && label < best.first)) best = {label, count};
  }
  return best;
}

size_t SplitCounts::SlotTypes() const {
  Strings types;
  for (const std::string& tag : tags) {
    if (tag != "O") types.insert(tag.substr(2));
  }
  return types.size();
}

void DataCounts::Add(const std::string& name, const Split& split) {
  SplitCounts counts{.name = name};
  const SplitCounts& train = columns_.empty() ? counts : columns_.front();
  if (split.is_text()) {
    CountText(split.text(), columns_.empty() ? nullptr : &train.alphabet, counts);
  } else {
    CountSentences(split, train, counts);
    CountClasses(split, train, counts);
  }
  columns_.push_back(std::move(counts));
}

void DataCounts::AddSum() {
  SplitCounts sum{.name = "all"};
  for (const SplitCounts& column : columns_) {
    sum.is_text |= column.is_text;
    sum.sentences += column.sentences;
    sum.words += column.words;
    sum.longest = std::max(sum.longest, column.longest);
    sum.long_sentences += column.long_sentences;
    sum.tagged_words += column.tagged_words;
    sum.outside += column.outside;
    sum.unknown_words += column.unknown_words;
    sum.unknown_tags += column.unknown_tags;
    sum.vocabulary.insert(column.vocabulary.begin(), column.vocabulary.end());
    sum.tags.insert(column.tags.begin(), column.tags.end());
    for (const auto& [field, found] : column.classes) {
      SplitCounts::ClassCounts& all = sum.classes[field];
      all.sentences += found.sentences;
      all.unknown += found.unknown;
      for (const auto& [label, count] : found.labels) all.labels[label] += count;
    }
    sum.bytes += column.bytes;
    sum.characters += column.characters;
    sum.lines += column.lines;
    sum.unknown_characters += column.unknown_characters;
    sum.alphabet.insert(column.alphabet.begin(), column.alphabet.end());
  }
  columns_.push_back(std::move(sum));
}

Json DataCounts::ToJson() const {
  Json json = Json::object();
  for (const SplitCounts& column : columns_) {
    json[column.name] = column.is_text ? TextJson(column) : SentencesJson(column);
  }
  return json;
}

void DataCounts::Print(std::FILE* file) const {
  TextTable table;
  const auto row = [&](const std::string& name, const auto& value) {
    std::vector<std::string> cells = {name};
    for (const SplitCounts& column : columns_) cells.push_back(value(column));
    table.Add(std::move(cells));
  };
  const auto count = [&](const std::string& name, auto member) {
    row(name, [member](const SplitCounts& column) {
      return Grouped(static_cast<int64_t>(std::invoke(member, column)));
    });
  };
  const auto vocabulary = [](const SplitCounts& c) { return c.vocabulary.size(); };
  row("", [](const SplitCounts& column) { return column.name; });
  if (columns_.back().is_text) {
    count("bytes", &SplitCounts::bytes);
    count("characters", &SplitCounts::characters);
    count("lines", &SplitCounts::lines);
    count("words", &SplitCounts::words);
    count("alphabet (distinct characters)", [](const SplitCounts& c) { return c.alphabet.size(); });
    count("vocabulary (distinct words)", vocabulary);
    count("characters not in train", &SplitCounts::unknown_characters);
    table.Print(file, 0);
    return;
  }
  const auto intents = [](const SplitCounts& c) -> const SplitCounts::ClassCounts& {
    return ClassOf(c, kIntentField);
  };
  count("sentences", &SplitCounts::sentences);
  count("words", &SplitCounts::words);
  count("vocabulary (distinct words)", vocabulary);
  count("intents", [&](const SplitCounts& c) { return intents(c).labels.size(); });
  count("slot tags, with O", [](const SplitCounts& c) { return c.tags.size(); });
  count("slot types", &SplitCounts::SlotTypes);
  count("longest sentence, words", &SplitCounts::longest);
  row("mean sentence, words",
      [](const SplitCounts& c) { return fmt::format("{:.2f}", MeanWords(c)); });
  count("sentences over 31 words", &SplitCounts::long_sentences);
  count("words not in train", &SplitCounts::unknown_words);
  count("words whose tag is not in train", &SplitCounts::unknown_tags);
  count("sentences whose intent is not in train",
        [&](const SplitCounts& c) { return intents(c).unknown; });
  row("share of O", [](const SplitCounts& c) {
    return fmt::format("{:.1f} %", Share(c.outside, c.tagged_words));
  });
  const auto commonest = [&](const std::string& field) {
    row(fmt::format("share of the commonest {}", field), [&field](const SplitCounts& c) {
      return fmt::format("{:.1f} %", Share(ClassOf(c, field).Commonest().second, c.sentences));
    });
  };
  commonest(kIntentField);
  for (const auto& [field, found] : columns_.back().classes) {
    if (field == kIntentField) continue;
    const auto of = [&field = field](const SplitCounts& c) -> const SplitCounts::ClassCounts& {
      return ClassOf(c, field);
    };
    count(fmt::format("labels of {}", field),
          [of](const SplitCounts& c) { return of(c).labels.size(); });
    count(fmt::format("sentences with {}", field),
          [of](const SplitCounts& c) { return of(c).sentences; });
    count(fmt::format("sentences whose {} is not in train", field),
          [of](const SplitCounts& c) { return of(c).unknown; });
    commonest(field);
  }
  table.Print(file, 0);
}

}  // namespace bittern
