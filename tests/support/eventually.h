// Purpose:   waiting for what another thread or process does, without a fixed sleep.
// Units:     the deadline is generous: it ends a test that hangs, it measures nothing.
#pragma once

#include <chrono>
#include <thread>

namespace postern::test {

template <typename Condition>
bool eventually(Condition&& condition, std::chrono::seconds patience = std::chrono::seconds(180)) {
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace postern::test
