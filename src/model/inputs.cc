#include "model/inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace bittern {

int Columns(const ModelConfig& model, int valid, bool pad) {
  if (pad) return model.tokens;
  return (valid + kColumnGroup - 1) / kColumnGroup * kColumnGroup;
}

InputWriter::InputWriter(const Config& config, const Graph& graph, const Place& place)
    : config_(config), tree_(WordTree(config.model)), tasks_(MakeTasks(config)) {
  const auto find = [&](const std::string& name) {
    const TensorId id = graph.Find(name);
    return id == kNoTensor ? std::span<int32_t>() : place(id);
  };
  slot_ = find("input.slot");
  for (const auto& task : tasks_) labels_.push_back(find(task->input_name()));
  const auto tokens = static_cast<size_t>(config.model.tokens);
  words_.resize(tokens);
  rows_.resize(tokens);
  lists_.resize(tree_.nodes.size());
  storage_.reserve(3 * lists_.size());
  const auto take = [&] { return std::span<int32_t>(storage_.emplace_back(tokens)); };
  for (EmbeddingList& list : lists_) {
    list.tuple = take();
    list.left = take();
    list.right = take();
  }
  const int cores = config.model.embedding.cores();
  for (int node = cores; node <= tree_.root(); ++node) {
    const std::string name = fmt::format("input.embedding.{}", node - cores);
    nodes_.push_back({find(name + ".left"), find(name + ".right")});
  }
}

void InputWriter::Write(std::span<const uint16_t> ids, SentenceLabels labels, bool pad,
                        StepInputs& inputs) {
  const auto valid = static_cast<int>(ids.size());
  BITTERN_CHECK(valid >= 1 && valid <= config_.model.tokens);
  inputs.tokens = Columns(config_.model, valid, pad);
  inputs.valid = valid;

  std::copy(ids.begin(), ids.end(), words_.begin());
  ListTuples(config_.model.embedding, tree_, std::span(words_).first(ids.size()), lists_, rows_);
  const size_t cores = lists_.size() - nodes_.size();
  inputs.list_sizes.resize(nodes_.size());
  for (size_t n = 0; n < nodes_.size(); ++n) {
    const EmbeddingList& list = lists_[cores + n];
    const EmbeddingNode& node = tree_.nodes[cores + n];
    // A core's entry is one of its slices; an inner node's is one of its own entries.
    const auto entry = [&](int child, int32_t tuple) {
      const EmbeddingList& of = lists_[static_cast<size_t>(child)];
      return static_cast<size_t>(child) < cores ? of.tuple[static_cast<size_t>(tuple)] : tuple;
    };
    for (size_t i = 0; i < static_cast<size_t>(list.count); ++i) {
      nodes_[n].left[i] = entry(node.left, list.left[i]);
      nodes_[n].right[i] = entry(node.right, list.right[i]);
    }
    inputs.list_sizes[n] = list.count;
  }
  // Padded columns show the row of [CLS]; nothing depends on what they hold.
  for (size_t t = 0; t < static_cast<size_t>(inputs.tokens); ++t) {
    const size_t from = t < ids.size() ? t : 0;
    slot_[t] = nodes_.empty() ? words_[from] : rows_[from];
  }

  inputs.loss_weights.resize(tasks_.size());
  for (size_t task = 0; task < tasks_.size(); ++task) {
    if (labels_[task].empty()) continue;
    inputs.loss_weights[task] = tasks_[task]->WriteLabels(ids, labels[task], labels_[task]);
  }
}

}  // namespace bittern
