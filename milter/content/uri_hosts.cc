#include <unordered_set>

#include "content/charset.h"
#include "content/file_name.h"
#include "content/html_links.h"
#include "content/inspect.h"
#include "content/parse.h"
#include "content/url_host.h"

namespace postern::content {
namespace {

constexpr std::size_t kCandidates = 20;  // in a part, for each host that is wanted
constexpr unsigned kOffersInATime = 1'024;

bool is_html(const Part& part) {
  if (part.fields.type == "text/html" || part.fields.type == "application/xhtml+xml" ||
      part.fields.type == "image/svg+xml") {
    return true;
  }
  for (const std::string& name : part.fields.names) {
    const std::string ending = extension(name);
    if (ending == "html" || ending == "htm" || ending == "xhtml" || ending == "svg") return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> find_uri_hosts(const ParsedMessage& message, const Limits& limits) {
  std::vector<std::string> hosts;
  std::unordered_set<std::string> known;
  std::size_t candidates = 0;
  unsigned offers = 0;
  bool done = false;
  const HostSink sink = [&](std::optional<std::string> host) {
    done = done || (++offers % kOffersInATime == 0 && limits.out_of_time());
    // The same name over and over hides none behind it.
    if (host && known.find(*host) != known.end()) return !done;
    if (host) {
      known.insert(*host);
      hosts.push_back(std::move(*host));
    }
    done = done || hosts.size() >= limits.uri_hosts;
    return !done && ++candidates < kCandidates * limits.uri_hosts;
  };
  for (const Part& part : message.parse().parts) {
    const bool html = is_html(part);
    if (part.is_message || !(html || part.is_text())) continue;
    if (done || limits.out_of_time()) break;
    candidates = 0;
    const std::string_view raw = part.content().substr(0, limits.uri_text);
    const auto converted = converted_to_utf8(raw, part.fields.charset);
    const std::string_view text = converted ? std::string_view(*converted) : raw;
    if (html) {
      scan_html(text, sink);
    } else {
      scan_text(text, false, sink);
    }
  }
  return hosts;
}

}  // namespace postern::content
