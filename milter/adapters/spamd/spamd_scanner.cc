#include "adapters/spamd/spamd_scanner.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "adapters/scan/score.h"
#include "adapters/spamd/received.h"
#include "adapters/spamd/report.h"
#include "base/text.h"

namespace postern::spamd {
namespace {

constexpr std::size_t kLargestHeader = std::size_t{64} * 1024;
constexpr std::size_t kLargestReport = std::size_t{1024} * 1024;
constexpr std::size_t kLongestShown = 80;  // of an answer, in an error

// "SPAMD/1.1 0 EX_OK": whether it is spamd's line, and whether it says that all is well.
enum class StatusLine { ok, refused, nonsense };

StatusLine parse_status(std::string_view line) {
  if (!line.starts_with("SPAMD/")) return StatusLine::nonsense;
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return StatusLine::nonsense;
  std::string_view code = line.substr(blank + 1);
  code = code.substr(0, code.find(' '));
  if (code.empty() ||
      !std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return StatusLine::nonsense;
  }
  return code == "0" ? StatusLine::ok : StatusLine::refused;
}

// What a header of the answer says; nothing: it is no header.
struct Header {
  std::string_view name;
  std::string_view value;
};
std::optional<Header> parse_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return Header{trim(line.substr(0, colon)), trim(line.substr(colon + 1))};
}

std::optional<std::size_t> parse_length(std::string_view text) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

// "True ; 15.0 / 5.0" -> 15.0
std::optional<policy::MilliScore> parse_spam_header(std::string_view value, double scale) {
  const std::size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  return scan::parse_score(value.substr(semicolon + 1), scale);
}

}  // namespace

SpamdScanner::SpamdScanner(SpamdConfig config, const Clock& clock)
    : config_(std::move(config)), clock_(clock), name_("spamd " + config_.endpoint.to_string()) {
  // A line end would write a header of its own into every request.
  std::erase_if(config_.user, [](char c) { return c <= ' ' || c > '~'; });
}

Result<ports::ScanResult> SpamdScanner::scan(const ports::ScanInput& input, Deadline deadline) {
  const std::string received = received_field(input, clock_.wall());
  const std::string message = input.message.to_bytes();
  std::string request =
      "REPORT SPAMC/1.5\r\nContent-length: " + std::to_string(received.size() + message.size()) +
      "\r\n";
  if (!config_.user.empty()) request += "User: " + config_.user + "\r\n";
  request += "\r\n";
  request += received;
  request += message;

  auto result = ask(request, deadline.sooner_of(Deadline::after(config_.timeout)));
  if (!result) return temporary_error("spamd " + result.error().what);
  return result;
}

// Errors begin with the endpoint, as the stream's do.
Result<ports::ScanResult> SpamdScanner::ask(const std::string& request, Deadline deadline) const {
  const auto failed = [this](const std::string& why) {
    return temporary_error(config_.endpoint.to_string() + ": " + why);
  };
  auto stream = net::Stream::connect(config_.endpoint, deadline);
  if (!stream) return stream.error();
  if (const Status sent = stream->write_all(request, deadline); !sent) return sent.error();
  if (const Status ended = stream->shutdown_write(); !ended) return ended.error();

  std::size_t left = kLargestHeader;
  const auto next_line = [&]() -> Result<std::string> {
    auto line = stream->read_line(left, deadline);
    if (line) left -= std::min(left, line->size() + 1);
    return line;
  };

  const auto status = next_line();
  if (!status) return status.error();
  switch (parse_status(*status)) {
    case StatusLine::ok:
      break;
    case StatusLine::refused:
      return failed("answers " + printable(*status, kLongestShown));
    case StatusLine::nonsense:
      return failed("not spamd's answer: " + printable(*status, kLongestShown));
  }

  // Only a whole header counts: what follows a score that was cut off nobody knows.
  std::optional<policy::MilliScore> score;
  std::optional<std::size_t> length;
  for (;;) {
    const auto line = next_line();
    if (!line) return line.error();
    if (line->empty()) break;
    const auto header = parse_header(*line);
    if (!header) return failed("not a header: " + printable(*line, kLongestShown));
    if (equals_ignoring_case(header->name, "Content-length")) {
      length = parse_length(header->value);
      if (!length) return failed("no length in " + printable(*line, kLongestShown));
    }
    if (!equals_ignoring_case(header->name, "Spam")) continue;
    score = parse_spam_header(header->value, config_.scale);
    if (!score) return failed("no score in " + printable(*line, kLongestShown));
  }
  if (!score) return failed("no Spam header in the answer");

  const auto report = stream->read_all(kLargestReport, deadline);
  if (!report) return report.error();
  if (length && report->size() < *length) return failed("the report is cut off");
  ports::ScanResult result;
  result.score = *score;
  result.uri_hits = uri_hits_in(*report, config_.scale);
  return result;
}

}  // namespace postern::spamd
