// bittern data: writes the corpus that comes with the program, and counts sentences, words and
// labels of a data directory.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "data/corpus_generator.h"
#include "data/dataset.h"

namespace bittern {
namespace {

constexpr const char* kSplits[] = {"train", "valid", "test"};
// The number of words that a default model reads after [CLS].
constexpr size_t kWordsRead = 31;

struct GenerateOptions {
  std::string out, layout = "seq", json;
  std::optional<uint64_t> seed;
  bool overwrite = false;
};

struct StatsOptions {
  DataOption data;
  std::string json;
};

int RunGenerate(const GenerateOptions& options) {
  const uint64_t seed = options.seed.value_or(kCorpusSeed);
  const bool sequences = options.layout == "seq";
  const Corpus corpus = GenerateCorpus(seed);
  JsonOutput json(options.json);
  WriteCorpus(corpus, options.out, sequences ? Layout::kSequences : Layout::kJsonLines,
              options.overwrite);
  if (json) {
    json.Write({{"out", options.out},
                {"seed", seed},
                {"layout", options.layout},
                {"sentences",
                 {{"train", corpus.train.size()},
                  {"valid", corpus.valid.size()},
                  {"test", corpus.test.size()}}}});
    json.Finish();
  }
  if (!json.owns_stdout()) {
    fmt::print("{}: {} training, {} validation and {} test sentences, seed {}\n", options.out,
               corpus.train.size(), corpus.valid.size(), corpus.test.size(), seed);
  }
  return 0;
}

using Strings = std::unordered_set<std::string>;

// The words and labels of the training data. The counts of "not in train" refer to them.
struct Known {
  Strings words, tags, intents;
};

void Add(const StringTable& table, Strings& strings) {
  for (size_t i = 0; i < table.size(); ++i) strings.emplace(table[i]);
}

// The counts of a split: one column of the table.
struct SplitCounts {
  std::string name;
  size_t sentences = 0, words = 0, longest = 0, long_sentences = 0;
  size_t tagged_words = 0, outside = 0;
  size_t unknown_words = 0, unknown_tags = 0, unknown_intents = 0;
  Strings vocabulary = {}, tags = {}, intents = {};
  std::unordered_map<std::string, size_t> intent_counts = {};

