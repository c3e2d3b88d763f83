#include "adapters/opendkim/signature.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "adapters/opendkim/tag_list.h"
#include "base/text.h"
#include "mail/domain_name.h"

namespace postern::opendkim {
namespace {

using decide::DkimResult;
using decide::DkimSignature;

constexpr std::size_t kLongestField = 32'768;
constexpr std::size_t kMostNames = 500;        // our own signer's limit
constexpr std::size_t kLongestNames = 4'000;   // the library cuts at 4,095
constexpr std::size_t kLongestIdentity = 254;  // the library's buffer
constexpr std::size_t kLongestName = 253;
constexpr std::chrono::seconds kClockDrift{300};

struct Refusal {
  DkimResult result;
  const char* problem;
};
using Step = std::optional<Refusal>;

Refusal unreadable(const char* problem) { return {DkimResult::neutral, problem}; }

bool is_selector(std::string_view text) {
  const auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 &&
           std::all_of(label.begin(), label.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_';
           });
  });
}

std::optional<std::uint64_t> number(const std::string& text) {
  constexpr std::size_t kMostDigits = 15;  // fits everywhere, also as seconds in a time_point
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.size() > kMostDigits || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

Step read_signer(const TagList& tags, Signature& signature) {
  const std::string selector = tags.word("s");
  if (!is_selector(selector)) return unreadable("s= is no selector");
  signature.shown.selector = selector;
  const std::string domain = tags.word("d");
  const auto label = mail::to_a_label(domain);
  if (!label || label->starts_with('[')) return unreadable("d= is no domain");
  signature.shown.domain = *label;
  signature.key_name = selector + "._domainkey." + *label;
  if (signature.key_name.size() > kLongestName) return unreadable("s= and d= are too long");

  const std::string* const identity = tags.find("i");
  if (identity == nullptr) return std::nullopt;
  if (identity->size() > kLongestIdentity) return unreadable("i= is too long");
  const std::size_t at = identity->rfind('@');
  const std::string tail =
      at == std::string::npos ? "" : "." + ascii_lower(trim(identity->substr(at + 1)));
  if (!tail.ends_with("." + ascii_lower(domain))) return unreadable("i= is not in d=");
  return std::nullopt;
}

Step read_algorithm(const TagList& tags, Signature& signature) {
  const std::string name = ascii_lower(tags.word("a"));
  signature.shown.algorithm = printable(name, 30);
  if (name == "rsa-sha256") {
    signature.algorithm = Algorithm::rsa_sha256;
  } else if (name == "ed25519-sha256") {
    signature.algorithm = Algorithm::ed25519_sha256;
  } else if (name == "rsa-sha1") {
    return Refusal{DkimResult::policy, "SHA-1 is not accepted"};
  } else {
    return unreadable("unknown algorithm");
  }
  return std::nullopt;
}

Step read_names(const TagList& tags, Signature& signature) {
  const std::string list = ascii_lower(tags.word("h"));
  if (list.size() > kLongestNames) return Refusal{DkimResult::policy, "h= is too long"};
  for (const std::string_view name : split(list, ':')) {
    if (name.empty()) return unreadable("h= names an empty field");
    signature.names.emplace_back(name);
  }
  if (signature.names.size() > kMostNames)
    return Refusal{DkimResult::policy, "h= names too many fields"};
  if (std::find(signature.names.begin(), signature.names.end(), "from") == signature.names.end()) {
    return Refusal{DkimResult::permerror, "From is not signed"};
  }
  return std::nullopt;
}

Step read_forms(const TagList& tags, Signature& signature) {
  const std::string form = tags.find("c") == nullptr ? "simple" : ascii_lower(tags.word("c"));
  static const std::set<std::string, std::less<>> kForms = {
      "simple", "relaxed", "simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"};
  if (!kForms.contains(form)) return unreadable("unknown canonical form");
  signature.relaxed_body = form.ends_with("/relaxed");

  if (tags.find("l") != nullptr) {
    signature.body_length = number(tags.word("l"));
    if (!signature.body_length) return unreadable("l= is no length");
  }
  if (tags.find("q") != nullptr) {
    const std::string query = ascii_lower(tags.word("q"));
    const auto methods = split(query, ':');
    if (std::find(methods.begin(), methods.end(), "dns/txt") == methods.end()) {
      return unreadable("the key is not in the DNS");
    }
  }
  if (tags.word("b").empty() || tags.word("bh").empty()) return unreadable("b= or bh= is missing");
  return std::nullopt;
}

Step read_times(const TagList& tags, WallTime now) {
  const bool has_time = tags.find("t") != nullptr;
  const bool has_end = tags.find("x") != nullptr;
  const auto time = number(tags.word("t"));
  const auto end = number(tags.word("x"));
  if ((has_time && !time) || (has_end && !end)) return unreadable("t= or x= is no time");
  if (time && end && *end <= *time) return unreadable("x= is before t=");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const auto at = [](std::uint64_t value) {
    return std::chrono::seconds(static_cast<std::int64_t>(value));
  };
  if (time && at(*time) > seconds + kClockDrift) {
    return Refusal{DkimResult::policy, "the signature is from the future"};
  }
  if (end && at(*end) + kClockDrift < seconds) {
    return Refusal{DkimResult::policy, "the signature has expired"};
  }
  return std::nullopt;
}

// The library finds the value to leave out of the hash by the character right before "=".
bool has_blank_after_b(std::string_view value) {
  for (const std::string_view part : split(value, ';')) {
    const std::string_view name = part.substr(0, part.find('='));
    if (trim(name) == "b") return name.back() != 'b';
  }
  return false;
}

Step read_all(std::string_view value, WallTime now, Signature& signature) {
  if (value.size() > kLongestField) return unreadable("the signature is too long");
  const auto tags = TagList::parse(value);
  if (!tags) return unreadable("the signature is no tag list");
  if (Step refused = read_signer(*tags, signature)) return refused;
  if (Step refused = read_algorithm(*tags, signature)) return refused;
  if (tags->word("v") != "1") return unreadable("unknown version");
  if (Step refused = read_names(*tags, signature)) return refused;
  if (Step refused = read_forms(*tags, signature)) return refused;
  if (has_blank_after_b(value)) return unreadable("white space before the = of b=");
  return read_times(*tags, now);
}

}  // namespace

std::variant<Signature, DkimSignature> read_signature(std::string_view value, WallTime now) {
  Signature signature;
  if (const Step refused = read_all(value, now, signature)) {
    signature.shown.result = refused->result;
    signature.shown.problem = refused->problem;
    return signature.shown;
  }
  return signature;
}

}  // namespace postern::opendkim
