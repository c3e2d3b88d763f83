#include "upkeep/term.h"

#include <algorithm>
#include <variant>

#include "base/result.h"
#include "decide/keeping.h"
#include "policy/resolve.h"

namespace postern::upkeep {
namespace {

Term as_stored(const ports::VaultRow& row) {
  return {true, decide::expiry_of(row.copy.purpose, row.copy.duration, row.received)};
}

Term by_policy(const policy::Policy& policy, const ports::VaultRow& row) {
  const bool is_sent =
      row.copy.mail_class == decide::MailClass::clean && row.copy.reason == decide::kSentReason;
  if (!decide::keeps(policy, row.copy.purpose, row.copy.mail_class, is_sent)) return as_stored(row);
  return {true, decide::expiry_of(row.copy.purpose, decide::duration_of(policy, row.copy.purpose),
                                  row.received)};
}

}  // namespace

Term term_of(const policy::Snapshot& snapshot, std::string_view delimiters,
             const ports::VaultRow& row) {
  const auto address = mail::Address::parse(row.copy.recipient);
  if (!address) return as_stored(row);
  // As one who sends: with a mailbox gone, the domain's rules count, not those of its catchall.
  const policy::Resolved resolved = policy::resolve_sender(snapshot, *address, delimiters);
  Term term = std::visit(Overloaded{[&](const policy::UnknownDomain&) { return as_stored(row); },
                                    [](const policy::Dangling&) {
                                      return Term{false, std::nullopt};
                                    },
                                    [&](const policy::RecipientPolicy& rules) {
                                      return rules.policy != nullptr ? by_policy(*rules.policy, row)
                                                                     : as_stored(row);
                                    }},
                         resolved);
  const policy::Domain* const domain = snapshot.domain(row.copy.domain);
  if (domain != nullptr && domain->status == policy::DomainStatus::deleted && domain->purge_date) {
    term.is_known = true;
    term.until = term.until ? std::min(*term.until, *domain->purge_date) : *domain->purge_date;
  }
  return term;
}

}  // namespace postern::upkeep
