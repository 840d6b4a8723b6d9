// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/testing/errors.h"
#include "model/initial_values.h"
#include "model/training_step.h"
#include "train/testing/runs.h"

namespace bittern {
namespace {

// A small checkpoint whose every tensor and metadata value can be changed before it is written.
class CheckpointTest : public TrainTest {
 protected:
  CheckpointTest() {
    contents_.config = NanoConfig();
    contents_.config.training.optimizer = Optimizer::kMomentum;
    const Split train = GeneratedData()("train");
    contents_.lexicon = BuildLexicon(contents_.config, train);
    SetLabels(contents_.lexicon.labels, contents_.config);
    contents_.state = {.epoch = 1,
                       .place = 17,
                       .updates = 77,
                       .epoch_loss = 0.1 + 0.2,
                       .recent_loss = 1e-300,
                       .recent_sentences = 3,
                       .best = 100.0 / 3,
                       .best_epoch = 1,
                       .metrics_lines = 4,
                       .data_hash = 0xfedcba9876543210,
                       .recompute = Recompute::kHalf,
                       .pad = true};
    graph_ = BuildStep(contents_.config, {});
    values_.resize(graph_.tensors.size());
    for (size_t id = 0; id < values_.size(); ++id) {
      values_[id].resize(static_cast<size_t>(graph_.tensors[id].Elements(16)), 0.5f);
    }
    SetInitialValues(contents_.config, graph_, Values());
  }

  TensorValues Values() {
    return [this](TensorId id) { return std::span(values_[static_cast<size_t>(id)]); };
  }
  std::vector<float>& Of(const char* name) {
    return values_[static_cast<size_t>(graph_.Find(name))];
  }
  std::string Write() {
    WriteCheckpoint(Path("a.safetensors"), contents_, graph_, Values());
    return Path("a.safetensors");
  }

  // The checkpoint again with some metadata replaced and some tensors renamed.
  std::string WriteWith(const Metadata& changes, const std::string& renamed = "",
                        const std::string& name = "") {
    SafetensorsReader whole(Write());
    std::vector<std::vector<float>> data;
    SafetensorsWriter writer;
    for (const TensorEntry& entry : whole.entries()) {
      whole.Read(entry.name, entry.shape, std::span(data.emplace_back(entry.elements())));
      if (entry.name == renamed && name.empty()) continue;
      writer.Add(entry.name == renamed ? name : entry.name, entry.shape,
                 std::span<const float>(data.back()));
    }
    for (const auto& [key, value] : whole.metadata()) writer.SetMetadata(key, value);
    for (const auto& [key, value] : changes) writer.SetMetadata(key, value);
    writer.Write(Path("b.safetensors"));
    return Path("b.safetensors");
  }
  std::string ReadError(const std::string& path) {
    return ErrorOf([&] { CheckpointReader reader(path); });
  }
  // The state's JSON with one field replaced.
  std::string State(const char* key, const nlohmann::json& value) {
    auto json = nlohmann::json::parse(SafetensorsReader(Write()).MetadataValue("state"));
    if (value.is_discarded()) {
      json.erase(key);
    } else {
      json[key] = value;
    }
    return json.dump();
  }

