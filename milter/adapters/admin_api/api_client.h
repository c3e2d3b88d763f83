// Purpose:   GET of an admin API, politely: it is told who asks, waits where it says to, tries again what
//            may work later.
// Ownership: owns its connections and the token.
// Threading: get() from many threads at once; stop() from any. What one is told to wait, all wait.
// Failure:   an ApiError says which of the few things it is that callers act upon. 401 stops every
//            other call too: a token that is not taken once is not sent a thousand times more.
//            The token goes to the URL's host alone: redirects are errors.
// Units:     an answer has at most 16 MiB; a request is tried `tries` times within bounded waits.
// Source:    RFC 6750 (Bearer), RFC 9110 10.2.3 (Retry-After).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <variant>

#include "adapters/http/client.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/secret.h"
#include "base/wakeup.h"
#include "policy/json_tree.h"

namespace postern::admin_api {

struct ApiOptions {
  std::string url;  // "https://api.example/v1", without a slash at the end
  Secret token;
  std::string ca_file;           // empty: the system's authorities
  Milliseconds timeout{30'000};  // of one try
  int tries = 6;
  Milliseconds retry_from{250};
  Milliseconds retry_to{30'000};
  Milliseconds longest_wait{300'000};  // that Retry-After is obeyed for; more is "away"
};

enum class ApiFault { unauthorized, forbidden, not_found, away, wrong, stopped };

struct ApiError {
  ApiFault fault;
  std::string what;  // the path and why; never the token
};

struct ApiAnswer {
  policy::Json body;
  std::optional<std::uint64_t> total;  // X-Total-Count
};

using ApiResult = std::variant<ApiAnswer, ApiError>;

class ApiClient {
 public:
  explicit ApiClient(ApiOptions options);

  // `path` begins with a slash, and may have a query.
  ApiResult get(const std::string& path);
  // Ends every wait and every later call.
  void stop() noexcept;
  bool stopped() const { return stopped_.load(); }
  std::uint64_t requests() const { return requests_.load(); }

 private:
  struct Again {  // to be tried again
    std::string why;
    std::optional<Milliseconds> after;
  };
  std::variant<ApiAnswer, ApiError, Again> try_once(const std::string& path);
  ApiError unauthorized(const std::string& path);
  bool wait(Milliseconds span);  // false: stopped
  Milliseconds back_off(int tried);

  const ApiOptions options_;
  http::Client http_;
  Wakeup stopping_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> unauthorized_ = false;
  std::atomic<std::uint64_t> requests_ = 0;
  Guarded<SteadyTime> not_before_;
  Guarded<std::minstd_rand> random_{std::random_device{}()};
};

}  // namespace postern::admin_api
