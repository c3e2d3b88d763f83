// Purpose:   what one recipient's rules do with every kind of mail: the deciding functions themselves,
//            asked across all classes and along the scores and sizes at which a policy can change its mind.
// Ownership: borrows the rules for the call.
// Threading: pure functions.
// Source:    docs/control.md, "policy diff"; decide/decide.h.
#pragma once

#include <string>
#include <vector>

#include "decide/decide.h"
#include "policy/resolve.h"

namespace postern::predict {

// One kind of mail and what becomes of it under the one and the other rules.
struct Effect {
  std::string mail;  // "mail scored 5.0 to below 7.1"
  std::string before;
  std::string now;
  friend auto operator<=>(const Effect&, const Effect&) = default;
};

// Only what differs.
std::vector<Effect> compare_incoming(const policy::RecipientPolicy& before,
                                     const policy::RecipientPolicy& now,
                                     const decide::DecideOptions& options);
std::vector<Effect> compare_outgoing(const policy::Policy& before, const policy::Policy& now,
                                     const decide::DecideOptions& options);

}  // namespace postern::predict
