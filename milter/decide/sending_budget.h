// Purpose:   what one node may let through by itself while it cannot ask the count that all nodes share.
//            Of each limit it has a share, and never more than the shared count last left of it: in any
//            24 hours an account then sends at most its limit and, from each node that was cut off, that
//            share. With a share of 1, and no shared count at all, this is the count.
// Ownership: a value.
// Threading: one thread at a time.
// Failure:   none. What it knows dies with it: after a restart a node has its share anew.
// Source:    outgoing.offline_share; docs/adr/0045.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "decide/sending_limit.h"

namespace postern::decide {

class SendingBudget {
 public:
  SendingBudget(double share, Milliseconds window) : share_(share), window_(window) {}

  // What the shared count says now.
  void learn(const std::string& account, const SendingUse& use, SteadyTime now);
  // Nothing: spent. Otherwise the limit whose share does not reach for it, and nothing is spent.
  std::optional<SendingLimit> spend(const std::string& account, const std::string& id,
                                    std::uint32_t recipients, const SendingCaps& caps,
                                    SteadyTime now);
  void take_back(const std::string& account, const std::string& id);
  // Of all that is known here: the shared count's last word and what was spent since.
  SendingUse use_of(const std::string& account, SteadyTime now) const;
  std::vector<std::pair<std::string, SendingUse>> list(SteadyTime now) const;
  // Drops what is older than the window; to be called now and then.
  void sweep(SteadyTime now);

 private:
  struct Spent {
    SteadyTime at;
    std::uint32_t recipients = 0;
    std::string id;
  };
  struct Account {
    std::deque<Spent> spent;
    SendingUse spent_in_all;
    SendingUse known;  // at known_at
    std::optional<SteadyTime> known_at;
    SendingUse since;  // spent after known_at
  };

  void forget_old(Account& account, SteadyTime now) const;
  static void subtract(Account& account, const Spent& spent);
  SendingCaps share_of(const SendingCaps& caps) const;

  double share_;
  Milliseconds window_;
  std::unordered_map<std::string, Account> accounts_;
};

}  // namespace postern::decide
