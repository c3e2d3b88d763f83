#include "policy/return_address.h"

#include <utility>

#include "base/text.h"

namespace postern::policy {
namespace {

// Whoever forwards to a forwarder who forwards to us: no chain of our own addresses is longer.
constexpr int kDeepest = 3;

bool is_bounce_address(std::string_view local) { return starts_with_ignoring_case(local, "b+"); }

bool is_srs_address(std::string_view local) {
  return starts_with_ignoring_case(local, "SRS0=") || starts_with_ignoring_case(local, "SRS1=");
}

bool looks_like_ours(std::string_view local) {
  return is_bounce_address(local) || is_srs_address(local);
}

bool is_served(const Snapshot& snapshot, const std::string& name) {
  const Domain* const domain = snapshot.domain_or_alias(name);
  return domain != nullptr && domain->status != DomainStatus::deleted;
}

TokenAddress read_once(const mail::Address& address, const ReturnOptions& options) {
  const std::string text = address.local() + "@" + address.domain();
  return is_bounce_address(address.local()) ? read_bounce_address(text, options.now, *options.keys)
                                            : read_srs_address(text, options.now, *options.keys);
}

ReturnAddress read(const Snapshot& snapshot, mail::Address address, const ReturnOptions& options) {
  if (options.keys == nullptr || options.keys->empty()) return {ReturnVerdict::no_keys};
  for (int depth = 0; depth < kDeepest; ++depth) {
    const TokenAddress told = read_once(address, options);
    if (told.verdict == TokenVerdict::expired) return {ReturnVerdict::expired};
    if (told.verdict == TokenVerdict::forged) return {};
    auto sender = mail::Address::parse(told.sender);
    if (!sender) return {};
    // What has been rewritten twice holds one of ours: another forwarder's, or a customer's MAIL FROM.
    if (!is_return_domain(snapshot, options, sender->domain()) ||
        !looks_like_ours(sender->local())) {
      return {ReturnVerdict::valid, std::move(sender)};
    }
    address = std::move(*sender);
  }
  return {};
}

}  // namespace

bool is_return_domain(const Snapshot& snapshot, const ReturnOptions& options,
                      const std::string& domain) {
  return (!options.srs_domain.empty() && equals_ignoring_case(domain, options.srs_domain)) ||
         snapshot.is_mail_from_domain(domain);
}

std::optional<ReturnAddress> read_return_address(const Snapshot& snapshot,
                                                 const mail::Address& address,
                                                 const ReturnOptions& options) {
  if (!is_return_domain(snapshot, options, address.domain())) return std::nullopt;
  // Where people live too, ours are only those that we would make there.
  const bool is_ours = snapshot.is_mail_from_domain(address.domain())
                           ? looks_like_ours(address.local())
                           : is_srs_address(address.local());
  if (!is_ours && is_served(snapshot, address.domain())) return std::nullopt;
  return read(snapshot, address, options);
}

}  // namespace postern::policy
