#include "decide/sending_budget.h"

#include <algorithm>
#include <cmath>

namespace postern::decide {
namespace {

void add(SendingUse& use, std::uint32_t recipients) {
  ++use.messages;
  use.recipients += recipients;
}

}  // namespace

void SendingBudget::subtract(Account& account, const Spent& spent) {
  --account.spent_in_all.messages;
  account.spent_in_all.recipients -= spent.recipients;
  if (account.known_at && spent.at <= *account.known_at) return;
  --account.since.messages;
  account.since.recipients -= spent.recipients;
}

void SendingBudget::forget_old(Account& account, SteadyTime now) const {
  while (!account.spent.empty() && account.spent.front().at + window_ <= now) {
    subtract(account, account.spent.front());
    account.spent.pop_front();
  }
  if (!account.known_at || *account.known_at + window_ > now) return;
  // All that it counted is out of the window, and what was spent before it with it.
  account.known_at.reset();
  account.known = {};
}

SendingCaps SendingBudget::share_of(const SendingCaps& caps) const {
  const auto part =
      [this](const std::optional<std::uint32_t>& cap) -> std::optional<std::uint32_t> {
    if (!cap) return std::nullopt;
    return static_cast<std::uint32_t>(std::ceil(*cap * share_));
  };
  return {part(caps.messages), part(caps.recipients)};
}

void SendingBudget::learn(const std::string& account, const SendingUse& use, SteadyTime now) {
  Account& known = accounts_[account];
  known.known = use;
  known.known_at = now;
  known.since = {};
}

std::optional<SendingLimit> SendingBudget::spend(const std::string& account, const std::string& id,
                                                 std::uint32_t recipients, const SendingCaps& caps,
                                                 SteadyTime now) {
  Account& one = accounts_[account];
  forget_old(one, now);
  if (auto limit = limit_in_the_way(one.spent_in_all, recipients, share_of(caps))) return limit;
  const SendingUse whole{one.known.messages + one.since.messages,
                         one.known.recipients + one.since.recipients};
  if (auto limit = limit_in_the_way(whole, recipients, caps)) return limit;
  one.spent.push_back({now, recipients, id});
  add(one.spent_in_all, recipients);
  add(one.since, recipients);
  return std::nullopt;
}

void SendingBudget::take_back(const std::string& account, const std::string& id) {
  const auto found = accounts_.find(account);
  if (found == accounts_.end()) return;
  auto& spent = found->second.spent;
  const auto one = std::find_if(spent.rbegin(), spent.rend(),
                                [&id](const Spent& each) { return each.id == id; });
  if (one == spent.rend()) return;
  subtract(found->second, *one);
  spent.erase(std::next(one).base());
}

SendingUse SendingBudget::use_of(const std::string& account, SteadyTime now) const {
  const auto found = accounts_.find(account);
  if (found == accounts_.end()) return {};
  Account copy = found->second;
  forget_old(copy, now);
  return {copy.known.messages + copy.since.messages, copy.known.recipients + copy.since.recipients};
}

std::vector<std::pair<std::string, SendingUse>> SendingBudget::list(SteadyTime now) const {
  std::vector<std::pair<std::string, SendingUse>> found;
  for (const auto& [account, _] : accounts_) {
    const SendingUse use = use_of(account, now);
    if (use.messages > 0) found.emplace_back(account, use);
  }
  return found;
}

void SendingBudget::sweep(SteadyTime now) {
  for (auto one = accounts_.begin(); one != accounts_.end();) {
    forget_old(one->second, now);
    const bool is_empty = one->second.spent.empty() && !one->second.known_at;
    one = is_empty ? accounts_.erase(one) : std::next(one);
  }
}

}  // namespace postern::decide
