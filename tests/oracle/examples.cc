// SPDX-License-Identifier: Apache-2.0
#include "oracle/examples.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "data/corpus_generator.h"
#include "data/encode.h"
#include "data/source.h"
#include "model/lexicon.h"

namespace bittern {

std::vector<Example> EncodeExamples(const ModelConfig& model, const std::string& directory,
                                    size_t count) {
  const Split train =
      directory.empty() ? std::move(GenerateCorpus(1).train) : ReadSplit(directory, "train");
  Config config;
  config.model = model;
  const EncodedSplit encoded =
      Encode(train, {BuildVocabulary(train, model.vocabulary), BuildLabels(config, train)}, config);
  std::vector<Example> examples;
  for (size_t i = 0; i < std::min(count, encoded.size()); ++i) {
    const EncodedSentence sentence = encoded[i];
    const LabelSpan intent = sentence.labels[0], tags = sentence.labels[1];
    Example example{.ids = {sentence.ids.begin(), sentence.ids.end()},
                    .tags = {kNoLabel},
                    .intent = intent.empty() ? kNoLabel : intent[0]};
    example.tags.insert(example.tags.end(), tags.begin(), tags.end());
    example.tags.resize(example.ids.size(), kNoLabel);  // no tags, or words that are cut off
    examples.push_back(std::move(example));
  }
  return examples;
}

std::vector<Example> ReadExamples(const std::string& path) {
  std::vector<Example> examples;
  LineReader lines(path);
  for (std::string_view line; lines.Next(&line);) {
    try {
      const auto json = nlohmann::json::parse(line);
      Example example;
      json.at("ids").get_to(example.ids);
      json.at("tags").get_to(example.tags);
      json.at("intent").get_to(example.intent);
      examples.push_back(std::move(example));
    } catch (const nlohmann::json::exception& error) {
      Fail("{}: {}", lines.Where(), error.what());
    }
  }
  return examples;
}

void WriteExamples(const std::string& path, const std::vector<Example>& examples) {
  WriteFileAtomically(path, [&](AtomicFile& file) {
    for (const Example& example : examples) {
      const nlohmann::json json = {
          {"ids", example.ids}, {"tags", example.tags}, {"intent", example.intent}};
      file.Write(json.dump() + "\n");
    }
  });
}

}  // namespace bittern
