// Mail through a provider's network, which its tenants share: who sends it is a claim at MAIL, and what the
// provider stamped on the message proves it, or not, at its end.
#include <algorithm>

#include "decide/recipient.h"
#include "session/transaction.h"

namespace postern::session {
namespace {

using ports::Membership;

// Postfix gives a milter 30 seconds for its answer to MAIL.
constexpr Milliseconds kLongestQuestion = std::chrono::seconds(10);

bool is_in(const std::vector<std::string>& networks, const decide::TenantProvider& provider) {
  return std::find(networks.begin(), networks.end(), provider.provider->spf_provider) !=
         networks.end();
}

}  // namespace

// MAIL. Only who names a domain with such a provider as his own makes one ask the DNS, and who has no
// sender at all: the header From tells his domain. A reply: whether he may claim cannot be told now.
std::optional<mail::Reply> Transaction::claim_as_tenant(const decide::SenderVerdict& verdict) {
  if (services_.provider_networks == nullptr || rules_->tenant_proofs.empty()) return std::nullopt;
  if (!client_.address || !client_.sasl_user.empty()) return std::nullopt;
  if (std::holds_alternative<decide::Outgoing>(verdict)) return std::nullopt;
  std::vector<std::string> networks;
  if (sender_.is_null) {
    networks = decide::providers_in_use(*snapshot_, rules_->tenant_proofs);
  } else if (sender_.address) {
    const policy::Domain* const domain = snapshot_->domain_or_alias(sender_.address->domain());
    // A network of its own has been judged.
    if (domain == nullptr || snapshot_->is_client_of(*client_.address, domain->name)) {
      return std::nullopt;
    }
    for (const auto& provider : decide::tenant_providers(*domain, rules_->tenant_proofs)) {
      networks.push_back(provider.provider->spf_provider);
    }
  }
  bool is_unknown = false;
  const Deadline deadline =
      Deadline::after(std::min(rules_->authentication_timeout, kLongestQuestion));
  for (std::string& network : networks) {
    const Membership membership =
        services_.provider_networks->ask(network, *client_.address, deadline);
    is_unknown |= membership == Membership::unknown;
    const bool is_member = membership == Membership::member;
    if (explained_ != nullptr) {
      explained_->sender.add(
          "outgoingProviders", network,
          is_member
              ? "its network contains " + client_.address->to_string()
              : (membership == Membership::unknown ? "its network cannot be told now"
                                                   : "its network does not contain the client"),
          is_member ? decide::Effect::applied
                    : (membership == Membership::unknown ? decide::Effect::unavailable
                                                         : decide::Effect::no_match));
    }
    if (is_member) tenant_networks_.push_back(std::move(network));
  }
  // Without a sender it is taken for what such mail mostly is: a bounce from outside.
  if (tenant_networks_.empty() && is_unknown && !sender_.is_null) {
    return mail::Reply{451, "4.4.3", "the networks of the sender's provider cannot be told now"};
  }
  return std::nullopt;
}

// RCPT, somebody elsewhere: what would be said to the sender if he proved who he is.
std::optional<mail::Reply> Transaction::refuse_tenant() const {
  if (!sender_.address) return std::nullopt;
  const auto judged = decide::judge_tenant(*snapshot_, *sender_.address, *client_.address, "",
                                           rules_->recipient_delimiters);
  if (const auto* const reply = std::get_if<mail::Reply>(&judged)) return *reply;
  const auto& outgoing = std::get<decide::Outgoing>(judged);
  if (!sender_.declared_size) return std::nullopt;
  return decide::refuse_size(*outgoing.policy, *sender_.declared_size);
}

// End of message. Who proves nothing has sent mail from outside, which may go to our own mailboxes only.
std::optional<mail::Reply> Transaction::settle_tenant() {
  if (tenant_networks_.empty()) return std::nullopt;
  const mail::Address* const who = sender_.is_null ? from_->single() : &*sender_.address;
  const policy::Domain* const domain =
      who == nullptr ? nullptr : snapshot_->domain_or_alias(who->domain());
  std::vector<decide::TenantProvider> providers;
  if (domain != nullptr) {
    providers = decide::tenant_providers(*domain, rules_->tenant_proofs);
  }
  const auto proven = std::find_if(
      providers.begin(), providers.end(), [this](const decide::TenantProvider& provider) {
        return is_in(tenant_networks_, provider) && decide::is_proven(provider, message_);
      });
  if (proven == providers.end()) {
    if (explained_ != nullptr) {
      explained_->sender.add("outgoing.providers", domain == nullptr ? "" : domain->name,
                             "no header of the provider says that the tenant is this domain",
                             decide::Effect::no_match);
    }
    if (!leaves_us()) return std::nullopt;
    return mail::Reply{550, "5.7.1", "not proven to be sent by a tenant of the sender's domain"};
  }
  auto judged = decide::judge_tenant(*snapshot_, *who, *client_.address, proven->provider->name,
                                     rules_->recipient_delimiters);
  if (auto* const reply = std::get_if<mail::Reply>(&judged)) return *reply;
  return become_outgoing(std::get<decide::Outgoing>(std::move(judged)));
}

}  // namespace postern::session
