// RCPT to a group: its members take its place, each under the rules of his own mailbox.
#include <iterator>

#include "base/log.h"
#include "decide/recipient.h"
#include "policy/resolve.h"
#include "session/transaction.h"

namespace postern::session {
namespace {

mail::Reply nobody(const AcceptedRecipient& group) {
  return {550, "5.1.1",
          "<" + group.rules->canonical.to_string() + ">: nobody in this group receives mail"};
}

}  // namespace

Transaction::Accepted Transaction::expand(const AcceptedRecipient& group) {
  const policy::Expansion expansion = policy::expand(*snapshot_, *group.rules->group);
  if (expansion.fault) {
    log::warning("group cannot be expanded",
                 {{"group", group.rules->group->email}, {"fault", *expansion.fault}});
    return mail::Reply{451, "4.3.0", "the members of this group cannot be told"};
  }
  std::vector<AcceptedRecipient> members;
  for (const policy::GroupMember& member : expansion.members) {
    if (auto reply = add_member(group, member, members)) return *reply;
  }
  if (members.empty()) return nobody(group);
  return members;
}

// Who may not receive is left out; a fault of ours is everybody's: the sender has to come again.
std::optional<mail::Reply> Transaction::add_member(const AcceptedRecipient& group,
                                                   const policy::GroupMember& member,
                                                   std::vector<AcceptedRecipient>& members) {
  AcceptedRecipient accepted{group.envelope};
  accepted.is_member = true;
  accepted.explained = members.empty() ? group.explained : new_explained(group.envelope);
  const policy::Domain* const domain = snapshot_->domain_or_alias(member.address.domain());
  const bool is_ours = domain != nullptr && domain->status != policy::DomainStatus::deleted;
  if (!is_ours) {
    accepted.rules = group.rules;
    accepted.would_refuse = group.would_refuse;
    accepted.elsewhere = member.address;
  } else {
    mail::Recipient mailbox = group.envelope;
    mailbox.given = "<" + member.address.to_string() + ">";
    mailbox.address = member.address;
    // His size limit counts at end of message: here it would refuse the others as well.
    auto verdict = decide::judge_recipient(*snapshot_, mailbox, std::nullopt,
                                           rules_->recipient_delimiters, accepted.why());
    if (auto* const reply = std::get_if<mail::Reply>(&verdict)) {
      if (reply->is_temporary()) return *reply;
      if (accepted.explained == nullptr) {
        log::info("group member left out", {{"id", id_},
                                            {"group", group.rules->group->email},
                                            {"member", member.address.to_string()},
                                            {"reply", reply->to_string()}});
      } else if (accepted.explained != group.explained) {
        accepted.explained->canonical = member.address.to_string();
        accepted.explained->refused = std::move(*reply);
      }
      return std::nullopt;
    }
    auto& served = std::get<decide::Served>(verdict);
    accepted.would_refuse = std::move(served.would_refuse);
    accepted.rules = std::move(served.rules);
    // A member whom nobody knows may be another group's through the catchall; once is enough.
    if (accepted.rules->group != nullptr && !group.is_member) {
      auto nested = expand(accepted);
      if (auto* const reply = std::get_if<mail::Reply>(&nested)) {
        return reply->is_temporary() ? std::optional(*reply) : std::nullopt;
      }
      auto& found = std::get<std::vector<AcceptedRecipient>>(nested);
      std::move(found.begin(), found.end(), std::back_inserter(members));
      return std::nullopt;
    }
  }
  if (accepted.explained != nullptr) {
    accepted.explained->canonical = accepted.target().to_string();
    accepted.explained->policy_source = accepted.rules->policy_source;
  }
  members.push_back(std::move(accepted));
  return std::nullopt;
}

}  // namespace postern::session
