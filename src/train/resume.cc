#include "train/resume.h"

#include <fmt/format.h>

#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "train/memory_budget.h"

namespace bittern {
namespace {

// The first line in which two configurations differ, with its section. Empty: they are equal.
std::string Difference(Config run, const Config& given) {
  run.name = given.name;  // a name changes no result
  if (run == given) return "";
  const std::string texts[] = {ToToml(run), ToToml(given)};
  LineReader lines[] = {LineReader::FromMemory("", texts[0]), LineReader::FromMemory("", texts[1])};
  std::string_view line[2];
  std::string section;
  while (lines[0].Next(&line[0]) && lines[1].Next(&line[1]) && line[0] == line[1]) {
    if (line[0].starts_with('[')) section = line[0];
  }
  return fmt::format("its configuration has \"{}\"{}{}, this one has \"{}\"", line[0],
                     section.empty() ? "" : " in ", section, line[1]);
}

// The first reason against it. Empty: the run can be resumed.
std::string Obstacle(const Checkpoint& run, const ResumeRequest& request) {
  const TrainingState& state = run.state;
  const Config& config = request.config;
  if (std::string difference = Difference(run.config, config); !difference.empty()) {
    return difference;
  }
  if (state.data_hash != request.data_hash) {
    return "the sentences of train or valid are not those it was started with";
  }
  if (state.pad != request.pad) {
    return state.pad ? "it was started with padding to all tokens"
                     : "it was started without padding to all tokens";
  }
  if (request.memory) {
    const Recompute chosen = ChooseRecompute(config, request.memory);
    if (chosen != state.recompute) {
      return fmt::format("it recomputes {}, but the budget given now asks for {}",
                         Name(state.recompute), Name(chosen));
    }
  }
  const bool in_epoch = state.place < request.sentences;
  if (state.place > request.sentences || (in_epoch && state.place % config.training.batch != 0) ||
      (state.epoch == config.training.epochs && state.place > 0)) {
    return fmt::format("the checkpoint was not saved at the end of a batch (sentence {} of {})",
                       state.place, request.sentences);
  }
  return "";
}

}  // namespace

void CheckResume(const std::string& path, const Checkpoint& run, const ResumeRequest& request) {
  if (const std::string obstacle = Obstacle(run, request); !obstacle.empty()) {
    Fail(
        "{}: this run cannot be resumed: {}; give what the run was started with, or train into "
        "another directory",
        path, obstacle);
  }
}

}  // namespace bittern
