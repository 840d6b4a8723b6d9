// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "base/file.h"
#include "base/testing/errors.h"
#include "model/presets.h"

namespace bittern {
namespace {

std::string ParseError(std::string_view toml) {
  return ErrorOf([&] { ParseConfig(toml, "run.toml"); });
}

TEST(Config, PresetsAreThePaperModelsAndValid) {
  EXPECT_EQ(PresetNames(),
            (std::vector<std::string_view>{"atis-2enc", "atis-2enc-adamw", "atis-2enc-plain",
                                           "atis-4enc", "atis-6enc", "nano"}));
  for (const std::string_view name : PresetNames()) {
    const Config config = LoadConfig(std::string(name));
    EXPECT_EQ(config.name, name);
    if (name == "nano") continue;
    EXPECT_EQ(config.model.map.train,
              (TtShape{{12, 8, 8}, {8, 8, 12}, {1, 12, 12, 12, 12, 12, 1}}));
    EXPECT_EQ(config.model.embedding, (TtmShape{{10, 10, 10}, {12, 8, 8}, {1, 30, 30, 1}}));
    EXPECT_EQ(config.model.intents, 26);
    EXPECT_EQ(config.model.tags, 127);
  }
  EXPECT_EQ(LoadConfig("atis-4enc").model.encoders, 4);
  EXPECT_EQ(LoadConfig("atis-6enc").model.encoders, 6);
  const Config plain = LoadConfig("atis-2enc-plain");
  EXPECT_EQ(plain.training.slot_loss, SlotLoss::kMean);
  EXPECT_EQ(plain.training.dropout, 0);
  EXPECT_EQ(LoadConfig("atis-2enc-adamw").training.optimizer, Optimizer::kAdamW);
}

TEST(Config, CompiledInPresetsAreTheFilesBytes) {
  for (const Preset& preset : Presets()) {
    EXPECT_EQ(preset.toml, ReadFile(fmt::format(BITTERN_CONFIGS "/{}.toml", preset.name), 1 << 20));
  }
}

TEST(Config, RoundTripIsExact) {
  Config config = LoadConfig("nano");
  config.name = "a \"name\" with \\ and \xc3\xa9";
  config.model.map_deviation = 0.1 + 0.2;  // 0.30000000000000004
  config.model.core_start = CoreStart::kOrthogonal;
  config.order = Order::kBtt;
  config.objective = Objective::kIntermediates;
  config.training = {.optimizer = Optimizer::kAdamW,
                     .schedule = Schedule::kCosine,
                     .learning_rate = 1e-300,
                     .final_rate = 1.0 / 3,
                     .warmup_epochs = 2.5,
                     .rates = {{"encoder.*", 0.1}, {"*\"\n\t", std::nextafter(1.0, 2.0)}},
                     .momentum = 0.95,
                     .clip_scope = ClipScope::kGlobal,
                     .slot_loss = SlotLoss::kSum,
                     .seed = std::numeric_limits<int64_t>::max()};
  config.model.out_of_scope = "none \"of\" these";
  config.model.classes = {{.name = "topic", .labels = 3, .weight = 1.0 / 3},
                          {.name = "a \\ \"b\" [c]", .labels = 0}};
  config.fine_tuning.decay = 5e-324;  // no rates, though [training] has some
  EXPECT_EQ(ParseConfig(ToToml(config), "text"), config);
  for (const std::string_view name : PresetNames()) {
    config = LoadConfig(std::string(name));
    EXPECT_EQ(ParseConfig(ToToml(config), "text"), config) << name;
    SetFormat(Format::kDense, config.model);
    EXPECT_EQ(ParseConfig(ToToml(config), "text"), config) << name << ", dense";
  }
}

// Keys that files of before their time lack: such a file reads as before, and so it is written.
TEST(Config, AddedKeysAreWrittenOnlyIfTheyAreNotStandard) {
  const struct {
    const char *key, *standard, *other;
  } keys[] = {{"norm", "post", "pre"}, {"activation", "gelu", "relu"}, {"mask", "full", "causal"}};
  const std::string before = ToToml(LoadConfig("nano"));
  for (const auto& [key, standard, other] : keys) {
    SCOPED_TRACE(key);
    const auto toml = [&](const char* value) {
      return ToToml(LoadConfig("nano", fmt::format("model.{} = '{}'", key, value)));
    };
    EXPECT_EQ(before.find(fmt::format("{} = ", key)), before.npos);
    EXPECT_EQ(toml(standard), before);
    EXPECT_NE(toml(other).find(fmt::format("\n{} = \"{}\"\n", key, other)), before.npos);
    EXPECT_EQ(ToToml(ParseConfig(toml(other), "text")), toml(other));
    EXPECT_TRUE(Mentions(ErrorOf([&] { toml("none"); }), {key, "'none'", standard, other}));
  }
}

TEST(Config, ModesAreGivenOrAutomatic) {
  const Config automatic =
      ParseConfig("extends = 'atis-2enc'\nmodel.vocabulary = 11000\nmodel.map.rank = 6", "x");
  EXPECT_EQ(automatic.model.embedding.vocabulary_modes, (std::vector{25, 22, 20}));
  EXPECT_EQ(automatic.model.map.train.ranks, (std::vector{1, 6, 6, 6, 6, 6, 1}));
  const Config given = ParseConfig(
      "[model]\nhidden = 64\nheads = 4\n[model.map]\noutput_modes = [8, 8]\ninput_modes = [64]\n"
      "ranks = [1, 5, 7, 1]\n[model.embedding]\nrank = 4",
      "x");
  EXPECT_EQ(given.model.map.train, (TtShape{{8, 8}, {64}, {1, 5, 7, 1}}));
  EXPECT_EQ(given.model.embedding.feature_modes, (std::vector{4, 4, 4}));
  // A prime vocabulary gets spare rows; a prime width is an error that names neighbours.
  EXPECT_GT(ParseConfig("model.vocabulary = 1009", "x").model.embedding.rows(), 1009);
  EXPECT_TRUE(
      Mentions(ParseError("[model]\nhidden = 769\nheads = 1"), {"model.map", "769", "768"}));
}

TEST(Config, MapsHaveAFormat) {
  const std::string base = "[model]\nhidden = 256\nheads = 8\nvocabulary = 65\n";
  const Config ttm = ParseConfig(base + "[model.map]\nformat = 'ttm'\nrank = 9", "x");
  EXPECT_EQ(ttm.model.map, (MatrixShape{.format = MatrixFormat::kTtm,
                                        .blocks = {{8, 8, 4}, {8, 8, 4}, {1, 9, 9, 1}}}));
  const Config dense = ParseConfig(base + "[model.map]\nformat = 'dense'\nrank = 9", "x");
  EXPECT_EQ(dense.model.map, (MatrixShape{.format = MatrixFormat::kDense}));
  EXPECT_EQ(dense.model.format, Format::kTensor);  // the word table keeps its cores
  EXPECT_EQ(dense.model.embedding.cores(), 3);
  const Config table = ParseConfig(base + "[model.embedding]\nformat = 'dense'", "x");
  EXPECT_EQ(table.model.embedding, (TtmShape{{65}, {256}, {1, 1}}));
  for (const Config& config : {ttm, dense, table}) {
    EXPECT_EQ(ParseConfig(ToToml(config), "x"), config);
  }
}

TEST(Config, LowersRanksThatABondCannotUse) {
  std::vector<std::string> notes;
  const Config config = ParseConfig("model.hidden = 512\nmodel.heads = 8", "x", "", &notes);
  EXPECT_EQ(config.model.map.train.ranks, (std::vector{1, 8, 12, 12, 12, 8, 1}));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_TRUE(Mentions(notes[0], {"model.map", "bond 1", "at most 8, not 12", "[1, 8, 12"}));
  notes.clear();
  EXPECT_EQ(ParseConfig(ToToml(config), "x", "", &notes), config);
  EXPECT_TRUE(notes.empty());
  ParseConfig("[model.map]\nranks = [1, 4, 8, 33, 8, 4, 1]", "x", "", &notes);
  EXPECT_TRUE(notes.empty());
  const Config given = ParseConfig(
      "[model]\nhidden = 64\nheads = 4\n[model.map]\noutput_modes = [8, 8]\ninput_modes = [64]\n"
      "ranks = [1, 9, 7, 1]",
      "x", "", &notes);
  EXPECT_EQ(given.model.map.train.ranks, (std::vector{1, 8, 7, 1}));
  EXPECT_EQ(notes.size(), 1U);
}

TEST(Config, PartsFollowTheBatchUnlessGiven) {
  const auto parts = [](const std::string& toml) {
    const Config config = ParseConfig(toml, "x");
    EXPECT_EQ(ParseConfig(ToToml(config), "x"), config) << toml;
    return std::pair(config.training.parts_of_batch(), config.fine_tuning.parts_of_batch());
  };
  EXPECT_EQ(parts(""), std::pair(1, 1));
  EXPECT_EQ(parts("[training]\nbatch = 3"), std::pair(2, 2));
  EXPECT_EQ(parts("[training]\nbatch = 16"), std::pair(4, 4));
  EXPECT_EQ(parts("[training]\nbatch = 16\nparts = 8"), std::pair(8, 8));
  EXPECT_EQ(parts("[training]\nbatch = 16\nparts = 8\n[fine_tuning]\nbatch = 4"), std::pair(8, 4));
  // A batch that is changed brings its own number of parts.
  const std::string text = ToToml(ParseConfig("[training]\nbatch = 16\nparts = 16", "x"));
  EXPECT_EQ(ParseConfig(text, "x", "training.batch = 2").training.parts_of_batch(), 2);
  EXPECT_EQ(ToToml(ParseConfig("", "x")).find("parts"), std::string::npos);
  EXPECT_TRUE(
      Mentions(ParseError("[training]\nbatch = 16\nparts = 6"),
               {"training.parts: found 6; expected a power of two, at most the batch, 16"}));
  EXPECT_TRUE(Mentions(ParseError("[training]\nparts = 2"), {"training.parts: found 2", "1"}));
}

TEST(Config, FormatChangesShapesBothWays) {
  Config config = LoadConfig("atis-2enc");
  const ModelConfig tensor = config.model;
  SetFormat(Format::kTensor, config.model);
  EXPECT_EQ(config.model, tensor);
  SetFormat(Format::kDense, config.model);
  EXPECT_EQ(config.model.embedding, (TtmShape{{1000}, {768}, {1, 1}}));
  Validate(config, "x");
  SetFormat(Format::kTensor, config.model);
  EXPECT_EQ(config.model, tensor);
  // Ranks that the modes can't use are lowered.
  Config nano = LoadConfig("nano");
  SetFormat(Format::kDense, nano.model);
  SetFormat(Format::kTensor, nano.model);
  Validate(nano, "x");
}

TEST(Config, FineTuningTakesOverWhatItDoesNotSet) {
  const Config config = ParseConfig(
      "[training]\nlearning_rate = 0.5\nepochs = 3\n[[training.rate]]\nparameters = '*'\n"
      "[fine_tuning]\nepochs = 7\nrate = []",
      "x");
  EXPECT_EQ(config.fine_tuning.learning_rate, 0.5);
  EXPECT_EQ(config.fine_tuning.epochs, 7);
  EXPECT_EQ(config.training.epochs, 3);
  EXPECT_EQ(config.training.rates, (std::vector<RateRule>{{"*", 1}}));
  EXPECT_TRUE(config.fine_tuning.rates.empty());
}

class ConfigFiles : public testing::Test {
 protected:
  ConfigFiles() : directory_(fmt::format("{}/config-{}", testing::TempDir(), getpid())) {
    MakeDirectories(directory_);
  }
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = JoinPath(directory_, name);
    std::ofstream(path) << text;
    return path;
  }
  std::string directory_;
};

TEST_F(ConfigFiles, ExtendFilesBesideThemAndPresets) {
  Write("base.toml", "extends = 'nano'\nname = 'base'\n[training]\nbatch = 3\nseed = 5");
  const std::string path = Write("run.toml", "extends = 'base.toml'\ntraining.seed = 6");
  const Config config = LoadConfig(path);
  EXPECT_EQ(config.name, "run");
  EXPECT_EQ(config.model.hidden, 32);
  EXPECT_EQ(config.training.batch, 3);
  EXPECT_EQ(config.training.seed, 6u);
}

TEST_F(ConfigFiles, ErrorsNameTheFileThatIsWrong) {
  const std::string base = Write("wrong.toml", "extends = 'nano'\n\ntraining.batch = 0");
  const std::string path = Write("child.toml", "extends = 'wrong.toml'");
  EXPECT_TRUE(Mentions(ErrorOf([&] { LoadConfig(path); }),
                       {base + ":3: training.batch: found 0; expected an integer, 1 to"}));
  const std::string circle = Write("circle.toml", "extends = 'circle.toml'");
  EXPECT_TRUE(Mentions(ErrorOf([&] { LoadConfig(circle); }), {"circle.toml:1", "deep"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { LoadConfig(directory_ + "/none.toml"); }), {"none.toml"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { LoadConfig("atis-2en"); }), {"did you mean 'atis-2enc'"}));
}

TEST(Config, WrongInputIsAnErrorThatNamesLineAndKey) {
  const struct {
    std::string_view toml;
    std::initializer_list<std::string_view> message;
  } cases[] = {
      {"\nformt = 'dense'", {"run.toml:2", "'formt'", "did you mean 'format'"}},
      {"format = 'sparse'", {"run.toml:1: format: found 'sparse'", "\"tensor\", \"dense\""}},
      {"contraction = 'optimall'", {"run.toml:1", "did you mean 'optimal'"}},
      {"[modle]\n", {"run.toml:1", "'modle'", "did you mean 'model'"}},
      {"model = 3", {"run.toml:1: model: found 3; expected a section [model]"}},
      {"[model]\nhiden = 3", {"run.toml:2", "'model.hiden'", "did you mean 'hidden'"}},
      {"[model]\nhidden = 'x'", {"run.toml:2: model.hidden: found 'x'; expected an integer"}},
      {"[model]\nhidden = 1e3", {"run.toml:2: model.hidden: found 1000; expected an integer"}},
      {"[model]\nhidden = -8", {"found -8; expected an integer, 4 to"}},
      {"[model]\nheads = 5", {"run.toml: model.heads: found 5; expected a divisor"}},
      {"[model]\ntokens = 30", {"model.tokens: found 30; expected a multiple of 4"}},
      {"[model]\nintents = 0\ntags = 0", {"nothing to train"}},
      {"[model.map]\nformat = 'cp'", {"run.toml:2: model.map.format: found 'cp'; expected", "ttm"}},
      {"[model.map]\nformat = 'ttm'\nranks = [1, 2, 3, 4, 3, 2, 1]", {"model.map", "7 ranks"}},
      {"[model.embedding]\nformat = 'tt'", {"model.embedding", "tt", "dense"}},
      {"[model.map]\nrank = 0", {"run.toml:2: model.map.rank: found 0"}},
      {"[model.map]\nrank = 2\nranks = [1, 1]", {"run.toml:1: model.map: both rank and ranks"}},
      {"[model.map]\nranks = [1, 2, 1]", {"model.map", "3 ranks"}},
      {"[model.map]\nranks = 3", {"run.toml:2: model.map.ranks: found 3; expected an array"}},
      {"[model.map]\noutput_modes = [12, 8, 8]",
       {"run.toml:1: model.map: found output_modes alone"}},
      {"[model.map]\noutput_modes = [12, 8, 7]\ninput_modes = [8, 8, 12]",
       {"model.map", "multiply to 672", "768"}},
      {"[model.map]\noutput_modes = []\ninput_modes = []",
       {"run.toml:2", "expected an array of 1"}},
      {"[model.embedding]\nvocabulary_modes = [10, 10]\nfeature_modes = [32, 24]",
       {"model.embedding", "multiply to 100", "1000"}},
      {"[model.embedding]\nvocabulary_modes = [1000]\nfeature_modes = [768]\nrank = 1",
       {"model.embedding", "dense"}},
      {"[training]\ndropout = 1", {"run.toml:2: training.dropout: found 1; expected a number, 0"}},
      {"[training]\ndropout = nan", {"training.dropout: found nan"}},
      {"[training]\nlearning_rate = '1'", {"training.learning_rate: found '1'; expected a number"}},
      {"[training]\noptimizer = 'adam'", {"did you mean 'adamw'"}},
      {"[training]\nseed = -1", {"training.seed: found -1"}},
      {"[training]\nrate = 3", {"training.rate: found 3; expected tables [[training.rate]]"}},
      {"[[training.rate]]\nfactor = 2", {"run.toml:1: training.rate", "without parameters"}},
      {"[[training.rate]]\nparameters = '*'\nfactr = 2", {"run.toml:3", "did you mean 'factor'"}},
      {"[model]\nout_of_scope = ''", {"run.toml: model.out_of_scope: found ''"}},
      {"[model]\nclass = 'topic'", {"run.toml:2: model.class: found 'topic'", "[[model.class]]"}},
      {"[[model.class]]\nlabels = 2", {"run.toml:1: model.class", "without a name"}},
      {"[[model.class]]\nname = 'a'\nlabel = 2", {"run.toml:3", "did you mean 'labels'"}},
      {"[[model.class]]\nname = 'a'\nlabels = -1", {"model.class.labels: found -1"}},
      {"[[model.class]]\nname = 'intent'", {"model.class: found the name 'intent'"}},
      {"[[model.class]]\nname = \"a\\n\"", {"model.class: name: found", "printable"}},
      {"[[model.class]]\nname = 'a'\n[[model.class]]\nname = 'a'", {"found the name 'a' twice"}},
      {"[model]\nintents = 0\ntags = 0\n[[model.class]]\nname = 'a'",
       {"intents, tags, labels of a", "nothing to train"}},
      {"[fine_tuning]\nepochs = 0", {"run.toml:2: fine_tuning.epochs: found 0"}},
      {"extends = 'nanno'", {"run.toml:1: extends: found 'nanno'", "did you mean 'nano'"}},
      {"extends = 7", {"run.toml:1: extends: found 7; expected a string"}},
      {"extends = '/etc/passwd'", {"run.toml:1: extends", "expected a preset"}},
      {"a = [", {"run.toml:1: malformed TOML"}},
      {"format = 'tensor'\nformat = 'dense'", {"run.toml:2: malformed TOML"}},
      {"\n# \xff", {"run.toml:2", "not valid UTF-8"}},
      {"name = \"a\\u0001\"", {"name: found", "printable"}},
      {"name = '../outside'", {"run.toml: name: found '../outside'", "without /"}},
      {"name = 'a/b'", {"name: found 'a/b'", "without /"}},
      {"name = '.'", {"name: found '.'", "begin with a dot"}},
      {"name = ''", {"name: found ''", "name = "}},
  };
  for (const auto& [toml, message] : cases) {
    EXPECT_TRUE(Mentions(ParseError(toml), message)) << toml;
  }
}

TEST(Config, DeepKeysAreRefusedWhereverTheyStand) {
  std::string deep = "a";
  for (int i = 0; i < 300000; ++i) deep += ".a";
  for (const std::string& text : {
           deep + " = 1",
           "\n[" + deep + "]",
           "\n[[" + deep + "]]",
           "x = {" + deep + " = 1}",
           "x = [1, {" + deep + " = 1}]",
           "x.\"y\"." + deep + " = 1",
           "x = \"a\\\"\"\n" + deep + " = 1",
           "x = 'it\"s' # \"\n" + deep + " = 1",
           "x = \"\"\"\n#'\"\"\"\"\n" + deep + " = 1",
           "x = ['''a'''', {" + deep + " = 1}]",
       }) {
    EXPECT_TRUE(Mentions(ParseError(text), {"run.toml:", "a key of more than 16 parts"}))
        << text.substr(0, 40);
  }
  EXPECT_TRUE(Mentions(ErrorOf([&] { ParseConfig("", "run.toml", deep + " = 1"); }),
                       {"--set:1: a key of more than 16 parts"}));
  // Dots of strings, comments and numbers are none of a key.
  const Config config = ParseConfig("name = 'a.................b'\n# " + deep +
                                        "\n[training]\ndropout = 0.25 # \"\nlearning_rate = 0.5",
                                    "run.toml");
  EXPECT_EQ(config.training.dropout, 0.25);
}

TEST(Config, ANameThatIsNotGivenIsThatOfTheFile) {
  EXPECT_EQ(ParseConfig("", "run.toml").name, "run.toml");
  EXPECT_EQ(ParseConfig("", "../runs/.best.safetensors: configuration").name,
            "best.safetensors: configuration");
}

TEST(Config, ValidateChecksValuesSetByHand) {
  Config config = LoadConfig("nano");
  config.training.dropout = -0.5;
  EXPECT_TRUE(Mentions(ErrorOf([&] { Validate(config, "--dropout"); }),
                       {"--dropout: training.dropout: found -0.5; expected 0 to 0.99"}));
  config = LoadConfig("nano");
  config.fine_tuning.rates = {{"*", -1}};
  EXPECT_TRUE(Mentions(ErrorOf([&] { Validate(config, "x"); }), {"fine_tuning.rate", "'*'", "-1"}));
}

TEST(Config, PatternsMatchWithStars) {
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("", ""));
  EXPECT_FALSE(MatchesPattern("", "a"));
  EXPECT_TRUE(MatchesPattern("encoder.*.core.*", "encoder.0.attention.query.core.3"));
  EXPECT_FALSE(MatchesPattern("encoder.*.core.*", "encoder.0.attention.query.bias"));
  EXPECT_TRUE(MatchesPattern("*.core.*.core.1", "a.core.core.1.core.1"));
  EXPECT_FALSE(MatchesPattern("*.head", "slot.head.bias"));
  EXPECT_TRUE(MatchesPattern("a*b*c", "abbbxc"));
  EXPECT_FALSE(MatchesPattern("a*b*c", "acb"));
  // Many stars stay cheap.
  EXPECT_FALSE(MatchesPattern("*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace bittern
