// Purpose:   a PolicySource that says what the test tells it to, from its own thread as a real one.
// Threading: say() from the test's thread; it returns when the sink has taken it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "ports/policy_source.h"

namespace postern::test {

class ScriptedSource final : public ports::PolicySource {
 public:
  using Step = std::function<void(ports::PolicySink&)>;

  explicit ScriptedSource(std::string name = "script") : name_(std::move(name)) {}

  std::string describe() const override { return name_; }
  void run(std::stop_token stop, ports::PolicySink& sink) override {
    while (true) {
      std::packaged_task<void(ports::PolicySink&)> step;
      {
        std::unique_lock lock(mutex_);
        if (!waiting_.wait(lock, stop, [this] { return !steps_.empty(); })) return;
        step = std::move(steps_.front());
        steps_.pop_front();
      }
      step(sink);
    }
  }
  void request_full_set() override {
    const std::lock_guard lock(mutex_);
    ++requests_;
  }

  void say(Step step) {
    std::packaged_task<void(ports::PolicySink&)> task(std::move(step));
    auto done = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      steps_.push_back(std::move(task));
    }
    waiting_.notify_all();
    done.get();
  }
  std::size_t requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  const std::string name_;
  mutable std::mutex mutex_;
  std::condition_variable_any waiting_;
  std::deque<std::packaged_task<void(ports::PolicySink&)>> steps_;
  std::size_t requests_ = 0;
};

}  // namespace postern::test
