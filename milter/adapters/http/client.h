// Purpose:   one HTTP request with a deadline, over libcurl.
// Ownership: owns a pool of idle handles, each with the connections it keeps alive.
// Threading: ask() from many threads at once; each call has a handle to itself. The first client
//            ever constructed initialises libcurl for the process, once.
// Failure:   temporary Errors where there is no whole answer, a permanent one where it is longer than
//            allowed; a status is no failure. Redirects are not followed (what a header says must not
//            go elsewhere), proxies from the environment are not used, and no protocol but http and
//            https is spoken.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/guarded.h"
#include "base/result.h"

namespace postern::http {

struct Request {
  std::string url;
  std::vector<std::string> headers;  // whole lines, "Name: value", without CR, LF or NUL
  std::optional<std::string_view> body = std::nullopt;  // POST; nothing: GET. Borrowed for the call
  std::size_t largest_answer = 0;
  std::string ca_file = {};                      // empty: the system's authorities
  const std::atomic<bool>* cancelled = nullptr;  // looked at now and then, where there is one
};

struct Answer {
  long status = 0;
  std::string body;
  std::string content_type;                         // "" without one
  std::string redirects_to;                         // of a 3xx
  std::optional<std::string> total_count;           // X-Total-Count
  std::optional<std::chrono::seconds> retry_after;  // whichever way it is written
};

class Client {
 public:
  Client();
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Result<Answer> ask(const Request& request, Deadline deadline);

 private:
  struct Handle;  // a libcurl easy handle
  struct CloseHandle {
    void operator()(Handle* handle) const;
  };
  using HandlePtr = std::unique_ptr<Handle, CloseHandle>;

  HandlePtr take();
  void give_back(HandlePtr handle);

  Guarded<std::vector<HandlePtr>> idle_;
};

}  // namespace postern::http
