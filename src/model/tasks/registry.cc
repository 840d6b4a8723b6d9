// SPDX-License-Identifier: Apache-2.0
#include "model/tasks/registry.h"

#include <map>

#include "model/tasks/class_task.h"
#include "model/tasks/tags_task.h"

namespace bittern {
namespace {

// Every kind of task that the program brings, in the order of their tasks in a model.
const TaskKind kKinds[] = {AppendIntentTask, AppendTagsTasks, AppendFieldTasks};

std::map<int, TaskKind>& AddedKinds() {
  static std::map<int, TaskKind> kinds;
  return kinds;
}

}  // namespace

Tasks MakeTasks(const Config& config) {
  Tasks tasks;
  for (const TaskKind& append : kKinds) append(config, tasks);
  for (const auto& [id, append] : AddedKinds()) append(config, tasks);
  return tasks;
}

AddedTaskKind::AddedTaskKind(TaskKind kind) {
  static int next = 0;
  id_ = next++;
  AddedKinds().emplace(id_, std::move(kind));
}

AddedTaskKind::~AddedTaskKind() { AddedKinds().erase(id_); }

}  // namespace bittern
