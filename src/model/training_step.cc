#include "model/training_step.h"

#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "model/layers/attention.h"
#include "model/layers/embedding.h"
#include "model/layers/feed_forward.h"
#include "model/step.h"
#include "model/tasks/branch.h"

namespace bittern {

EmbeddingTree WordTree(const ModelConfig& model) {
  return PlanEmbedding(model.embedding, WorstDistinctCounts(model.embedding, model.tokens));
}

void AddEmbedding(const ModelConfig& model, Step& step) {
  step.SetInput<Embedding>({.name = "embedding", .block = "embedding"},
                           WordEmbeddingShape{.words = model.embedding,
                                              .embedding_deviation = model.embedding_deviation,
                                              .table_deviation = model.table_deviation,
                                              .core_start = model.core_start});
}

void AddEncoders(const ModelConfig& model, Step& step) {
  const MapShape map = model.HiddenMap();
  for (int encoder = 0; encoder < model.encoders; ++encoder) {
    const std::string name = fmt::format("encoder.{}.", encoder);
    const std::string block = fmt::format("encoder {}", encoder);
    step.BeginBlock();
    step.Add<Attention>({.name = name + "attention", .block = block},
                        AttentionShape{.heads = model.heads,
                                       .query = map,
                                       .key = map,
                                       .value = map,
                                       .output = map});
    step.Add<FeedForward>({.name = name + "feed_forward", .block = block},
                          FeedForwardShape{.inner = map, .outer = map});
  }
}

void AddHeads(const Config& config, Step& step) {
  const ModelConfig& model = config.model;
  if (model.intents > 0) {
    step.AddHead({.name = "intent", .block = "intent"}, [&](StepBuilder& builder) {
      return std::make_unique<Branch>(builder, "intent", model.intents,
                                      builder.options().intent_on_every_token
                                          ? Branch::Reads::kEveryToken
                                          : Branch::Reads::kFirstToken,
                                      kIntentLoss);
    });
  }
  if (model.tags > 0) {
    step.AddHead({.name = "slot", .block = "slot"}, [&](StepBuilder& builder) {
      return std::make_unique<Branch>(builder, "slot", model.tags, Branch::Reads::kEveryToken,
                                      kSlotLoss);
    });
  }
}

Graph BuildStep(const Config& config, const StepOptions& options) {
  if (config.model.intents == 0 && config.model.tags == 0) {
    Fail("{}: the model has neither intents nor tags, so there is nothing to train", config.name);
  }
  Step step(config, options);
  AddEmbedding(config.model, step);
  AddEncoders(config.model, step);
  AddHeads(config, step);
  return step.Build();
}

}  // namespace bittern