  size_t SlotTypes() const {
    Strings types;
    for (const std::string& tag : tags) {
      if (tag != "O") types.insert(tag.substr(2));
    }
    return types.size();
  }
  // {"", 0} without intents. A tie goes to the first by bytes.
  std::pair<std::string, size_t> CommonestIntent() const {
    std::pair<std::string, size_t> best;
    for (const auto& [intent, count] : intent_counts) {
      if (count > best.second || (count == best.second && intent < best.first)) {
        best = {intent, count};
      }
    }
    return best;
  }
};

SplitCounts Count(const std::string& name, const Split& split, const Known& known) {
  SplitCounts counts{.name = name};
  counts.sentences = split.size();
  counts.words = split.word_count();
  Add(split.words(), counts.vocabulary);
  Add(split.tags(), counts.tags);
  Add(split.intents(), counts.intents);

  const auto unknown = [](const StringTable& table, const Strings& strings) {
    std::vector<bool> result(table.size());
    for (size_t i = 0; i < table.size(); ++i) result[i] = !strings.contains(std::string(table[i]));
    return result;
  };
  const std::vector<bool> unknown_word = unknown(split.words(), known.words);
  const std::vector<bool> unknown_tag = unknown(split.tags(), known.tags);
  const std::vector<bool> unknown_intent = unknown(split.intents(), known.intents);
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
    if (sentence.intent >= 0) {
      const auto intent = static_cast<size_t>(sentence.intent);
      counts.unknown_intents += unknown_intent[intent];
      ++counts.intent_counts[std::string(split.intents()[intent])];
    }
  }
  return counts;
}

// The last column: the counts of all splits.
SplitCounts Sum(const std::vector<SplitCounts>& columns) {
  SplitCounts sum{.name = "all"};
  for (const SplitCounts& column : columns) {
    sum.sentences += column.sentences;
    sum.words += column.words;
    sum.longest = std::max(sum.longest, column.longest);
    sum.long_sentences += column.long_sentences;
    sum.tagged_words += column.tagged_words;
    sum.outside += column.outside;
    sum.unknown_words += column.unknown_words;
    sum.unknown_tags += column.unknown_tags;
    sum.unknown_intents += column.unknown_intents;
    sum.vocabulary.insert(column.vocabulary.begin(), column.vocabulary.end());
    sum.tags.insert(column.tags.begin(), column.tags.end());
    sum.intents.insert(column.intents.begin(), column.intents.end());
    for (const auto& [intent, count] : column.intent_counts) sum.intent_counts[intent] += count;
  }
  return sum;
}

double Share(size_t part, size_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

double MeanWords(const SplitCounts& counts) {
  return static_cast<double>(counts.words) / static_cast<double>(counts.sentences);
}

Json ToJson(const SplitCounts& counts) {
  const auto [intent, intent_count] = counts.CommonestIntent();
  return {{"sentences", counts.sentences},
          {"words", counts.words},
          {"vocabulary", counts.vocabulary.size()},
          {"intents", counts.intents.size()},
          {"tags", counts.tags.size()},
          {"slot_types", counts.SlotTypes()},
          {"longest_words", counts.longest},
          {"mean_words", MeanWords(counts)},
          {"sentences_over_31_words", counts.long_sentences},
          {"words_not_in_train", counts.unknown_words},
          {"tags_not_in_train", counts.unknown_tags},
          {"intents_not_in_train", counts.unknown_intents},
          {"outside_percent", Share(counts.outside, counts.tagged_words)},
          {"commonest_intent", intent},
          {"commonest_intent_percent", Share(intent_count, counts.sentences)}};
}

void Print(const std::vector<SplitCounts>& columns) {
  TextTable table;
  const auto row = [&](const char* name, const auto& value) {
    std::vector<std::string> cells = {name};
    for (const SplitCounts& column : columns) cells.push_back(value(column));
    table.Add(std::move(cells));
  };
  const auto count = [&](const char* name, auto member) {
    row(name, [member](const SplitCounts& column) {
      return Grouped(static_cast<int64_t>(std::invoke(member, column)));
    });
  };
  row("", [](const SplitCounts& column) { return column.name; });
  count("sentences", &SplitCounts::sentences);
  count("words", &SplitCounts::words);
  count("vocabulary (distinct words)", [](const SplitCounts& c) { return c.vocabulary.size(); });
  count("intents", [](const SplitCounts& c) { return c.intents.size(); });
  count("slot tags, with O", [](const SplitCounts& c) { return c.tags.size(); });
  count("slot types", &SplitCounts::SlotTypes);
  count("longest sentence, words", &SplitCounts::longest);
  row("mean sentence, words",
      [](const SplitCounts& c) { return fmt::format("{:.2f}", MeanWords(c)); });
  count("sentences over 31 words", &SplitCounts::long_sentences);
  count("words not in train", &SplitCounts::unknown_words);
  count("words whose tag is not in train", &SplitCounts::unknown_tags);
  count("sentences whose intent is not in train", &SplitCounts::unknown_intents);
  row("share of O", [](const SplitCounts& c) {
    return fmt::format("{:.1f} %", Share(c.outside, c.tagged_words));
  });
  row("share of the commonest intent", [](const SplitCounts& c) {
    return fmt::format("{:.1f} %", Share(c.CommonestIntent().second, c.sentences));
  });
  table.Print(stdout, 0);
}

int RunStats(const StatsOptions& options) {
  JsonOutput json(options.json);
  const SplitSource source = options.data.Source();
  Known known;
  std::vector<SplitCounts> columns;
  // Train is always read: if it is missing, the reader says which files it expected.
  for (const std::string name : kSplits) {
    if (name != kSplits[0] && !options.data.Has(name)) continue;
    const Split split = source(name);
    if (columns.empty()) {
      Add(split.words(), known.words);
      Add(split.tags(), known.tags);
      Add(split.intents(), known.intents);
    }
    columns.push_back(Count(name, split, known));
  }
  columns.push_back(Sum(columns));
  if (json) {
    Json object = {{"data", options.data.Name()}};
    for (const SplitCounts& column : columns) object[column.name] = ToJson(column);
    json.Write(object);
    json.Finish();
  }
  if (!json.owns_stdout()) {
    fmt::print("{}\n", options.data.Name());
    Print(columns);
  }
  return 0;
}

}  // namespace

Command AddData(CLI::App& program) {
  CLI::App* const parser = program.add_subcommand("data", "Write the built-in corpus, count data");
  parser->require_subcommand(1);
  parser->footer(
      "\nExamples:\n  bittern data generate --out data/travel\n"
      "  bittern data stats --data data/atis\n\n"
      "bittern data COMMAND --help lists a command's options.");

  CLI::App* const generate = parser->add_subcommand(
      "generate", "Write the corpus of air-travel requests that comes with the program");
  auto generating = std::make_shared<GenerateOptions>();
  generate->add_option("--out", generating->out, "directory, made if missing (required)")
      ->required()
      ->option_text("DIR")
      ->group(kOutputGroup);
  generate
      ->add_option("--layout", generating->layout,
                   "seq: {train,valid,test}/{seq.in,seq.out,label}; jsonl: one object a line\n"
                   "[default: seq]")
      ->check(CLI::IsMember({"seq", "jsonl"}))
      ->option_text("seq|jsonl")
      ->group(kOutputGroup);
  AddInteger(
      *generate, "--seed", generating->seed, 0, INT64_MAX,
      fmt::format("of the generator [default: {}, the corpus used without --data]", kCorpusSeed))
      ->group(kDataGroup);
  generate->add_flag("--overwrite", generating->overwrite, "replace files that are there")
      ->group(kOutputGroup);
  AddJson(*generate, generating->json, "write what was made as JSON");
  generate->footer("\nExample:\n  bittern data generate --out data/travel --layout jsonl");

  CLI::App* const stats = parser->add_subcommand("stats", "Count sentences, words and labels");
  auto counting = std::make_shared<StatsOptions>();
  counting->data.Add(*stats);
  AddJson(*stats, counting->json, "write the counts as JSON");
  stats->footer("\nExample:\n  bittern data stats --data data/atis");

  return {parser,
          [=] { return generate->parsed() ? RunGenerate(*generating) : RunStats(*counting); }};
}

}  // namespace bittern
