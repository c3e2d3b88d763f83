#include "adapters/admin_api/api_client.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace postern::admin_api {
namespace {

constexpr long kFirstServerError = 500;
constexpr int kMostDoublings = 16;

bool is_json(const std::string& content_type) {
  const std::string type = ascii_lower(trim(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" || type.ends_with("+json");
}

std::optional<std::uint64_t> count_from(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  std::uint64_t count = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (text->empty() || fault != std::errc() || end != text->data() + text->size()) {
    return std::nullopt;
  }
  return count;
}

}  // namespace

ApiClient::ApiClient(ApiOptions options) : options_(std::move(options)) {}

void ApiClient::stop() noexcept {
  stopped_ = true;
  stopping_.signal();
}

ApiError ApiClient::unauthorized(const std::string& path) {
  unauthorized_ = true;
  stop();
  return {ApiFault::unauthorized, path + ": HTTP 401: the token is not accepted (any more)"};
}

bool ApiClient::wait(Milliseconds span) {
  const Deadline deadline = Deadline::after(span);
  while (!stopped_ && !deadline.passed()) stopping_.wait(deadline);
  return !stopped_;
}

// Half of it certain, half of it by chance, so that many do not come back at the same moment.
Milliseconds ApiClient::back_off(int tried) {
  const auto whole = std::min(options_.retry_to.count(), options_.retry_from.count()
                                                             << std::min(tried, kMostDoublings));
  return random_.with([&](std::minstd_rand& random) {
    return Milliseconds(std::uniform_int_distribution<long>(whole / 2, whole)(random));
  });
}

ApiResult ApiClient::get(const std::string& path) {
  std::string why = "stopped";
  for (int tried = 0; tried < options_.tries; ++tried) {
    const auto pause = not_before_.with([](const SteadyTime& time) { return time; }) -
                       std::chrono::steady_clock::now();
    if (!wait(std::chrono::ceil<Milliseconds>(pause))) break;
    auto outcome = try_once(path);
    if (auto* const answer = std::get_if<ApiAnswer>(&outcome)) return std::move(*answer);
    if (auto* const error = std::get_if<ApiError>(&outcome)) return std::move(*error);
    auto& again = std::get<Again>(outcome);
    why = std::move(again.why);
    if (again.after && *again.after > options_.longest_wait) {
      return ApiError{ApiFault::away, path + ": " + why + ", and asks to be left alone for " +
                                          std::to_string(again.after->count() / 1000) + " s"};
    }
    if (again.after) {
      const SteadyTime until = std::chrono::steady_clock::now() + *again.after;
      not_before_.with([&](SteadyTime& time) { time = std::max(time, until); });
    } else if (tried + 1 < options_.tries && !wait(back_off(tried))) {
      break;
    }
  }
  if (unauthorized_) return ApiError{ApiFault::stopped, path + ": the token is not accepted"};
  if (stopped_) return ApiError{ApiFault::stopped, path + ": stopped"};
  return ApiError{ApiFault::away,
                  path + ": " + why + " (tried " + std::to_string(options_.tries) + " times)"};
}

std::variant<ApiAnswer, ApiError, ApiClient::Again> ApiClient::try_once(const std::string& path) {
  http::Request request;
  request.url = options_.url + path;
  request.headers = {"Accept: application/json",
                     "Authorization: Bearer " + std::string(options_.token.reveal())};
  request.largest_answer = policy::kMaxDocumentSize;
  request.ca_file = options_.ca_file;
  request.cancelled = &stopped_;
  ++requests_;
  const auto answer = http_.ask(request, Deadline::after(options_.timeout));
  if (stopped_) return ApiError{ApiFault::stopped, path + ": stopped"};
  if (!answer && answer.error().permanence == Permanence::permanent) {
    return ApiError{ApiFault::wrong, path + ": " + answer.error().what};
  }
  if (!answer) return Again{answer.error().what, std::nullopt};
  const std::string status = "HTTP " + std::to_string(answer->status);
  if (answer->status == 401) return unauthorized(path);
  if (answer->status == 403) {
    return ApiError{ApiFault::forbidden, path + ": " + status + ": no permission"};
  }
  if (answer->status == 404) return ApiError{ApiFault::not_found, path + ": " + status};
  if (answer->status == 429 || answer->status >= kFirstServerError) {
    return Again{status, answer->retry_after};
  }
  if (answer->status / 100 == 3) {
    return ApiError{ApiFault::wrong, path + ": " + status + " to " +
                                         printable(answer->redirects_to, 200) +
                                         ": not followed, the token is for this URL alone"};
  }
  if (answer->status != 200) return ApiError{ApiFault::wrong, path + ": " + status};
  if (!is_json(answer->content_type)) {
    return ApiError{ApiFault::wrong,
                    path + ": no JSON but \"" + printable(answer->content_type, 80) + "\""};
  }
  auto tree = policy::parse_json(answer->body);
  // Cut short on its way, perhaps: the next one may be whole.
  if (!tree) return Again{tree.error().what, std::nullopt};
  return ApiAnswer{std::move(*tree), count_from(answer->total_count)};
}

}  // namespace postern::admin_api
