#include "adapters/rspamd/http_client.h"

#include <curl/curl.h>

namespace postern::rspamd {
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

struct Answer {
  std::string body;
  std::size_t largest = 0;
};

// Called by libcurl from C: nothing may be thrown. Anything but `size` stops the transfer.
std::size_t append_answer(char* data, std::size_t size, std::size_t count, void* context) noexcept {
  auto* answer = static_cast<Answer*>(context);
  const std::size_t bytes = size * count;
  if (bytes > answer->largest - answer->body.size()) return bytes == 0 ? 1 : 0;
  try {
    answer->body.append(data, bytes);
  } catch (...) {
    return bytes == 0 ? 1 : 0;
  }
  return bytes;
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
  bool complete = append(list, "Expect:") && append(list, "Content-Type: message/rfc822");
  for (const std::string& header : headers) complete = complete && append(list, header.c_str());
  if (!complete) return temporary_error("libcurl: out of memory");
  return list;
}

}  // namespace

void HttpClient::CloseHandle::operator()(Handle* handle) const {
  ::curl_easy_cleanup(as_curl(handle));
}

HttpClient::HttpClient(std::string url) : url_(std::move(url)) { curl_is_ready(); }

HttpClient::~HttpClient() = default;

HttpClient::HandlePtr HttpClient::take() {
  HandlePtr handle = idle_.with([](std::vector<HandlePtr>& idle) {
    if (idle.empty()) return HandlePtr();
    HandlePtr last = std::move(idle.back());
    idle.pop_back();
    return last;
  });
  if (!handle && curl_is_ready()) handle.reset(static_cast<Handle*>(::curl_easy_init()));
  return handle;
}

void HttpClient::give_back(HandlePtr handle) {
  // A handle too many is closed after the lock is gone: `handle` dies here.
  idle_.with([&handle](std::vector<HandlePtr>& idle) {
    if (idle.size() < kMostIdle) idle.push_back(std::move(handle));
  });
}

Result<std::string> HttpClient::post(std::string_view body, const std::vector<std::string>& headers,
                                     std::size_t largest_answer, Deadline deadline) {
  const auto timeout = static_cast<long>(deadline.remaining().count());
  // For libcurl 0 would mean "for ever".
  if (timeout <= 0) return temporary_error("timed out");
  HandlePtr handle = take();
  if (!handle) return temporary_error("libcurl cannot be initialised");
  const auto list = make_header_list(headers);
  if (!list) return list.error();

  CURL* const curl = as_curl(handle.get());
  Answer answer;
  answer.largest = largest_answer;
  ::curl_easy_reset(curl);  // options only: connections stay
  CURLcode set = CURLE_OK;
  const auto option = [&](CURLoption which, auto value) {
    if (set == CURLE_OK) set = ::curl_easy_setopt(curl, which, value);
  };
  option(CURLOPT_URL, url_.c_str());
  option(CURLOPT_PROTOCOLS_STR, "http,https");
  option(CURLOPT_PROXY, "");
  option(CURLOPT_FOLLOWLOCATION, 0L);
  option(CURLOPT_NOSIGNAL, 1L);
  option(CURLOPT_TIMEOUT_MS, timeout);
  option(CURLOPT_CONNECTTIMEOUT_MS, timeout);
  option(CURLOPT_POST, 1L);
  option(CURLOPT_POSTFIELDS, body.data());  // borrowed, not copied
  option(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  option(CURLOPT_HTTPHEADER, list->get());
  option(CURLOPT_USERAGENT, "postern");
  option(CURLOPT_WRITEFUNCTION, &append_answer);
  option(CURLOPT_WRITEDATA, &answer);
  if (set != CURLE_OK) return temporary_error(::curl_easy_strerror(set));

  // On failure the handle is closed with its connections: what stands in them nobody knows.
  const CURLcode done = ::curl_easy_perform(curl);
  if (done == CURLE_WRITE_ERROR) return temporary_error("answer too long");
  if (done != CURLE_OK) return temporary_error(::curl_easy_strerror(done));
  long status = 0;
  ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  // The options point into this call's stack.
  ::curl_easy_reset(curl);
  give_back(std::move(handle));
  if (status != 200) return temporary_error("answers HTTP " + std::to_string(status));
  return std::move(answer.body);
}

}  // namespace postern::rspamd
