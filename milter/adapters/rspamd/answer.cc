#include "adapters/rspamd/answer.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "adapters/scan/score.h"
#include "base/text.h"

namespace postern::rspamd {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestShown = 80;
constexpr std::size_t kMostHits = 200;
constexpr std::size_t kMostHosts = 200;  // of one hit
constexpr std::size_t kLongestName = 255;

// "host:url", "host:url:127.0.0.2"
bool is_of_a_link(std::string_view option) {
  const std::size_t colon = option.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  const std::string_view kind = option.substr(colon + 1);
  return kind.substr(0, kind.find(':')) == "url";
}

// Nothing: not of a link, or not to be understood; its points then count for everybody.
std::optional<decide::UriHit> parse_symbol(const std::string& name, const json& symbol,
                                           double scale) {
  if (!symbol.is_object()) return std::nullopt;
  const auto score = symbol.find("score");
  const auto options = symbol.find("options");
  if (score == symbol.end() || !score->is_number()) return std::nullopt;
  if (options == symbol.end() || !options->is_array() || options->size() > kMostHosts) {
    return std::nullopt;
  }
  const auto points = scan::to_milli_score(score->get<double>(), scale);
  if (!points || *points == 0) return std::nullopt;
  decide::UriHit hit{printable(name, kLongestName), *points, {}};
  bool of_a_link = false;
  for (const json& option : *options) {
    const auto* text = option.get_ptr<const json::string_t*>();
    if (text == nullptr) return std::nullopt;
    of_a_link = of_a_link || is_of_a_link(*text);
    const std::string_view host = std::string_view(*text).substr(0, text->find(':'));
    hit.hosts.push_back(ascii_lower(printable(host, kLongestName)));
  }
  if (!of_a_link) return std::nullopt;
  return hit;
}

std::vector<decide::UriHit> parse_uri_hits(const json& answer, double scale) {
  std::vector<decide::UriHit> hits;
  const auto symbols = answer.find("symbols");
  if (symbols == answer.end() || !symbols->is_object()) return hits;
  for (const auto& [name, symbol] : symbols->items()) {
    if (hits.size() == kMostHits) break;
    if (auto hit = parse_symbol(name, symbol, scale)) hits.push_back(std::move(*hit));
  }
  return hits;
}

}  // namespace

Result<Answer> parse_answer(std::string_view text, double scale) {
  const json answer = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return temporary_error("not a JSON object");

  if (const auto error = answer.find("error"); error != answer.end()) {
    const auto* why = error->get_ptr<const json::string_t*>();
    return temporary_error("says " + (why ? printable(*why, kLongestShown) : "error"));
  }
  const auto action = answer.find("action");
  if (action == answer.end() || !action->is_string()) {
    return temporary_error("no action in the answer");
  }
  // A filter of rspamd's that decides before the scan marks the message as skipped too, but gives
  // an action and its score. Without one nobody has looked at the message: no clean verdict.
  if (const auto skipped = answer.find("is_skipped"); skipped != answer.end()) {
    if (!skipped->is_boolean()) return temporary_error("is_skipped is neither true nor false");
    if (skipped->get<bool>() && *action == "no action") {
      return temporary_error("skipped the message");
    }
  }
  const auto score = answer.find("score");
  if (score == answer.end() || !score->is_number()) {
    return temporary_error("no score in the answer");
  }
  const auto milli = scan::to_milli_score(score->get<double>(), scale);
  if (!milli) return temporary_error("no plausible score in the answer");
  return Answer{*milli, parse_uri_hits(answer, scale)};
}

}  // namespace postern::rspamd
