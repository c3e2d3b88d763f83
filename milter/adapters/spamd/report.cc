#include "adapters/spamd/report.h"

#include <algorithm>
#include <optional>
#include <string>

#include "adapters/scan/score.h"
#include "base/text.h"

namespace postern::spamd {
namespace {

constexpr std::size_t kMostHits = 200;
constexpr std::size_t kMostHosts = 200;  // of one hit
constexpr std::size_t kLongestHost = 255;
constexpr std::size_t kLongestSymbol = 100;
constexpr std::size_t kDescriptionColumn = 20;  // from here on no line begins a rule

bool is_symbol(std::string_view word) {
  return !word.empty() && word.size() <= kLongestSymbol &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                  (c >= 'a' && c <= 'z');
         });
}

// " ---- ---------------------- -----": what comes after it is the table. The text of the message
// comes before it, so the last one counts.
bool is_rule_line(std::string_view line) {
  line = trim(line);
  return line.starts_with("---- ------") && line.find_first_not_of("- ") == std::string_view::npos;
}

std::size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(indentation(text));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

// " 1.5 URIBL_BLACK            Contains an URL ..."
std::optional<decide::UriHit> parse_rule(std::string_view line, double scale) {
  if (indentation(line) >= kDescriptionColumn) return std::nullopt;
  const auto points = scan::parse_score(take_word(line), scale);
  const std::string_view symbol = take_word(line);
  if (!points || !is_symbol(symbol)) return std::nullopt;
  return decide::UriHit{std::string(symbol), *points, {}};
}

void add_host(std::string_view text, decide::UriHit& hit) {
  // "host/listed.domain": the host as the link has it, and the part that is listed.
  std::string host = ascii_lower(printable(text.substr(0, text.find('/')), kLongestHost));
  if (host.empty() || hit.hosts.size() == kMostHosts) return;
  if (std::find(hit.hosts.begin(), hit.hosts.end(), host) == hit.hosts.end()) {
    hit.hosts.push_back(std::move(host));
  }
}

// "[URI: host]", or what a list of hosts goes on with on the next line. Only a rule whose first word
// is of URIs is one of ours: others quote the message.
void parse_detail(std::string_view line, decide::UriHit& hit, bool& is_first) {
  line = trim(line);
  if (!line.starts_with('[') || !line.ends_with(']')) return;
  line = line.substr(1, line.size() - 2);
  const bool names_uris = line.starts_with("URI: ") || line.starts_with("URIs: ");
  if (is_first && !names_uris) hit.symbol.clear();
  is_first = false;
  if (hit.symbol.empty()) return;
  if (names_uris) line.remove_prefix(line.find(' ') + 1);
  std::string words(line);
  std::replace(words.begin(), words.end(), ',', ' ');
  std::string_view rest = words;
  for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) add_host(word, hit);
}

std::vector<std::string_view> table_of(std::string_view report) {
  std::vector<std::string_view> lines = split(report, '\n');
  const auto rule = std::find_if(lines.rbegin(), lines.rend(), is_rule_line);
  if (rule == lines.rend()) return {};
  lines.erase(lines.begin(), rule.base());
  return lines;
}

}  // namespace

std::vector<decide::UriHit> uri_hits_in(std::string_view report, double scale) {
  std::vector<decide::UriHit> hits;
  decide::UriHit current;
  bool is_first = true;
  const auto finish = [&] {
    if (!current.symbol.empty() && !current.hosts.empty() && hits.size() < kMostHits) {
      hits.push_back(std::move(current));
    }
    current = {};
    is_first = true;
  };
  for (std::string_view line : table_of(report)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (auto rule = parse_rule(line, scale)) {
      finish();
      current = std::move(*rule);
    } else if (trim(line).empty()) {
      break;  // the table's end
    } else if (!current.symbol.empty()) {
      parse_detail(line, current, is_first);
    }
  }
  finish();
  return hits;
}

}  // namespace postern::spamd
