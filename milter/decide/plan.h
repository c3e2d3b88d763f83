// Purpose:   the decisions for all recipients of a transaction -> one plan: one reply, the copies that
//            must be durable before it, and the messages that go on, each with its own recipients.
// Ownership: a value; recipients are named by their position in the transaction.
// Threading: pure functions.
// Failure:   none: whatever the mixture, each recipient gets his own outcome, once.
// Source:    docs/semantics.md, "One reply for all".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "decide/decision.h"
#include "decide/purpose.h"
#include "mail/reply.h"

namespace postern::decide {

// What the sender's server hears, and what becomes of the transaction.
enum class Fate {
  deliver,  // 250, the message goes on as edited for those who stay in the transaction
  discard,  // 250, nobody stays: everybody's message is in the vault, or leaves from there
  reject,
  defer,
};
std::string_view to_string(Fate fate);

// What one recipient got.
enum class RecipientOutcome {
  deliver,
  tag,
  observe,  // delivered as it came
  quarantine,
  kept,     // his rules refuse it, others' do not: kept where he can have it released
  dropped,  // the same, and nothing is kept
  reject,
  defer,
};
std::string_view to_string(RecipientOutcome outcome);

// A recipient whose rules refuse the message cannot say so any more when another accepts it: there is
// one reply for all.
enum class OnMixture { store, discard };

struct PlanOptions {
  OnMixture on_mixture = OnMixture::store;
  // The score and the verdict are written into the message: who has another score has another message.
  bool shows_findings = true;
  // Recipients who get the message under another envelope sender. Empty: nobody does.
  std::vector<bool> forwarded = {};
};

struct PlannedCopy {
  std::size_t recipient;
  Purpose purpose;
  bool instead_of_refusal = false;  // RecipientOutcome::kept: for kDaysInsteadOfRefusal
};
inline constexpr int kDaysInsteadOfRefusal = 7;

// One message as it goes on, and who gets it.
struct Delivery {
  std::vector<std::size_t> recipients;  // at least one
  std::string subject_prefix;
  std::optional<policy::HeaderField> added_header;
  std::string would;  // they are under observation; empty: they are not
  bool is_forwarded = false;
};

struct Plan {
  Fate fate = Fate::deliver;
  mail::Reply reply = {250, "2.0.0", "accepted"};
  std::vector<RecipientOutcome> outcomes;  // as many as recipients
  std::vector<PlannedCopy> copies;  // made durable first, whatever the fate (an archive copy of a
                                    // rejected message included); none with defer
  // The largest first. Each recipient that is delivered to stands in exactly one of them.
  std::vector<Delivery> deliveries;
  // Which of them stays in the transaction; the others leave it as copies of their own. Nothing:
  // all of them leave.
  std::optional<std::size_t> stays;
};

// One word for the log and the metrics: what all recipients got, or "mixed".
std::string_view outcome_of(const Plan& plan);

Plan make_plan(const std::vector<Decision>& decisions, const PlanOptions& options);

}  // namespace postern::decide
