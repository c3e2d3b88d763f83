#include "adapters/admin_api/task_pool.h"

#include <utility>

namespace postern::admin_api {
namespace {

constexpr Milliseconds kMeanwhile{200};

}  // namespace

TaskPool::TaskPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

TaskPool::~TaskPool() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

void TaskPool::add(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    waiting_.push_back(std::move(task));
  }
  changed_.notify_all();
}

void TaskPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

void TaskPool::finish(const std::function<void()>& meanwhile) {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty() || running_ > 0) {
    changed_.wait_for(lock, kMeanwhile);
    lock.unlock();
    meanwhile();
    lock.lock();
  }
}

void TaskPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
    if (ended_) return;
    const std::function<void()> task = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    lock.unlock();
    task();
    lock.lock();
    --running_;
    changed_.notify_all();
  }
}

}  // namespace postern::admin_api
