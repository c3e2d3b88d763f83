// Purpose:   one HTTP POST with a deadline, over libcurl.
// Ownership: owns a pool of idle handles, each with the connections it keeps alive.
// Threading: post() from many threads at once; each call has a handle to itself. The first client
//            ever constructed initialises libcurl for the process, once.
// Failure:   temporary Errors; the answer is bounded, redirects are not followed, proxies from the
//            environment are not used, and no protocol but http and https is spoken.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/guarded.h"
#include "base/result.h"

namespace postern::rspamd {

class HttpClient {
 public:
  explicit HttpClient(std::string url);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The body of a 200. `headers` are whole lines, "Name: value", without CR, LF or NUL.
  Result<std::string> post(std::string_view body, const std::vector<std::string>& headers,
                           std::size_t largest_answer, Deadline deadline);

 private:
  struct Handle;  // a libcurl easy handle
  struct CloseHandle {
    void operator()(Handle* handle) const;
  };
  using HandlePtr = std::unique_ptr<Handle, CloseHandle>;

  HandlePtr take();
  void give_back(HandlePtr handle);

  std::string url_;
  Guarded<std::vector<HandlePtr>> idle_;
};

}  // namespace postern::rspamd