  Checkpoint contents_;
  Graph graph_;
  std::vector<std::vector<float>> values_;
};

TEST_F(CheckpointTest, RoundTripKeepsEverything) {
  CheckpointReader reader(Write());
  const Checkpoint& read = reader.contents();
  EXPECT_EQ(read.config, contents_.config);
  EXPECT_EQ(read.state, contents_.state);
  EXPECT_EQ(read.lexicon.vocabulary.words(), contents_.lexicon.vocabulary.words());
  EXPECT_EQ(read.lexicon.vocabulary.counts(), contents_.lexicon.vocabulary.counts());
  ASSERT_EQ(read.lexicon.labels.size(), 2u);
  for (size_t task = 0; task < 2; ++task) {
    EXPECT_EQ(read.lexicon.labels[task].names(), contents_.lexicon.labels[task].names());
  }

  Of("slot.head.bias.momentum")[2] = 3;
  Write();
  const auto written = values_;
  for (auto& tensor : values_) std::ranges::fill(tensor, 0.5f);
  CheckpointReader again(Path("a.safetensors"));
  again.ReadParameters(graph_, Values());
  EXPECT_EQ(Of("slot.head.bias.momentum")[2], 0.5f);
  again.ReadAll(graph_, Values());
  EXPECT_EQ(values_, written);
}

TEST_F(CheckpointTest, KeepsThresholdsOfTheTasksThatHaveOne) {
  SafetensorsReader without(Write());
  EXPECT_FALSE(without.metadata().contains("thresholds"));
  EXPECT_EQ(CheckpointReader(Path("a.safetensors")).contents().thresholds, Thresholds(2));
  contents_.thresholds = {0.1 + 0.2, std::nullopt};
  const CheckpointReader reader(Write());
  EXPECT_EQ(reader.contents().thresholds, contents_.thresholds);
}

TEST_F(CheckpointTest, LoadsIntoAnyOrderAndRecomputation) {
  CheckpointReader reader(Write());
  Config config = contents_.config;
  for (const Order order : kOrders) {
    config.order = order;
    const Graph graph =
        BuildStep(config, {.kind = StepKind::kInference, .recompute = Recompute::kEncoder});
    std::vector<std::vector<float>> values(graph.tensors.size());
    const auto place = [&](TensorId id) {
      auto& tensor = values[static_cast<size_t>(id)];
      tensor.resize(static_cast<size_t>(graph.At(id).Elements(16)));
      return std::span(tensor);
    };
    reader.ReadParameters(graph, place);
    const char* name = "encoder.0.attention.query.core.3";
    EXPECT_EQ(values[static_cast<size_t>(graph.Find(name))], Of(name));
  }
}

TEST_F(CheckpointTest, OtherProgramsFindTheModelInConfig) {
  const SafetensorsReader reader(Write());
  EXPECT_EQ(nlohmann::json::parse(reader.MetadataValue("config")),
            nlohmann::json::parse(R"({"model": {"heads": 2, "output_cores": 3, "tokens": 16}})"));
}

TEST_F(CheckpointTest, NotFiniteNumbersAreNeitherWrittenNorRead) {
  const std::string good = Bytes(Write());
  Of("intent.head.bias")[0] = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(Mentions(ErrorOf([&] { Write(); }), {"a.safetensors", "intent.head.bias"}));
  EXPECT_EQ(Bytes(Path("a.safetensors")), good);

  // The biases start at 0; a tensor with a distinct value makes its bytes easy to find.
  Of("intent.head.bias").assign(Of("intent.head.bias").size(), 1.25f);
  std::string bytes = Bytes(Write());
  const float marker = 1.25f, nan = std::numeric_limits<float>::quiet_NaN();
  const size_t at = bytes.find(std::string(reinterpret_cast<const char*>(&marker), 4));
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 4, std::string(reinterpret_cast<const char*>(&nan), 4));
  WriteBytes(Path("nan.safetensors"), bytes);
  CheckpointReader reader(Path("nan.safetensors"));
  EXPECT_TRUE(Mentions(ErrorOf([&] { reader.ReadAll(graph_, Values()); }),
                       {"nan.safetensors", "'intent.head.bias'", "finite"}));
}

TEST_F(CheckpointTest, EveryTruncationIsAnError) {
  const std::string bytes = Bytes(Write());
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 50) {
    WriteBytes(Path("cut.safetensors"), bytes.substr(0, size));
    EXPECT_TRUE(Mentions(ReadError(Path("cut.safetensors")), {"cut.safetensors"})) << size;
  }
}

