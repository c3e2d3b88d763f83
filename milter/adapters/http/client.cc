#include "adapters/http/client.h"

#include <curl/curl.h>

#include "base/text.h"

namespace postern::http {
namespace {

// Idle handles beyond this are closed: a burst must not leave its sockets behind for ever.
constexpr std::size_t kMostIdle = 32;

// curl_global_init is to be called once, before any other use and not concurrently with one. This
// is the place: a function-local static is initialised by exactly one thread.
bool curl_is_ready() {
  static const bool kReady = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return kReady;
}

CURL* as_curl(void* handle) { return static_cast<CURL*>(handle); }

struct Bounded {
  std::string body;
  std::size_t largest = 0;
};

// Called by libcurl from C: nothing may be thrown. Anything but `size` stops the transfer.
std::size_t append_body(char* data, std::size_t size, std::size_t count, void* context) noexcept {
  auto* answer = static_cast<Bounded*>(context);
  const std::size_t bytes = size * count;
  if (bytes > answer->largest - answer->body.size()) return bytes == 0 ? 1 : 0;
  try {
    answer->body.append(data, bytes);
  } catch (...) {
    return bytes == 0 ? 1 : 0;
  }
  return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* context) noexcept {
  const std::string_view line(data, size * count);
  constexpr std::string_view kName = "x-total-count:";
  constexpr std::size_t kLongestCount = 40;
  try {
    if (starts_with_ignoring_case(line, kName) && line.size() < kName.size() + kLongestCount) {
      static_cast<Answer*>(context)->total_count = std::string(trim(line.substr(kName.size())));
    }
  } catch (...) {
    return 0;
  }
  return size * count;
}

int stop_if_cancelled(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<const std::atomic<bool>*>(context)->load() ? 1 : 0;
}

struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

bool append(HeaderList& list, const char* line) {
  curl_slist* longer = ::curl_slist_append(list.get(), line);
  if (longer == nullptr) return false;
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

Result<HeaderList> make_header_list(const std::vector<std::string>& headers) {
  HeaderList list;
  // Without the first line libcurl asks leave to send a large body and waits up to a second for it.
  bool complete = append(list, "Expect:");
  for (const std::string& header : headers) complete = complete && append(list, header.c_str());
  if (!complete) return temporary_error("libcurl: out of memory");
  return list;
}

std::string text_info(CURL* curl, CURLINFO which) {
  const char* text = nullptr;
  ::curl_easy_getinfo(curl, which, &text);
  return text == nullptr ? "" : text;
}

void read_info(CURL* curl, Answer& answer) {
  ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  answer.content_type = text_info(curl, CURLINFO_CONTENT_TYPE);
  answer.redirects_to = text_info(curl, CURLINFO_REDIRECT_URL);
  curl_off_t seconds = 0;
  ::curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
  if (seconds > 0) answer.retry_after = std::chrono::seconds(seconds);
}

}  // namespace

void Client::CloseHandle::operator()(Handle* handle) const { ::curl_easy_cleanup(as_curl(handle)); }

Client::Client() { curl_is_ready(); }
Client::~Client() = default;

Client::HandlePtr Client::take() {
  HandlePtr handle = idle_.with([](std::vector<HandlePtr>& idle) {
    if (idle.empty()) return HandlePtr();
    HandlePtr last = std::move(idle.back());
    idle.pop_back();
    return last;
  });
  if (!handle && curl_is_ready()) handle.reset(static_cast<Handle*>(::curl_easy_init()));
  return handle;
}

void Client::give_back(HandlePtr handle) {
  // A handle too many is closed after the lock is gone: `handle` dies here.
  idle_.with([&handle](std::vector<HandlePtr>& idle) {
    if (idle.size() < kMostIdle) idle.push_back(std::move(handle));
  });
}

Result<Answer> Client::ask(const Request& request, Deadline deadline) {
  const auto timeout = static_cast<long>(deadline.remaining().count());
  // For libcurl 0 would mean "for ever".
  if (timeout <= 0) return temporary_error("timed out");
  HandlePtr handle = take();
  if (!handle) return temporary_error("libcurl cannot be initialised");
  const auto list = make_header_list(request.headers);
  if (!list) return list.error();

  CURL* const curl = as_curl(handle.get());
  Answer answer;
  Bounded bounded;
  bounded.largest = request.largest_answer;
  ::curl_easy_reset(curl);  // options only: connections stay
  CURLcode set = CURLE_OK;
  const auto option = [&](CURLoption which, auto value) {
    if (set == CURLE_OK) set = ::curl_easy_setopt(curl, which, value);
  };
  option(CURLOPT_URL, request.url.c_str());
  option(CURLOPT_PROTOCOLS_STR, "http,https");
  option(CURLOPT_PROXY, "");
  option(CURLOPT_FOLLOWLOCATION, 0L);
  option(CURLOPT_NOSIGNAL, 1L);
  option(CURLOPT_TIMEOUT_MS, timeout);
  option(CURLOPT_CONNECTTIMEOUT_MS, timeout);
  if (request.body) {
    option(CURLOPT_POST, 1L);
    option(CURLOPT_POSTFIELDS, request.body->data());  // borrowed, not copied
    option(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
  }
  if (!request.ca_file.empty()) option(CURLOPT_CAINFO, request.ca_file.c_str());
  if (request.cancelled != nullptr) {
    option(CURLOPT_NOPROGRESS, 0L);
    option(CURLOPT_XFERINFOFUNCTION, &stop_if_cancelled);
    option(CURLOPT_XFERINFODATA, request.cancelled);
  }
  option(CURLOPT_HTTPHEADER, list->get());
  option(CURLOPT_USERAGENT, "postern");
  option(CURLOPT_WRITEFUNCTION, &append_body);
  option(CURLOPT_WRITEDATA, &bounded);
  option(CURLOPT_HEADERFUNCTION, &take_header);
  option(CURLOPT_HEADERDATA, &answer);
  if (set != CURLE_OK) return temporary_error(::curl_easy_strerror(set));

  // On failure the handle is closed with its connections: what stands in them nobody knows.
  const CURLcode done = ::curl_easy_perform(curl);
  if (done == CURLE_WRITE_ERROR) return permanent_error("answer too long");
  if (done != CURLE_OK) return temporary_error(::curl_easy_strerror(done));
  read_info(curl, answer);
  // The options point into this call's stack.
  ::curl_easy_reset(curl);
  give_back(std::move(handle));
  answer.body = std::move(bounded.body);
  return answer;
}

}  // namespace postern::http
