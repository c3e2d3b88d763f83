// Purpose:   how much each account has sent in the last 24 hours, counted by all nodes together.
// Ownership: copies what it needs.
// Threading: safe from many threads at once. reserve() may wait, for outgoing.limit_timeout at most;
//            nothing else that mail calls does.
// Failure:   none that a caller could see: where the shared count cannot be asked, a node spends what is
//            its own (decide/sending_budget.h).
// Source:    docs/semantics.md, "How much may be sent".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "decide/sending_limit.h"

namespace postern::ports {

struct SendingRequest {
  std::string account;
  std::string id;  // of the message: the same one is counted once
  std::uint32_t recipients = 0;
  decide::SendingCaps caps;
};

struct SendingAnswer {
  std::optional<decide::SendingLimit> refused;  // nothing: counted, it may be sent
  decide::SendingUse use;                       // with this message, where it was counted
};

struct AccountUse {
  std::string account;
  decide::SendingUse use;
};

struct SendingReport {
  std::vector<AccountUse> accounts;  // who sent anything in the last 24 hours
  std::optional<std::string> alone;  // why this node's knowledge is all that stands here
};

class SendingLimits {
 public:
  SendingLimits() = default;
  SendingLimits(const SendingLimits&) = delete;
  SendingLimits& operator=(const SendingLimits&) = delete;
  virtual ~SendingLimits() = default;

  virtual SendingAnswer reserve(const SendingRequest& request) = 0;
  // What was reserved was not sent after all.
  virtual void release(const SendingRequest& request) = 0;
  // An early answer, from memory: the shared count has said that there is no room for a message yet.
  virtual bool is_full(const std::string& account, const decide::SendingCaps& caps) const = 0;
  // As far as this node has heard, from memory.
  virtual decide::SendingUse last_known(const std::string& account) const = 0;
  // Why this node counts by itself; nothing: it counts together with the others.
  virtual std::optional<std::string> alone() const = 0;
  // For people: asks the shared count, and may take seconds.
  virtual SendingReport report() = 0;
};

}  // namespace postern::ports
