#include "session/client_before.h"

#include <algorithm>

#include "base/text.h"

namespace postern::session {
namespace {

constexpr std::size_t kMostHops = 30;
constexpr std::size_t kLongestClause = 2000;
constexpr std::size_t kLongestHelo = 255;

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// "from a (b [1.2.3.4]) (c)" up to "by": the words outside comments, and each comment's text with the
// comments inside it left out.
struct FromClause {
  std::vector<std::string> words;
  std::vector<std::string> comments;
};

// At the opening parenthesis; afterwards behind the closing one. Nothing: it does not close.
std::optional<std::string> read_comment(std::string_view text, std::size_t& at) {
  std::string content;
  std::size_t depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '(') {
      ++depth;
    } else if (c == ')') {
      if (--depth == 0) {
        ++at;
        return content;
      }
    } else if (c == '\\') {
      ++at;  // whatever it hides is no address
    } else if (depth == 1) {
      content += c;
    }
  }
  return std::nullopt;
}

std::string read_word(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  while (at < text.size() && !is_white(text[at]) && text[at] != '(') ++at;
  return std::string(text.substr(start, at - start));
}

std::optional<FromClause> from_clause(std::string_view value) {
  const std::string_view text = value.substr(0, kLongestClause);
  FromClause clause;
  bool has_begun = false;
  for (std::size_t at = 0; at < text.size();) {
    if (is_white(text[at])) {
      ++at;
    } else if (text[at] == '(') {
      auto comment = read_comment(text, at);
      if (!comment) return std::nullopt;
      if (has_begun) clause.comments.push_back(std::move(*comment));
    } else {
      std::string word = read_word(text, at);
      if (word.find_first_of("\";\\)") != std::string::npos) return std::nullopt;
      // The word right behind "from" is what the client called itself, be it "by".
      const bool is_name = has_begun && clause.words.empty() && clause.comments.empty();
      if (!is_name && equals_ignoring_case(word, "by"))
        return has_begun ? std::make_optional(clause) : std::nullopt;
      if (!has_begun) {
        if (!equals_ignoring_case(word, "from")) return std::nullopt;
        has_begun = true;
      } else {
        clause.words.push_back(std::move(word));
      }
    }
  }
  return std::nullopt;  // no "by": cut off, or no trace of ours
}

// "[192.0.2.1]", "[IPv6:2001:db8::1]:4567"
std::optional<IpAddress> bracketed(std::string_view word) {
  if (!word.starts_with('[')) return std::nullopt;
  const std::size_t close = word.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view rest = word.substr(close + 1);
  const bool is_port =
      rest.starts_with(':') &&
      std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!rest.empty() && !is_port) return std::nullopt;
  return IpAddress::parse(word.substr(1, close - 1));
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    if (is_white(text[at])) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    while (at < text.size() && !is_white(text[at])) ++at;
    words.push_back(text.substr(start, at - start));
  }
  return words;
}

struct Findings {
  std::vector<IpAddress> addresses;
  std::optional<std::string> helo;
  bool is_doubtful = false;  // something that may be an address and is none
};

void note(Findings& findings, const IpAddress& address) {
  const auto& seen = findings.addresses;
  if (std::find(seen.begin(), seen.end(), address) == seen.end())
    findings.addresses.push_back(address);
}

// What the client said of itself is set aside: "(HELO x)" of qmail, "(helo=x)" of Exim. What remains
// in brackets is an address (Postfix, Sendmail, Exim); so is what stands alone, perhaps behind
// "user@" (Exchange, qmail).
void read_comment_into(Findings& findings, std::string_view comment) {
  auto words = words_of(comment);
  if (words.size() >= 2 &&
      (equals_ignoring_case(words[0], "HELO") || equals_ignoring_case(words[0], "EHLO"))) {
    findings.helo = std::string(words[1]);
    return;
  }
  std::erase_if(words, [&findings](std::string_view word) {
    if (starts_with_ignoring_case(word, "helo=")) {
      findings.helo = std::string(word.substr(5));
      return true;
    }
    return starts_with_ignoring_case(word, "ident=");
  });
  for (const std::string_view word : words) {
    const std::string_view last = word.substr(word.rfind('@') + 1);  // "user@[192.0.2.1]"
    if (const auto address = bracketed(last)) {
      note(findings, *address);
    } else if (last.find('[') != std::string_view::npos) {
      findings.is_doubtful = true;
    } else if (words.size() == 1) {
      if (const auto bare = IpAddress::parse(last)) note(findings, *bare);
    }
  }
}

bool is_in_any(const IpAddress& address, const std::vector<IpNetwork>& networks) {
  return std::any_of(networks.begin(), networks.end(),
                     [&address](const IpNetwork& network) { return network.contains(address); });
}

// Private, loopback, link-local, shared, multicast or reserved: says nothing to anybody outside.
bool is_public(const IpAddress& address) {
  static const std::vector<IpNetwork> kNotPublic = [] {
    std::vector<IpNetwork> networks;
    for (const char* text : {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
                             "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3",
                             "::/8", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"}) {
      networks.push_back(*IpNetwork::parse(text));
    }
    return networks;
  }();
  return !is_in_any(address, kNotPublic);
}

std::string usable_helo(std::string_view text) {
  const bool is_clean =
      text.size() <= kLongestHelo &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return is_clean ? std::string(text) : std::string();
}

CountingClient nobody(std::string why) {
  CountingClient client;
  client.why = std::move(why);
  return client;
}

}  // namespace

std::optional<ReceivedFrom> parse_received(std::string_view value) {
  const auto clause = from_clause(value);
  // One word: a second one is no form that any MTA writes.
  if (!clause || clause->words.size() > 1) return std::nullopt;
  const std::string name = clause->words.empty() ? std::string() : clause->words.front();

  Findings findings;
  for (const std::string& comment : clause->comments) read_comment_into(findings, comment);
  if (findings.is_doubtful || findings.addresses.size() > 1) return std::nullopt;
  if (!findings.addresses.empty()) {
    return ReceivedFrom{findings.addresses.front(), usable_helo(findings.helo.value_or(name))};
  }
  // Exim: "from [192.0.2.1] (helo=x)".
  const auto address = bracketed(name);
  if (!address) return std::nullopt;
  return ReceivedFrom{*address, usable_helo(findings.helo.value_or(""))};
}

CountingClient client_that_counts(const std::optional<IpAddress>& connecting,
                                  const std::string& connecting_helo,
                                  const std::vector<IpNetwork>& trusted,
                                  const std::vector<std::string_view>& received) {
  if (!connecting) return nobody("local submission");
  if (!is_in_any(*connecting, trusted)) return {connecting, connecting_helo, "", false};

  const std::size_t hops = std::min(received.size(), kMostHops);
  for (std::size_t hop = 0; hop < hops; ++hop) {
    auto from = parse_received(received[hop]);
    if (!from) {
      return nobody("Received field " + std::to_string(hop + 1) +
                    " names no client that can be told");
    }
    if (is_in_any(from->address, trusted)) continue;
    if (!is_public(from->address)) {
      return nobody("Received field " + std::to_string(hop + 1) + " names a private address, " +
                    from->address.to_string());
    }
    return {from->address, std::move(from->helo), "", true};
  }
  return nobody("no client before our own relays");
}

}  // namespace postern::session
