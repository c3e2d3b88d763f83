#include "policy/sender_globs.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "mail/domain_name.h"

namespace postern::policy {
namespace {

constexpr std::size_t kMaxEntry = 320;

// memmem() is linear where std::string_view::find() is not.
std::size_t position_of(std::string_view part, std::string_view text) {
  const void* found = memmem(text.data(), text.size(), part.data(), part.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

// "*@Bücher.example" and "joe@GOT.com" as the addresses they are compared with; without a fault_of().
std::string comparable(std::string_view entry) {
  if (entry.find('*') == std::string_view::npos) return mail::Address::parse(entry)->key();
  std::string lower = ascii_lower(entry);
  const std::size_t at = lower.rfind('@');
  if (at == std::string::npos || lower.find('*', at) != std::string::npos) return lower;
  const auto domain = mail::to_a_label(std::string_view(lower).substr(at + 1));
  return domain ? lower.substr(0, at + 1) + *domain : lower;
}

std::string fault_of(std::string_view entry) {
  const auto wildcards = static_cast<std::size_t>(std::count(entry.begin(), entry.end(), '*'));
  if (entry.size() > kMaxEntry) return "longer than " + std::to_string(kMaxEntry) + " octets";
  if (wildcards > kMaxWildcards) return "more than " + std::to_string(kMaxWildcards) + " wildcards";
  if (wildcards == 0 && !mail::Address::parse(entry)) {
    return "\"" + printable(entry, 60) + "\" is no address";
  }
  return "";
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  const std::size_t first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  const std::size_t last = pattern.rfind('*');
  const std::string_view head = pattern.substr(0, first);
  const std::string_view tail = pattern.substr(last + 1);
  if (text.size() < head.size() + tail.size()) return false;
  if (!text.starts_with(head) || !text.ends_with(tail)) return false;
  text = text.substr(head.size(), text.size() - head.size() - tail.size());
  if (first == last) return true;
  // What stands between wildcards is found leftmost, one after the other: nothing is tried twice.
  for (const std::string_view part : split(pattern.substr(first + 1, last - first - 1), '*')) {
    const std::size_t at = position_of(part, text);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + part.size());
  }
  return true;
}

SenderGlobs::SenderGlobs(const std::vector<std::string>& entries) {
  if (entries.size() > kMaxGlobs) {
    faults_.push_back(": " + std::to_string(entries.size()) + " entries, the first " +
                      std::to_string(kMaxGlobs) + " count");
  }
  for (std::size_t i = 0; i < std::min(entries.size(), kMaxGlobs); ++i) {
    const std::string_view written = trim(entries[i]);
    if (written.empty()) continue;
    if (const std::string fault = fault_of(written); !fault.empty()) {
      faults_.push_back("/" + std::to_string(i) + ": " + fault);
      continue;
    }
    const auto position = static_cast<std::uint32_t>(entries_.size());
    std::string entry = comparable(written);
    const std::string_view rest =
        std::string_view(entry).substr(entry.starts_with("*@") ? std::size_t{2} : 0);
    const bool any_local_part = rest.size() < entry.size();
    // An "@" left over: a quoted local part may hold one.
    const bool is_general = rest.find('*') != std::string_view::npos ||
                            (any_local_part && rest.find('@') != std::string_view::npos);
    if (is_general) {
      others_.push_back(position);
    } else if (any_local_part) {
      domains_.emplace(rest, position);
    } else {
      exact_.emplace(entry, position);
    }
    entries_.push_back(std::move(entry));
  }
}

const std::string* SenderGlobs::find(const mail::Address& address) const {
  if (entries_.empty()) return nullptr;
  const std::string key = address.key();
  if (const auto found = exact_.find(key); found != exact_.end()) return &entries_[found->second];
  if (const auto found = domains_.find(address.domain()); found != domains_.end()) {
    return &entries_[found->second];
  }
  const auto other = std::find_if(others_.begin(), others_.end(), [&](std::uint32_t position) {
    return glob_matches(entries_[position], key);
  });
  return other == others_.end() ? nullptr : &entries_[*other];
}

}  // namespace postern::policy
