// Purpose:   the rules of one domain about hosts that a message's URIs name.
// Ownership: immutable.
// Threading: any number of readers.
// Cost:      one hash look-up for each label of the host.
// Failure:   none: what is no host was refused while decoding.
// Source:    the Cleanmail admin API's model FilterUriBl; docs/semantics.md, "URI rules".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postern::policy {

enum class UriAction { skip, allow, block };
// "uridnsbl_skip_domain", "whitelist_uri_host", "blacklist_uri_host".
std::string_view to_string(UriAction action);

struct UriRule {
  std::string id;
  UriAction action = UriAction::skip;
  std::string host;        // an A-label or an IP address, without the "!"
  bool exclusion = false;  // "!host": what is at or below it is not in this list
  std::string description;

  std::string filter() const { return (exclusion ? "!" : "") + host; }
};

class UriRules {
 public:
  UriRules() : UriRules("", {}) {}
  // `source`: "uris:got.com"; for explanations.
  UriRules(std::string source, std::vector<UriRule> rules);

  const std::string& source() const { return source_; }
  const std::vector<UriRule>& rules() const { return rules_; }
  bool has(UriAction action) const;

  // The most specific entry of that list for the host: the host itself, then with its leading labels
  // off one by one; an IP address only itself. It may be an exclusion, which beats an entry of the same
  // host. Nullptr: none.
  const UriRule* find(UriAction action, std::string_view host) const;

 private:
  using List = std::unordered_map<std::string, std::uint32_t>;  // host -> position in rules_

  std::string source_;
  std::vector<UriRule> rules_;
  std::array<List, 3> lists_;  // by UriAction
};

// "[192.0.2.1]" -> "192.0.2.1", "GoT.com." -> "got.com"; empty: no host.
std::string uri_host(std::string_view text);

}  // namespace postern::policy
