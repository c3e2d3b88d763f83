#include "adapters/smtp/connectivity.h"

#include <curl/curl.h>

#include <memory>
#include <string_view>

#include "base/text.h"

namespace postern::smtp {
namespace {

constexpr std::uint16_t kWrapperPort = 465;
constexpr std::size_t kMostLines = 40;
constexpr std::size_t kLongestLine = 200;

struct FreeCurl {
  void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
};

bool curl_is_ready() {
  static const bool kReady = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return kReady;
}

// The conversation as it goes over the line: "> EHLO …", "< 250-…". Called from C.
int note_line(CURL*, curl_infotype kind, char* data, std::size_t size, void* context) noexcept {
  auto* const output = static_cast<std::vector<std::string>*>(context);
  const char* const arrow = kind == CURLINFO_HEADER_IN    ? "< "
                            : kind == CURLINFO_HEADER_OUT ? "> "
                                                          : nullptr;
  if (arrow == nullptr || output->size() >= kMostLines) return 0;
  try {
    output->push_back(arrow + printable(trim(std::string_view(data, size)), kLongestLine));
  } catch (...) {
    return 0;
  }
  return 0;
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) noexcept {
  return size * count;
}

std::string in_brackets(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

CURLcode converse(const policy::Hop& hop, bool wrapped, long tls, const std::string& helo_name,
                  Deadline deadline, std::vector<std::string>& output) {
  const auto timeout = static_cast<long>(deadline.remaining().count());
  if (timeout <= 0) return CURLE_OPERATION_TIMEDOUT;
  if (!curl_is_ready()) return CURLE_FAILED_INIT;
  const std::unique_ptr<CURL, FreeCurl> curl(::curl_easy_init());
  if (!curl) return CURLE_OUT_OF_MEMORY;
  const std::string url = std::string(wrapped ? "smtps://" : "smtp://") + in_brackets(hop.host) +
                          ":" + std::to_string(hop.port) + "/" + helo_name;
  CURLcode set = CURLE_OK;
  const auto option = [&](CURLoption which, auto value) {
    if (set == CURLE_OK) set = ::curl_easy_setopt(curl.get(), which, value);
  };
  option(CURLOPT_URL, url.c_str());
  option(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  option(CURLOPT_PROXY, "");
  option(CURLOPT_NOSIGNAL, 1L);
  option(CURLOPT_TIMEOUT_MS, timeout);
  option(CURLOPT_CONNECTTIMEOUT_MS, timeout);
  option(CURLOPT_USE_SSL, tls);
  option(CURLOPT_SSL_VERIFYPEER, 0L);
  option(CURLOPT_SSL_VERIFYHOST, 0L);
  option(CURLOPT_CUSTOMREQUEST, "NOOP");  // else it says HELP, which not every server knows
  option(CURLOPT_NOBODY, 1L);
  option(CURLOPT_WRITEFUNCTION, &drop);
  option(CURLOPT_VERBOSE, 1L);
  option(CURLOPT_DEBUGFUNCTION, &note_line);
  option(CURLOPT_DEBUGDATA, &output);
  return set == CURLE_OK ? ::curl_easy_perform(curl.get()) : set;
}

std::string demand_of(const policy::Hop& hop, bool wrapped) {
  if (wrapped) return "TLS from the first octet";
  switch (hop.type) {
    case policy::TransportType::smtp:
      return "no TLS";
    case policy::TransportType::smtps_may:
      return "TLS where it is offered";
    case policy::TransportType::smtps_encrypt:
      return "TLS demanded";
  }
  return "";
}

}  // namespace

HopHealth check_hop(const policy::Hop& hop, const std::string& helo_name, Deadline deadline) {
  HopHealth health;
  const bool wrapped = hop.port == kWrapperPort && hop.type != policy::TransportType::smtp;
  const bool demanded = hop.type == policy::TransportType::smtps_encrypt;
  long tls = CURLUSESSL_NONE;
  if (hop.type == policy::TransportType::smtps_may) tls = CURLUSESSL_TRY;
  if (demanded || wrapped) tls = CURLUSESSL_ALL;
  health.output.push_back("Connect to " + in_brackets(printable(hop.host, kLongestLine)) + ":" +
                          std::to_string(hop.port) + ", " + demand_of(hop, wrapped));
  CURLcode done = converse(hop, wrapped, tls, helo_name, deadline, health.output);
  // What Postfix's level may does: a TLS that fails is no reason not to deliver.
  if (done != CURLE_OK && tls == CURLUSESSL_TRY && done == CURLE_SSL_CONNECT_ERROR) {
    health.output.emplace_back("TLS is offered and fails; mail goes in the clear");
    done = converse(hop, wrapped, CURLUSESSL_NONE, helo_name, deadline, health.output);
  }
  health.reachable = done == CURLE_OK;
  health.output.push_back(health.reachable ? "Passed"
                                           : std::string("Fail: ") + ::curl_easy_strerror(done));
  return health;
}

}  // namespace postern::smtp
