#include "adapters/rspamd/answer.h"

#include <nlohmann/json.hpp>
#include <string>

#include "adapters/scan/score.h"
#include "base/text.h"

namespace postern::rspamd {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestShown = 80;

}  // namespace

Result<policy::MilliScore> parse_answer(std::string_view text, double scale) {
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
  return *milli;
}

}  // namespace postern::rspamd
