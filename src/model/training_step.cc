// SPDX-License-Identifier: Apache-2.0
#include "model/training_step.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "model/layers/attention.h"
#include "model/layers/embedding.h"
#include "model/layers/feed_forward.h"
#include "model/layers/normalization.h"
#include "model/step.h"
#include "model/tasks/registry.h"

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
                                       .output = map,
                                       .mask = model.mask,
                                       .norm = model.norm});
    step.Add<FeedForward>(
        {.name = name + "feed_forward", .block = block},
        FeedForwardShape{
            .inner = map, .outer = map, .function = model.activation, .norm = model.norm});
  }
  if (model.norm == NormPlace::kPre) {
    // The sum of all branches has not been normalised yet.
    step.BeginBlock();
    step.Add<Normalization>({.name = "final_norm", .block = "final norm"}, model.hidden,
                            Normalization::Affine::kGainAndShift);
  }
}

void AddHeads(const Config& config, Step& step) {
  const Tasks tasks = MakeTasks(config);
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (!tasks[i]->has_head()) continue;
    step.AddHead({.name = tasks[i]->name(), .block = tasks[i]->name()}, [&](StepBuilder& builder) {
      return tasks[i]->MakeHead(builder, static_cast<int>(i));
    });
  }
}

Graph BuildStep(const Config& config, const StepOptions& options) {
  const Tasks tasks = MakeTasks(config);
  if (std::ranges::none_of(tasks, [](const auto& task) { return task->has_head(); })) {
    Fail("{}: no task of the model has labels, so there is nothing to train", config.name);
  }
  Step step(config, options);
  AddEmbedding(config.model, step);
  AddEncoders(config.model, step);
  AddHeads(config, step);
  return step.Build();
}

}  // namespace bittern
