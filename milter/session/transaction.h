// Purpose:   one message on its way in: from MAIL to the reply to end of message.
// Ownership: a Session owns at most one; it pins one snapshot and one set of rules until it dies.
// Threading: one thread at a time.
// Failure:   replies; see session.h.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "decide/decide.h"
#include "decide/incoming_case.h"
#include "decide/plan.h"
#include "decide/sender.h"
#include "mail/envelope.h"
#include "mail/header_from.h"
#include "mail/message.h"
#include "policy/resolve.h"
#include "policy/return_address.h"
#include "session/authenticate.h"
#include "session/explained.h"
#include "session/message_editor.h"
#include "session/services.h"
#include "session/session.h"

namespace postern::session {

// What came back to us through the submit listener: accepted unfiltered with a valid token, or
// refused.
struct Resubmitted {};

using Direction = std::variant<decide::Incoming, decide::Outgoing, Resubmitted>;
std::string_view to_string(const Direction& direction);

// AcceptedRecipient::identity() of everybody who has been given the message already.
using Addressed = std::set<std::string>;

// 451: a fault of ours, and the sender keeps the mail.
mail::Reply fault_reply();

// What X-Postern-Would says of a refusal that observation spared somebody; empty: none.
std::string would_be(const std::optional<mail::Reply>& refusal);

// One mailbox that the message is for: who was given at RCPT, or a member of a group that was.
struct AcceptedRecipient {
  mail::Recipient envelope;  // of the RCPT through which he is reached
  // The rules of a mailbox of ours; nothing: an address elsewhere, reached by outgoing mail.
  std::optional<policy::RecipientPolicy> rules = {};
  // With rules: what its lists say about the sender, by what is known so far.
  decide::SenderListing listing = {};
  // Reached through another address: a group, or one that stands for a sender (return_path.cc). A
  // member elsewhere is judged by the rules of the group's domain; a sender elsewhere by nobody's.
  bool is_member = false;
  std::optional<mail::Address> elsewhere = {};
  // The domain is under observation: what would have been said at RCPT otherwise.
  std::optional<mail::Reply> would_refuse = {};
  // Where to note why; nullptr: nobody asks.
  ExplainedRecipient* explained = nullptr;

  decide::Explanation* why() const { return explained == nullptr ? nullptr : &explained->why; }
  // Where the message goes.
  const mail::Address& target() const {
    if (elsewhere) return *elsewhere;
    return rules ? rules->canonical : envelope.address;
  }
  // Whether that is another address than the one that was given.
  bool is_rewritten() const { return is_member || (rules && rules->is_rewritten()); }
  // As a person reads it: a member is not who was given.
  std::string shown() const {
    return is_member ? "<" + target().to_string() + ">" : envelope.given;
  }
  // One mailbox, one identity. Whether case matters elsewhere is not ours to say.
  std::string identity() const {
    return rules && !elsewhere ? rules->canonical.key() : target().to_string();
  }
};

// Whether the same rules decide about both: what is decided for one then holds for the other.
bool have_same_rules(const AcceptedRecipient& a, const AcceptedRecipient& b);

class Transaction {
 public:
  // With `explained`, everything is decided and noted there, and nothing is stored or reported.
  Transaction(Services& services, policy::SnapshotPtr snapshot, ClientFacts client,
              const std::vector<std::string_view>& arguments, Explained* explained);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Verdict begin();
  Verdict rcpt_to(const std::vector<std::string_view>& arguments);
  void header(std::string_view name, std::string_view value);
  bool body(std::string_view chunk);
  Verdict end_of_message(std::string_view queue_id, MessageEditor& editor);

 private:
  Verdict refuse_sender(const mail::Reply& reply);
  std::optional<mail::Reply> become_outgoing(decide::Outgoing outgoing);

  // tenant.cc
  std::optional<mail::Reply> claim_as_tenant(const decide::SenderVerdict& verdict);
  std::optional<mail::Reply> refuse_tenant() const;
  std::optional<mail::Reply> settle_tenant();
  bool leaves_us() const;

  // RCPT.
  using Accepted = std::variant<std::vector<AcceptedRecipient>, mail::Reply>;
  Accepted judge(mail::Recipient recipient);
  // group_members.cc
  Accepted expand(const AcceptedRecipient& group);
  std::optional<mail::Reply> add_member(const AcceptedRecipient& group,
                                        const policy::GroupMember& member,
                                        std::vector<AcceptedRecipient>& members);
  // return_path.cc
  Accepted judge_return(AcceptedRecipient accepted, const policy::ReturnAddress& address);
  std::optional<mail::Reply> settle_mail_from();
  void take_mail_from(const policy::MailFrom& mail_from);
  bool leaves_through(const std::string& mx_host) const;
  void settle_forwarding_sender();
  // The envelope sender as a copy has it.
  std::string leaving_sender(const decide::Delivery& delivery) const;
  bool is_forwarded(const AcceptedRecipient& recipient) const;

  ExplainedRecipient* new_explained(const mail::Recipient& recipient);
  std::optional<mail::Reply> refuse_mixture(const AcceptedRecipient& recipient) const;
  Verdict refuse_recipient(std::string_view given, mail::Reply reply);

  // The sender, as the recipients' lists and switches see it.
  bool client_may_send_for(const std::string& domain) const;
  decide::SenderQuestion sender_question(const policy::RecipientPolicy& rules) const;
  decide::SenderListing listing_for(const policy::RecipientPolicy& rules,
                                    decide::Explanation* why) const;
  bool sender_is_verified(const policy::RecipientPolicy& rules) const;
  void verify_sender();
  std::optional<mail::Reply> refuse_by_sender(AcceptedRecipient& recipient);

