// Purpose:   a question to the outside, asked in a thread of its own.
// Ownership: what the question borrows outlives the future.
// Failure:   a thread that the system refuses is a temporary Error in the answer.
#pragma once

#include <exception>
#include <future>
#include <string>
#include <utility>

#include "base/result.h"

namespace postern::session {

// `ask` answers a Result<T> and throws nothing of its own.
template <typename Ask>
auto in_thread(const std::string& what, Ask ask) -> std::future<decltype(ask())> {
  try {
    return std::async(std::launch::async, std::move(ask));
  } catch (const std::exception& error) {
    std::promise<decltype(ask())> failed;
    failed.set_value(temporary_error(what + ": no thread: " + error.what()));
    return failed.get_future();
  }
}

// Waits, and keeps the MTA patient meanwhile.
template <typename T, typename Progress>
T wait_for(std::future<T>& answer, const Progress& progress) {
  constexpr std::chrono::seconds kProgressInterval{10};
  while (answer.wait_for(kProgressInterval) == std::future_status::timeout) progress();
  return answer.get();
}

}  // namespace postern::session