TEST_F(CheckpointTest, AlteredMetadataIsAnErrorThatNamesIt) {
  const nlohmann::json gone(nlohmann::json::value_t::discarded);
  Config other = contents_.config;
  other.model.tags += 1;
  Config wider = contents_.config;
  wider.model.encoders = 2;
  Config tuned = contents_.config;
  tuned.training.optimizer = Optimizer::kSgd;
  const struct {
    Metadata changes;
    std::initializer_list<std::string_view> message;
  } cases[] = {
      {{{"format", "bittern-9"}}, {"format 'bittern-9'", "'bittern-1'"}},
      {{{"toml", "modle = 1"}}, {"configuration:1", "did you mean 'model'"}},
      {{{"toml", "extends = 'none'"}}, {"configuration:1: extends"}},
      {{{"toml", ToToml(other)}}, {"tags in the metadata, but the configuration says"}},
      {{{"toml", ToToml(wider)}}, {"no tensor 'encoder.1."}},
      {{{"toml", ToToml(tuned)}}, {".momentum' does not belong to the configuration's model"}},
      {{{"words", "[1]"}}, {"metadata 'words': expected a list of strings"}},
      {{{"state", "{\"epoch\":1," + State("pad", "false").substr(1)}},
       {"metadata 'state': the key 'epoch' occurs twice"}},
      {{{"words", "["}}, {"metadata 'words': malformed JSON at byte"}},
      {{{"lower_case", "maybe"}}, {"metadata 'lower_case': found 'maybe'; expected true or false"}},
      {{{"words", "[\"[PAD]\"]"}}, {"vocabulary: 1 words but"}},
      {{{"counts", "[-1]"}}, {"metadata 'counts': expected a list of counts"}},
      {{{"counts", "[4294967296]"}}, {"4294967296 is too large"}},
      {{{"tags", "[\"B-x\"]"}}, {"expected 'O'"}},
      {{{"intents", "[\"a\", \"a\"]"}}, {"'a' occurs twice"}},
      {{{"intents", "{}"}}, {"metadata 'intents'"}},
      {{{"thresholds", "[]"}}, {"metadata 'thresholds': found array; expected an object"}},
      {{{"thresholds", "{\"topic\": 0.5}"}}, {"'thresholds': the model has no task 'topic'"}},
      {{{"thresholds", "{\"intent\": 1.5}"}}, {"'thresholds': 'intent' is 1.5; expected a number"}},
      {{{"thresholds", "{\"intent\": \"0\"}"}}, {"'intent' is \"0\"; expected a number, 0 to 1"}},
      {{{"state", "3"}}, {"state: found number; expected an object"}},
      {{{"state", State("epoch", -1)}}, {"state: epoch: found '-1'"}},
      {{{"state", State("epoch", 1e300)}}, {"state: epoch: found"}},
      {{{"state", State("epoch", 3)}}, {"state: epoch 3 (best 1) of 2"}},
      {{{"state", State("best_epoch", 2)}}, {"state: epoch 1 (best 2)"}},
      {{{"state", State("place", gone)}}, {"state: no field place"}},
      {{{"state", State("extra", 1)}}, {"state: 13 fields; expected 12"}},
      {{{"state", State("best", nullptr)}}, {"state: best: found 'null'"}},
      {{{"state", State("data_hash", "12")}}, {"state: data_hash", "16 hexadecimal digits"}},
      {{{"state", State("data_hash", "fedcba987654321x")}}, {"state: data_hash"}},
      {{{"state", State("recompute", "all")}}, {"state: recompute: found '\"all\"'"}},
      {{{"state", State("pad", 1)}}, {"state: pad: found '1'; expected true or false"}},
  };
  for (const auto& [changes, message] : cases) {
    const std::string found = ReadError(WriteWith(changes));
    EXPECT_TRUE(Mentions(found, {"b.safetensors"}));
    EXPECT_TRUE(Mentions(found, message));
  }
}

TEST_F(CheckpointTest, MissingExtraAndMisshapenTensorsAreNamed) {
  EXPECT_TRUE(Mentions(ReadError(WriteWith({}, "slot.head.bias")), {"no tensor 'slot.head.bias'"}));
  EXPECT_TRUE(Mentions(ReadError(WriteWith({}, "slot.head.bias", "slot.head.base")),
                       {"no tensor 'slot.head.bias'"}));
  Config narrow = contents_.config;
  narrow.model.map.train.ranks[3] = 3;
  EXPECT_TRUE(Mentions(
      ReadError(WriteWith({{"toml", ToToml(narrow)}})),
      {"tensor 'encoder.0.attention.query.core.2' is F32 [4, 4, 4]", "asks for F32 [4, 4, 3]"}));
}

TEST_F(CheckpointTest, OtherSafetensorsFilesAreRefused) {
  const std::vector<float> data(4);
  SafetensorsWriter writer;
  writer.Add("x", {4}, std::span<const float>(data));
  writer.Write(Path("x.safetensors"));
  EXPECT_TRUE(Mentions(ReadError(Path("x.safetensors")), {"x.safetensors", "metadata 'format'"}));
}

}  // namespace
}  // namespace bittern
