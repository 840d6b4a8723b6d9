// SPDX-License-Identifier: Apache-2.0
// bittern data: writes the corpus that comes with the program, and counts sentences, words and
// labels of data.

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/data_counts.h"
#include "cli/options.h"
#include "cli/output.h"
#include "data/corpus_generator.h"

namespace bittern {
namespace {

constexpr const char* kSplits[] = {"train", "valid", "test"};

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

int RunStats(const StatsOptions& options) {
  JsonOutput json(options.json);
  DataCounts counts;
  if (options.data.IsFile()) {
    counts.Add("file", options.data.ReadFile());
  } else {
    const SplitSource source = options.data.Source();
    // Train is always read: if it is missing, the reader says which files it expected.
    for (const std::string name : kSplits) {
      if (name == kSplits[0] || options.data.Has(name)) counts.Add(name, source(name));
    }
    counts.AddSum();
  }
  if (json) {
    Json object = {{"data", options.data.Name()}};
    object.update(counts.ToJson());
    json.Write(object);
    json.Finish();
  }
  if (!json.owns_stdout()) {
    fmt::print("{}\n", options.data.Name());
    counts.Print(stdout);
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
  stats->footer(
      "\nExamples:\n  bittern data stats --data data/atis\n"
      "  bittern data stats --data reviews.csv --text review --label stars");

  return {parser,
          [=] { return generate->parsed() ? RunGenerate(*generating) : RunStats(*counting); }};
}

}  // namespace bittern
