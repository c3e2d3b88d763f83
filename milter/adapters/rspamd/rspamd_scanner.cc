#include "adapters/rspamd/rspamd_scanner.h"

#include <string_view>
#include <utility>

#include "adapters/rspamd/answer.h"

namespace postern::rspamd {
namespace {

constexpr std::size_t kLargestAnswer = std::size_t{1024} * 1024;
constexpr std::size_t kLongestValue = 1000;
constexpr std::size_t kMostRecipientBytes = std::size_t{32} * 1024;

// UTF-8 passes (SMTPUTF8 addresses); control characters would end the header or hide in a log.
std::string safe_value(std::string_view value) {
  std::string safe(value.substr(0, kLongestValue));
  std::erase_if(safe, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return safe;
}

std::string header(std::string_view name, std::string_view value) {
  return std::string(name) + ": " + safe_value(value);
}

std::string sender_of(const mail::Sender& sender) {
  if (sender.address) return sender.address->to_string();
  return sender.is_null ? "<>" : sender.given;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// A user name and password in the URL are for the server, not for logs and metrics.
std::string without_userinfo(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = url.substr(0, url.find('/', host)).rfind('@');
  if (at == std::string::npos || at < host) return url;
  return url.substr(0, host) + url.substr(at + 1);
}

}  // namespace

std::vector<std::string> request_headers(const ports::ScanInput& input) {
  std::vector<std::string> headers;
  headers.push_back(header("From", sender_of(input.sender)));
  std::size_t recipient_bytes = 0;
  for (const mail::Recipient& recipient : input.recipients) {
    std::string line = header("Rcpt", recipient.address.to_string());
    recipient_bytes += line.size();
    if (recipient_bytes > kMostRecipientBytes) break;
    headers.push_back(std::move(line));
  }
  if (input.client) headers.push_back(header("IP", input.client->to_string()));
  // A header without a value would mean to libcurl that it is to be left out.
  const auto add = [&headers](std::string_view name, std::string_view value) {
    if (!safe_value(value).empty()) headers.push_back(header(name, value));
  };
  add("Helo", input.helo);
  add("Hostname", input.client_name);
  add("User", input.sasl_user);
  add("Queue-Id", input.queue_id);
  return headers;
}

RspamdScanner::RspamdScanner(RspamdConfig config)
    : config_(std::move(config)),
      name_("rspamd " + without_userinfo(config_.url)),
      http_(without_slash(config_.url) + "/checkv2") {}

Result<ports::ScanResult> RspamdScanner::scan(const ports::ScanInput& input, Deadline deadline) {
  const auto answer = http_.post(input.message.to_bytes(), request_headers(input), kLargestAnswer,
                                 deadline.sooner_of(Deadline::after(config_.timeout)));
  if (!answer) return temporary_error(name_ + ": " + answer.error().what);
  auto verdict = parse_answer(*answer, config_.scale);
  if (!verdict) return temporary_error(name_ + ": " + verdict.error().what);
  ports::ScanResult result;
  result.score = verdict->score;
  result.uri_hits = std::move(verdict->uri_hits);
  return result;
}

}  // namespace postern::rspamd
