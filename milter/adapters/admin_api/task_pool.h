// Purpose:   a bounded number of threads for as many tasks as there are, which may add more.
// Ownership: owns its threads.
// Threading: add() from any thread, tasks among them; finish() from the one that made the pool.
// Failure:   a task must not throw. After stop() tasks that have not begun are dropped.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace postern::admin_api {

class TaskPool {
 public:
  explicit TaskPool(std::size_t threads);
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  void add(std::function<void()> task);
  // Until nothing is waiting or running; calls `meanwhile` now and then.
  void finish(const std::function<void()>& meanwhile);
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t running_ = 0;
  bool stopped_ = false;
  bool ended_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace postern::admin_api
