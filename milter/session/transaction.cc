#include "session/transaction.h"

#include <algorithm>
#include <iterator>

#include "base/random_id.h"
#include "decide/recipient.h"
#include "session/report.h"

namespace postern::session {
namespace {

// Postfix cuts header blocks at 60,000 octets; this bounds what any other speaker of the protocol
// sends.
constexpr std::uint64_t kLargestHeaderBlock = 4ULL << 20;
constexpr std::size_t kMostRecipients = 10'000;
// SIZE= is a stranger's word: what he says beyond this is believed when it comes.
constexpr std::uint64_t kLargestReservation = 16ULL << 20;

std::string_view without_brackets(std::string_view address) {
  if (address.size() >= 2 && address.front() == '<' && address.back() == '>') {
    return address.substr(1, address.size() - 2);
  }
  return address;
}

bool is_observed(const policy::RecipientPolicy& rules) {
  return rules.domain->enforcement == policy::Enforcement::observe;
}

// Whoever is under observation gets the message as it came.
bool share_an_outcome(const AcceptedRecipient& a, const AcceptedRecipient& b) {
  if (a.rules && b.rules && a.rules->domain == b.rules->domain && is_observed(*a.rules)) {
    return true;
  }
  return have_same_rules(a, b);
}

}  // namespace

bool have_same_rules(const AcceptedRecipient& a, const AcceptedRecipient& b) {
  if (!a.rules || !b.rules) return !a.rules && !b.rules;
  const policy::RecipientPolicy& one = *a.rules;
  const policy::RecipientPolicy& other = *b.rules;
  const auto verifies = [](const policy::RecipientPolicy& rules) {
    return rules.domain->sender_verify && (rules.user == nullptr || rules.user->sender_verify);
  };
  return one.domain->enforcement == other.domain->enforcement &&
         one.user_rules == other.user_rules && one.domain_rules == other.domain_rules &&
         one.domain->list_priority == other.domain->list_priority &&
         one.attachments == other.attachments && one.uris == other.uris &&
         one.opensrs == other.opensrs && verifies(one) == verifies(other) &&
         one.policy->same_rules(*other.policy);
}

// Without the text, which names the recipient.
std::string would_be(const std::optional<mail::Reply>& refusal) {
  if (!refusal) return "";
  return std::string(refusal->is_temporary() ? "defer" : "reject") + "; " +
         std::to_string(refusal->code) + " " + refusal->enhanced + " at RCPT";
}

std::string_view to_string(const Direction& direction) {
  return std::visit(Overloaded{
                        [](const decide::Incoming&) -> std::string_view { return "in"; },
                        [](const decide::Outgoing&) -> std::string_view { return "out"; },
                        [](const Resubmitted&) -> std::string_view { return "submit"; },
                    },
                    direction);
}

Transaction::Transaction(Services& services, policy::SnapshotPtr snapshot, ClientFacts client,
                         const std::vector<std::string_view>& arguments, Explained* explained)
    : services_(services),
      snapshot_(std::move(snapshot)),
      rules_(services.rules.get()),
      id_(random_id()),
      started_(services.clock.steady()),
      client_(std::move(client)),
      sender_(mail::parse_sender(arguments)),
      explained_(explained) {
  ++services_.open_transactions;
}

Transaction::~Transaction() { --services_.open_transactions; }

Verdict Transaction::begin() {
  if (client_.daemon_name == rules_->submit_daemon_name) {
    direction_ = Resubmitted{};
    return Continue{};
  }
  if (explained_ != nullptr) explain_direction();
  // A trusted relay speaks for others: who, its Received field tells at end of message.
  const bool is_relay = is_trusted_relay(client_.address, rules_->trusted_relays);
  if (!is_relay) origin_ = {client_.address, client_.helo};
  if (is_relay && client_.sasl_user.empty()) return Continue{};
  // Nobody's address is no way round the rules about senders.
  if (!sender_.is_null && !sender_.address && sender_.given.find('@') != std::string::npos) {
    return refuse_sender({553, "5.1.7", "sender address is not understood"});
  }
  const auto is_webmail_of = [this](const IpNetwork& network) {
    return client_.address && network.contains(*client_.address);
  };
  auto verdict = decide::judge_sender(
      *snapshot_,
      {sender_, client_.sasl_user, client_.address, rules_->recipient_delimiters,
       std::any_of(rules_->webmail_clients.begin(), rules_->webmail_clients.end(), is_webmail_of)});
  if (auto refusal = claim_as_tenant(verdict)) return refuse_sender(*refusal);
  if (!tenant_networks_.empty()) return Continue{};
  if (const auto* const reply = std::get_if<mail::Reply>(&verdict)) return refuse_sender(*reply);
  if (auto* const outgoing = std::get_if<decide::Outgoing>(&verdict)) {
    if (auto refusal = become_outgoing(std::move(*outgoing))) return refuse_sender(*refusal);
  }
  return Continue{};
}

// Nothing: from here on it is mail of this sender.
std::optional<mail::Reply> Transaction::become_outgoing(decide::Outgoing outgoing) {
  const bool is_customers = outgoing.domain != nullptr && sender_.address;
  if (is_customers) {
    auto refusal = decide::refuse_identity(*snapshot_, *outgoing.domain, *sender_.address,
                                           rules_->identity, why_of_sender());
    if (refusal) return refusal;
  }
  direction_ = std::move(outgoing);
  vouched_.emplace();
  if (is_customers) {
    vouched_->result = decide::SpfResult::pass;
    vouched_->domain = sender_.address->domain();
    vouched_->mechanism = "a client of ours";
  }
  if (explained_ != nullptr) explain_direction();
  return refuse_full_account();
}

Verdict Transaction::refuse_sender(const mail::Reply& reply) {
  if (explained_ != nullptr) {
    explained_->refused = reply;
  } else {
    report_refused_sender({id_, client_, sender_, snapshot_->generation()}, reply);
  }
  return Refuse{reply};
}

Verdict Transaction::rcpt_to(const std::vector<std::string_view>& arguments) {
  const std::string_view given = arguments.empty() ? std::string_view() : arguments.front();
  if (recipients_.size() + resubmitted_to_.size() >= kMostRecipients) {
    return refuse_recipient(given, {452, "4.5.3", "too many recipients"});
  }
  if (std::holds_alternative<Resubmitted>(direction_)) {
    resubmitted_to_.emplace_back(without_brackets(given));
    return Continue{};
  }
  auto recipient = mail::parse_recipient(arguments);
  if (!recipient) return refuse_recipient(given, {550, "5.1.3", "bad recipient address syntax"});
  auto judged = judge(std::move(*recipient));
  if (auto* const reply = std::get_if<mail::Reply>(&judged)) {
    return refuse_recipient(given, std::move(*reply));
  }
  auto& accepted = std::get<std::vector<AcceptedRecipient>>(judged);
  if (recipients_.size() + accepted.size() > kMostRecipients) {
    return refuse_recipient(given, {452, "4.5.3", "too many recipients"});
  }
  for (AcceptedRecipient& one : accepted) {
    // What refuses one member of a group refuses not the group: it waits for the end of message. So
    // does what would refuse a stranger, while this may be a customer yet.
    if (!one.rules || one.is_member || !tenant_networks_.empty()) continue;
    auto refusal = refuse_by_sender(one);
    if (refusal && one.rules->domain->enforcement == policy::Enforcement::enforce) {
      return refuse_recipient(given, std::move(*refusal));
    }
    if (!one.would_refuse) one.would_refuse = std::move(refusal);
  }
  for (const AcceptedRecipient& one : accepted) {
    if (auto mixture = refuse_mixture(one)) return refuse_recipient(given, std::move(*mixture));
  }
  std::move(accepted.begin(), accepted.end(), std::back_inserter(recipients_));
  return Continue{};
}

ExplainedRecipient* Transaction::new_explained(const mail::Recipient& recipient) {
  if (explained_ == nullptr) return nullptr;
  explained_->recipients.emplace_back();
  explained_->recipients.back().given = recipient.given;
  return &explained_->recipients.back();
}

Transaction::Accepted Transaction::judge(mail::Recipient recipient) {
  AcceptedRecipient accepted{std::move(recipient)};
  const mail::Address& address = accepted.envelope.address;
  accepted.explained = new_explained(accepted.envelope);
  if (const auto back =
          policy::read_return_address(*snapshot_, address, return_options(services_, *rules_))) {
    return judge_return(std::move(accepted), *back);
  }
  const policy::Domain* const domain = snapshot_->domain_or_alias(address.domain());
  const bool is_elsewhere = domain == nullptr || domain->status == policy::DomainStatus::deleted;
  if (is_elsewhere && !tenant_networks_.empty()) {
    if (auto refusal = refuse_tenant()) return *refusal;
    return std::vector{std::move(accepted)};
  }
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing != nullptr) {
    if (outgoing->policy != nullptr && sender_.declared_size) {
      if (auto refusal = decide::refuse_size(*outgoing->policy, *sender_.declared_size)) {
        return *refusal;
      }
    }
    if (is_elsewhere) return std::vector{std::move(accepted)};
  }
  auto verdict = decide::judge_recipient(*snapshot_, accepted.envelope, sender_.declared_size,
                                         rules_->recipient_delimiters, accepted.why());
  if (auto* const reply = std::get_if<mail::Reply>(&verdict)) return std::move(*reply);
  auto& served = std::get<decide::Served>(verdict);
  accepted.would_refuse = std::move(served.would_refuse);
  if (accepted.explained != nullptr) {
    accepted.explained->canonical = served.rules.canonical.to_string();
    accepted.explained->policy_source = served.rules.policy_source;
  }
  accepted.rules = std::move(served.rules);
  if (accepted.rules->group != nullptr) return expand(accepted);
  return std::vector{std::move(accepted)};
}