  // End of message, in this order.
  Verdict admit_resubmitted(MessageEditor& editor);
  void settle_origin();
  std::optional<mail::Reply> settle_author();
  bool is_judged_like(const AcceptedRecipient& recipient, const AcceptedRecipient& other) const;
  void settle_listings(MessageEditor& editor);
  AuthenticationWants authentication_wants() const;
  decide::IncomingCase case_of(const AcceptedRecipient& recipient) const;
  decide::Needs needs_of_all() const;
  void gather_evidence(std::string_view queue_id, MessageEditor& editor);
  std::vector<decide::Decision> decide_each() const;
  decide::Decision decide_for(const AcceptedRecipient& recipient) const;
  Verdict carry_out_counted(const decide::Plan& plan,
                            const std::vector<decide::Decision>& decisions,
                            std::string_view queue_id, MessageEditor& editor);
  Verdict carry_out(const decide::Plan& plan, const std::vector<decide::Decision>& decisions,
                    std::string_view queue_id, MessageEditor& editor);
  Verdict refuse_message(std::string_view queue_id, const mail::Reply& reply,
                         std::string_view reason);
  // sending.cc
  std::optional<ports::SendingRequest> sending_request() const;
  std::optional<mail::Reply> refuse_full_account() const;
  std::optional<mail::Reply> reserve_sending(const ports::SendingRequest& request) const;

  // Carrying out, in this order.
  decide::Plan plan_for(const std::vector<decide::Decision>& decisions) const;
  std::vector<ports::VaultCopy> copies_to_keep(
      const decide::Plan& plan, const std::vector<decide::Decision>& decisions) const;
  Status store(std::vector<ports::VaultCopy> copies, std::vector<ports::OutboxCopy> leaving,
               std::string_view queue_id);
  Result<std::string> mailbox_header(std::string_view queue_id) const;
  // What one delivery looks like, whoever edits it: the MTA, or the copy that leaves.
  Status dress(const decide::Delivery& delivery, const std::vector<decide::Decision>& decisions,
               MessageEditor& editor);
  Status add_findings(const decide::Delivery& delivery,
                      const std::vector<decide::Decision>& decisions, MessageEditor& editor);
  Status mark(const decide::Delivery& delivery, MessageEditor& editor);
  Status add_authentication_results(MessageEditor& editor);
  Status sign(const decide::Delivery& delivery, MessageEditor& editor,
              std::vector<std::string>& signed_by);
  Result<std::vector<ports::OutboxCopy>> leaving_copies(
      const decide::Plan& plan, const std::vector<decide::Decision>& decisions,
      std::string_view queue_id, Addressed& addressed, std::vector<std::string>& signed_by);
  Verdict refuse_unsigned(std::string_view queue_id, const Error& error);
  void tell_of_newcomers(const decide::Plan& plan,
                         const std::vector<decide::Decision>& decisions) const;
  void report(const decide::Plan& plan, const std::vector<decide::Decision>& decisions,
              std::string_view queue_id, std::size_t copies,
              std::vector<std::string> signed_by) const;
  void report_abuse(const decide::Plan& plan, const std::vector<decide::Decision>& decisions) const;
  // Where a rule about the sender is noted; nullptr: nobody asks.
  decide::Explanation* why_of_sender() const {
    return explained_ == nullptr ? nullptr : &explained_->sender;
  }
  void explain_direction() const;
  void explain_authentication() const;
  void note_refusal(std::string_view given, const mail::Reply& reply) const;
  void explain(const decide::Plan& plan, const std::vector<decide::Decision>& decisions,
               const std::vector<ports::VaultCopy>& copies) const;
  void explain_copy(const ports::OutboxCopy& copy) const;

  // The name in which our Authentication-Results speak.
  const std::string& authserv_id() const {
    return rules_->authserv_id.empty() ? client_.mta_name : rules_->authserv_id;
  }
  bool header_is_too_large() const;
  std::optional<std::uint64_t> largest_accepted_size() const;

  Services& services_;
  const policy::SnapshotPtr snapshot_;
  const std::shared_ptr<const Rules> rules_;
  const std::string id_;
  const SteadyTime started_;
  const ClientFacts client_;
  const mail::Sender sender_;
  Direction direction_ = decide::Incoming{};
  // The providers' networks that the client is in, where a tenant of theirs may be a customer of ours:
  // what the message proves at its end decides. Until then it is mail from outside.
  std::vector<std::string> tenant_networks_;
  bool may_be_signed_ = false;  // known once the header From is
  Explained* const explained_;
  // Of the client, or, behind a trusted relay, of the one before it, known at end of message.
  Origin origin_;
  std::optional<mail::HeaderFrom> from_;  // known at end of message
  decide::Evidence evidence_;
  // Mail of our own customers is not asked whence it comes: who may send for the envelope sender's
  // domain counts as SPF would, everybody else of ours as none. Nothing: mail from outside.
  std::optional<decide::SpfVerdict> vouched_;
  std::vector<AcceptedRecipient> recipients_;  // groups are their members
  // Known at end of message: whom a customer's mail leaves from instead of him; nothing: from him.
  std::optional<std::string> mail_from_;
  // Known at end of message: the sender of copies for members elsewhere; nothing: he stays.
  std::optional<std::string> forwarding_sender_;
  std::vector<std::string> resubmitted_to_;  // with Resubmitted: as given, without < >
  std::optional<mail::Reply> postponed_;     // local submission cannot be refused before the end
  mail::Message message_;
  std::uint64_t header_size_ = 0;
  bool has_whole_message_ = true;  // false: too large for everybody, the rest was not read
};

}  // namespace postern::session
