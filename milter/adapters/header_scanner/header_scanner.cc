#include "adapters/header_scanner/header_scanner.h"

#include <algorithm>

#include "adapters/scan/score.h"
#include "base/text.h"

namespace postern::scan {
namespace {

using mail::HeaderField;

constexpr std::size_t kLongestShown = 60;       // of a value, in an error
constexpr std::size_t kLongestVirusName = 128;  // it goes into logs and reasons

std::vector<std::string_view> values_of(const mail::Message& message, std::string_view name) {
  std::vector<std::string_view> values;
  if (name.empty()) return values;
  for (const HeaderField& field : message.headers()) {
    if (equals_ignoring_case(field.name, name)) values.push_back(trim(field.value));
  }
  return values;
}

std::optional<bool> parse_yes_no(std::string_view text) {
  for (const std::string_view yes : {"yes", "true", "1"}) {
    if (equals_ignoring_case(text, yes)) return true;
  }
  for (const std::string_view no : {"no", "false", "0"}) {
    if (equals_ignoring_case(text, no)) return false;
  }
  return std::nullopt;
}

Error unreadable(const std::string& header, std::string_view value, std::string_view expected) {
  return temporary_error(header + ": \"" + printable(value, kLongestShown) + "\" is not " +
                         std::string(expected));
}

}  // namespace

HeaderScanner::HeaderScanner(HeaderScannerConfig config) : config_(std::move(config)) {
  const std::string& field = !config_.score.empty()    ? config_.score
                             : !config_.advert.empty() ? config_.advert
                                                       : config_.virus;
  name_ = "header " + field;
}

Milliseconds HeaderScanner::timeout() const { return std::chrono::seconds(1); }

bool HeaderScanner::is_trusted(const std::optional<IpAddress>& client) const {
  return client && std::any_of(config_.trust.begin(), config_.trust.end(),
                               [&](const IpNetwork& network) { return network.contains(*client); });
}

Result<ports::ScanResult> HeaderScanner::scan(const ports::ScanInput& input,
                                              Deadline /*nothing is waited for*/) {
  ports::ScanResult result;
  if (!is_trusted(input.client)) {
    if (config_.required) return temporary_error(name_ + ": not sent by a trusted client");
    return result;
  }

  // A virus that was found is one, whatever is wrong with the score.
  for (const std::string_view value : values_of(input.message, config_.virus)) {
    if (value.empty()) continue;
    result.virus = printable(value, kLongestVirusName);
    return result;
  }

  std::optional<policy::MilliScore> highest;
  for (const std::string_view value : values_of(input.message, config_.score)) {
    const auto score = parse_score(value, config_.scale);
    if (!score) return unreadable(config_.score, value, "a score");
    highest = highest ? std::max(*highest, *score) : *score;
  }
  if (!highest && config_.required) {
    return temporary_error(config_.score + ": required, but not in the message");
  }
  result.score = highest.value_or(0);

  for (const std::string_view value : values_of(input.message, config_.advert)) {
    const auto is_advert = parse_yes_no(value);
    if (!is_advert) return unreadable(config_.advert, value, "yes or no");
    result.advert = result.advert || *is_advert;
  }
  return result;
}

}  // namespace postern::scan
