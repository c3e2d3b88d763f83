// Purpose:   shared mutable state that cannot be touched unlocked.
// Ownership: owns the value.
// Threading: every access holds the mutex for as long as the callback runs; keep callbacks short
//            and never call back into the same Guarded from inside one.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace postern {

template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  template <typename F>
  decltype(auto) with(F&& use) {
    std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }
  template <typename F>
  decltype(auto) with(F&& use) const {
    std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

// An immutable value that one thread replaces and many read: readers get their own reference and
// keep it as long as they like. A plain mutex, because g++ 12's std::atomic<std::shared_ptr>
// reports races under ThreadSanitizer (docs/adr/0003).
template <typename T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> first = nullptr) : current_(std::move(first)) {}
  std::shared_ptr<const T> get() const {
    return current_.with([](const auto& current) { return current; });
  }
  void set(std::shared_ptr<const T> next) {
    // The old value may be the last reference to a large tree: it dies outside the lock.
    current_.with([&next](auto& current) { current.swap(next); });
  }

 private:
  Guarded<std::shared_ptr<const T>> current_;
};

}  // namespace postern