std::optional<mail::Reply> Transaction::refuse_mixture(const AcceptedRecipient& recipient) const {
  // Without keys no copy could leave: nobody would believe it ours.
  const bool splits =
      rules_->mixed_rejection != MixedRejection::defer && !services_.token_keys.empty();
  if (splits || recipients_.empty() || share_an_outcome(recipients_.front(), recipient)) {
    return std::nullopt;
  }
  return mail::Reply{452, "4.5.3", "this recipient has other rules, send to it separately"};
}

Verdict Transaction::refuse_recipient(std::string_view given, mail::Reply reply) {
  if (explained_ != nullptr) {
    note_refusal(given, reply);
  } else {
    report_refused_recipient({id_, client_, sender_, snapshot_->generation()}, given, reply);
  }
  const bool is_local_submission = !client_.address;
  if (!is_local_submission) return Refuse{std::move(reply)};
  // Postfix takes a refused recipient of local mail for a configuration error and tries for ever;
  // at end of message it takes a no.
  if (!postponed_) postponed_ = std::move(reply);
  // Nobody brings local mail back in two transactions: a "later" would be said for ever.
  if (postponed_->code == 452) {
    postponed_ =
        mail::Reply{550, "5.7.1", "recipients with different rules need separate messages"};
  }
  return Continue{};
}

