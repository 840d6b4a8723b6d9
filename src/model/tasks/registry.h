// The tasks of a model.
//
// The kinds of tasks that the program brings are listed in registry.cc. Other programs add theirs
// while an AddedTaskKind lives; a model's tasks then include them.
#ifndef BITTERN_MODEL_TASKS_REGISTRY_H_
#define BITTERN_MODEL_TASKS_REGISTRY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/tasks/task.h"

namespace bittern {

using Tasks = std::vector<std::unique_ptr<const Task>>;

// Appends the tasks of one kind that the configuration asks for.
using TaskKind = std::function<void(const Config& config, Tasks& tasks)>;

// Makes the tasks of a configuration. Their order is fixed, because it decides the order of
// parameters and operations: a task's position in the list is its number everywhere.
Tasks MakeTasks(const Config& config);

// Adds a kind of task behind those of the program. Make it before any thread needs tasks, and keep
// it until none does.
class AddedTaskKind {
 public:
  explicit AddedTaskKind(TaskKind kind);
  AddedTaskKind(const AddedTaskKind&) = delete;
  AddedTaskKind& operator=(const AddedTaskKind&) = delete;
  ~AddedTaskKind();

 private:
  int id_;
};

}  // namespace bittern

#endif  // BITTERN_MODEL_TASKS_REGISTRY_H_
