#include "policy/return_address.h"

#include <utility>

#include "base/text.h"

namespace postern::policy {
namespace {

// Whoever forwards to a forwarder who forwards to us: no chain of our own addresses is longer.
constexpr int kDeepest = 3;

bool looks_like_srs(std::string_view local) {
  return starts_with_ignoring_case(local, "SRS0=") || starts_with_ignoring_case(local, "SRS1=");
}

bool is_served(const Snapshot& snapshot, const std::string& name) {
  const Domain* const domain = snapshot.domain_or_alias(name);
  return domain != nullptr && domain->status != DomainStatus::deleted;
}

ReturnAddress read_srs(const mail::Address& address, const ReturnOptions& options) {
  if (options.keys == nullptr || options.keys->empty()) return {ReturnVerdict::no_keys};
  std::string text = address.local() + "@" + address.domain();
  for (int depth = 0; depth < kDeepest; ++depth) {
    const TokenAddress read = read_srs_address(text, options.now, *options.keys);
    if (read.verdict == TokenVerdict::expired) return {ReturnVerdict::expired};
    if (read.verdict == TokenVerdict::forged) return {};
    auto sender = mail::Address::parse(read.sender);
    if (!sender) return {};
    // Another forwarder's address may hold one of ours.
    if (!is_return_domain(options, sender->domain())) {
      return {ReturnVerdict::valid, std::move(sender)};
    }
    text = sender->local() + "@" + sender->domain();
  }
  return {};
}

}  // namespace

bool is_return_domain(const ReturnOptions& options, std::string_view domain) {
  return !options.srs_domain.empty() && equals_ignoring_case(domain, options.srs_domain);
}

std::optional<ReturnAddress> read_return_address(const Snapshot& snapshot,
                                                 const mail::Address& address,
                                                 const ReturnOptions& options) {
  if (!is_return_domain(options, address.domain())) return std::nullopt;
  if (!looks_like_srs(address.local()) && is_served(snapshot, address.domain())) {
    return std::nullopt;
  }
  return read_srs(address, options);
}

}  // namespace postern::policy