void Transaction::header(std::string_view name, std::string_view value) {
  header_size_ += name.size() + value.size() + 3;
  if (header_is_too_large()) return;
  message_.add_header(std::string(name), std::string(value));
}

bool Transaction::header_is_too_large() const { return header_size_ > kLargestHeaderBlock; }

std::optional<std::uint64_t> Transaction::largest_accepted_size() const {
  std::uint64_t largest = 0;
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  for (const AcceptedRecipient& recipient : recipients_) {
    if (recipient.rules && is_observed(*recipient.rules)) return std::nullopt;
    const policy::Policy* const rules = recipient.rules       ? recipient.rules->policy
                                        : outgoing != nullptr ? outgoing->policy
                                                              : nullptr;
    if (rules == nullptr || !rules->mail_size_limit) return std::nullopt;
    largest = std::max(largest, *rules->mail_size_limit);
  }
  return largest;
}

bool Transaction::body(std::string_view chunk) {
  if (std::holds_alternative<Resubmitted>(direction_)) return false;
  if (message_.body().empty() && sender_.declared_size) {
    message_.expect_body(std::min(*sender_.declared_size, kLargestReservation));
  }
  message_.append_body(chunk);
  const auto limit = largest_accepted_size();
  if (!limit || header_size_ + message_.body().size() <= *limit) return true;
  // Too large for every recipient: the verdict is known, and memory has a bound.
  has_whole_message_ = message_.size() <= *limit;
  return has_whole_message_;
}

}  // namespace postern::session
