#include "model/tasks/task.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace bittern {
namespace {

// log(sum exp), from which the largest value is taken out so that exp cannot overflow.
double LogSumExp(const float* values, int count, size_t stride) {
  double largest = values[0];
  for (int i = 1; i < count; ++i) {
    largest = std::max(largest, static_cast<double>(values[static_cast<size_t>(i) * stride]));
  }
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    sum += std::exp(static_cast<double>(values[static_cast<size_t>(i) * stride]) - largest);
  }
  return largest + std::log(sum);
}

}  // namespace

NameList Task::CheckLabels(std::vector<std::string> names) const {
  NameList labels(std::move(names), labels_name());
  if (static_cast<size_t>(labels.size()) > kMaxLabels) {
    Fail("{} labels; at most {}", labels.size(), kMaxLabels);
  }
  return labels;
}

double CrossEntropy(const float* values, int count, size_t stride, int label) {
  return LogSumExp(values, count, stride) - values[static_cast<size_t>(label) * stride];
}

double Probability(const float* values, int count, size_t stride, int label) {
  return std::exp(values[static_cast<size_t>(label) * stride] - LogSumExp(values, count, stride));
}

std::optional<double> PercentOf(uint64_t part, uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace bittern
