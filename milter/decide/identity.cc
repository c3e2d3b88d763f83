#include "decide/identity.h"

#include <string>
#include <vector>

#include "base/text.h"

namespace postern::decide {
namespace {

using policy::Identity;
using policy::IdentityStatus;

constexpr std::size_t kLongestAddress = 200;

mail::Reply not_verified() { return {550, "5.7.1", "sender identity not verified"}; }

std::string_view to_string(IdentityStatus status) {
  switch (status) {
    case IdentityStatus::success:
      return "verified";
    case IdentityStatus::pending:
      return "pending";
    case IdentityStatus::not_started:
      return "not started";
    case IdentityStatus::failed:
      return "failed";
    case IdentityStatus::temporary_failure:
      return "failing for the moment";
  }
  return {};
}

// The nearest first.
std::vector<const Identity*> identities_of(const policy::Snapshot& snapshot,
                                           const mail::Address& address, bool with_parents) {
  std::vector<const Identity*> found;
  const auto look_up = [&](const std::string& name) {
    if (const Identity* const identity = snapshot.identity(name)) found.push_back(identity);
  };
  look_up(address.key());
  std::string domain = address.domain();
  look_up(domain);
  while (with_parents && domain.find('.') != std::string::npos) {
    domain.erase(0, domain.find('.') + 1);
    look_up(domain);
  }
  return found;
}

}  // namespace

std::optional<mail::Reply> refuse_identity(const policy::Snapshot& snapshot,
                                           const policy::Domain& customer,
                                           const mail::Address& address,
                                           const IdentityOptions& options, Explanation* why) {
  if (!snapshot.has_identities(customer)) return std::nullopt;
  const std::string shown = printable(address.to_string(), kLongestAddress);
  const auto note = [&](const std::string& source, const std::string& finding, Effect effect) {
    if (why != nullptr) why->add("verified identity", source, shown + ": " + finding, effect);
  };
  // Whoever else had it verified: that was not for this customer.
  if (snapshot.domain_or_alias(address.domain()) != &customer) {
    note("domain:" + customer.name, "of no domain of this sender's", Effect::applied);
    return not_verified();
  }
  const auto found = identities_of(snapshot, address, options.covers_subdomains);
  bool is_temporary = false;
  for (const Identity* const identity : found) {
    const bool counts = identity->status == IdentityStatus::success;
    is_temporary |= identity->status == IdentityStatus::temporary_failure;
    note("identity:" + identity->name, std::string(to_string(identity->status)),
         counts ? Effect::applied : Effect::no_match);
    // An address that is not verified is no veto against its domain.
    if (counts) return std::nullopt;
  }
  note("domain:" + customer.name,
       found.empty() ? "no identity names it" : "no identity is verified", Effect::applied);
  if (is_temporary) return mail::Reply{451, "4.7.1", "sender identity cannot be verified now"};
  return not_verified();
}

std::optional<mail::Reply> refuse_authors(const policy::Snapshot& snapshot,
                                          const policy::Domain& customer,
                                          const mail::HeaderFrom& from,
                                          const IdentityOptions& options, Explanation* why) {
  if (!snapshot.has_identities(customer)) return std::nullopt;
  if (from.addresses.empty() || from.addresses.size() != from.mailboxes) return not_verified();
  std::optional<mail::Reply> temporary;
  for (const mail::Address& author : from.addresses) {
    auto refusal = refuse_identity(snapshot, customer, author, options, why);
    if (!refusal) continue;
    if (!refusal->is_temporary()) return refusal;
    temporary = std::move(refusal);
  }
  return temporary;
}

}  // namespace postern::decide
