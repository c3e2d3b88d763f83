// Purpose:   RCPT: may this address receive through us, and under which rules.
// Ownership: an Admitted borrows from the snapshot.
// Threading: pure functions.
// Failure:   a fault in the documents (a dangling id) is 451, never 5xx.
//            Observation (Domain.enforcement) lets through what a rule of the mailbox refuses;
//            who is served at all is not a matter of observation.
// Source:    docs/semantics.md, "RCPT"; Domain.status, User.status, Policy.incoming,
//            Policy.mailSizeLimit.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "decide/explanation.h"
#include "mail/envelope.h"
#include "mail/reply.h"
#include "policy/resolve.h"
#include "policy/snapshot.h"

namespace postern::decide {

struct Served {
  policy::RecipientPolicy rules;
  // What would have been said here, were the domain not under observation.
  std::optional<mail::Reply> would_refuse;
};
using RecipientVerdict = std::variant<Served, mail::Reply>;

// With `why`, what was considered is noted there.
RecipientVerdict judge_recipient(const policy::Snapshot& snapshot, const mail::Recipient& recipient,
                                 std::optional<std::uint64_t> declared_size,
                                 std::string_view recipient_delimiters, Explanation* why);

// Whether `size` is over the policy's mailSizeLimit, and the reply that says so.
std::optional<mail::Reply> refuse_size(const policy::Policy& policy, std::uint64_t size);

}  // namespace postern::decide
