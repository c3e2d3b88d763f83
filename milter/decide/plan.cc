#include "decide/plan.h"

#include <algorithm>

namespace postern::decide {
namespace {

bool all_are(const std::vector<Decision>& decisions, Disposition disposition) {
  return std::all_of(decisions.begin(), decisions.end(), [disposition](const Decision& decision) {
    return decision.disposition == disposition;
  });
}

RecipientOutcome outcome_of(const Decision& decision, bool others_accept, OnMixture on_mixture) {
  switch (decision.disposition) {
    case Disposition::deliver:
      return decision.would.empty() ? RecipientOutcome::deliver : RecipientOutcome::observe;
    case Disposition::tag:
      return RecipientOutcome::tag;
    case Disposition::quarantine:
      return RecipientOutcome::quarantine;
    case Disposition::reject:
      // A virus is kept only where the policy stores viruses, and then it is no rejection.
      if (!others_accept) return RecipientOutcome::reject;
      return on_mixture == OnMixture::store && decision.decider != MailClass::virus
                 ? RecipientOutcome::kept
                 : RecipientOutcome::dropped;
    case Disposition::defer:
      return RecipientOutcome::defer;
  }
  return RecipientOutcome::defer;
}

bool is_delivered(const Decision& decision) {
  return decision.disposition == Disposition::deliver || decision.disposition == Disposition::tag;
}

std::vector<PlannedCopy> copies_of(const std::vector<Decision>& decisions,
                                   const std::vector<RecipientOutcome>& outcomes) {
  std::vector<PlannedCopy> copies;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (decisions[i].quarantine_copy) copies.push_back({i, Purpose::quarantine});
    if (decisions[i].retention_copy) copies.push_back({i, Purpose::retention});
    if (decisions[i].archive_copy) copies.push_back({i, Purpose::archive});
    if (outcomes[i] == RecipientOutcome::kept) copies.push_back({i, Purpose::quarantine, true});
  }
  return copies;
}

// Whether these two can read one and the same message.
bool share_a_message(const Decision& a, const Decision& b, bool shows_findings) {
  // Under observation all get it as it came, whatever would have happened to each.
  if (a.would.empty() != b.would.empty()) return false;
  if (!a.would.empty()) return true;
  const bool same_findings =
      !shows_findings || (a.score == b.score && a.is(MailClass::spam) == b.is(MailClass::spam));
  return same_findings && a.subject_prefix == b.subject_prefix && a.added_header == b.added_header;
}

void add_would(Delivery& delivery, const std::string& would) {
  if (would.empty()) return;
  const std::string all = " | " + delivery.would + " | ";
  if (all.find(" | " + would + " | ") != std::string::npos) return;
  delivery.would += (delivery.would.empty() ? "" : " | ") + would;
}

std::vector<Delivery> deliveries_of(const std::vector<Decision>& decisions,
                                    const PlanOptions& options) {
  std::vector<Delivery> deliveries;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const Decision& decision = decisions[i];
    if (!is_delivered(decision)) continue;
    const bool is_forwarded = i < options.forwarded.size() && options.forwarded[i];
    auto found = std::find_if(deliveries.begin(), deliveries.end(), [&](const Delivery& delivery) {
      return delivery.is_forwarded == is_forwarded &&
             share_a_message(decisions[delivery.recipients.front()], decision,
                             options.shows_findings);
    });
    if (found == deliveries.end()) {
      deliveries.push_back({{}, decision.subject_prefix, decision.added_header, "", is_forwarded});
      found = deliveries.end() - 1;
    }
    found->recipients.push_back(i);
    add_would(*found, decision.would);
  }
  std::stable_sort(deliveries.begin(), deliveries.end(), [](const Delivery& a, const Delivery& b) {
    return a.recipients.size() > b.recipients.size();
  });
  return deliveries;
}

// The envelope sender belongs to the whole transaction: a forwarded message always leaves it.
std::optional<std::size_t> who_stays(const std::vector<Delivery>& deliveries) {
  const auto found = std::find_if(deliveries.begin(), deliveries.end(),
                                  [](const Delivery& delivery) { return !delivery.is_forwarded; });
  if (found == deliveries.end()) return std::nullopt;
  return static_cast<std::size_t>(found - deliveries.begin());
}

Plan deferred(mail::Reply reply, std::size_t recipients) {
  Plan plan;
  plan.fate = Fate::defer;
  plan.reply = std::move(reply);
  plan.outcomes.assign(recipients, RecipientOutcome::defer);
  return plan;
}

const mail::Reply& gravest_reply(const std::vector<Decision>& decisions) {
  return std::min_element(
             decisions.begin(), decisions.end(),
             [](const Decision& a, const Decision& b) { return a.decider < b.decider; })
      ->reply;
}

}  // namespace

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::deliver:
      return "deliver";
    case Fate::discard:
      return "discard";
    case Fate::reject:
      return "reject";
    case Fate::defer:
      return "defer";
  }
  return "";
}

std::string_view to_string(RecipientOutcome outcome) {
  switch (outcome) {
    case RecipientOutcome::deliver:
      return "deliver";
    case RecipientOutcome::tag:
      return "tag";
    case RecipientOutcome::observe:
      return "observe";
    case RecipientOutcome::quarantine:
      return "quarantine";
    case RecipientOutcome::kept:
      return "kept";
    case RecipientOutcome::dropped:
      return "dropped";
    case RecipientOutcome::reject:
      return "reject";
    case RecipientOutcome::defer:
      return "defer";
  }
  return "";
}

std::string_view outcome_of(const Plan& plan) {
  if (plan.outcomes.empty()) return to_string(plan.fate);
  const bool is_mixed = std::any_of(plan.outcomes.begin(), plan.outcomes.end(),
                                    [&](auto outcome) { return outcome != plan.outcomes.front(); });
  return is_mixed ? "mixed" : to_string(plan.outcomes.front());
}

Plan make_plan(const std::vector<Decision>& decisions, const PlanOptions& options) {
  if (decisions.empty()) return deferred({451, "4.3.0", "no recipient"}, 0);
  const auto waiting = std::find_if(
      decisions.begin(), decisions.end(),
      [](const Decision& decision) { return decision.disposition == Disposition::defer; });
  if (waiting != decisions.end()) return deferred(waiting->reply, decisions.size());

  Plan plan;
  const bool anybody_accepts = !all_are(decisions, Disposition::reject);
  for (const Decision& decision : decisions) {
    plan.outcomes.push_back(outcome_of(decision, anybody_accepts, options.on_mixture));
  }
  plan.copies = copies_of(decisions, plan.outcomes);
  if (!anybody_accepts) {
    plan.fate = Fate::reject;
    plan.reply = gravest_reply(decisions);
    return plan;
  }
  plan.deliveries = deliveries_of(decisions, options);
  plan.stays = who_stays(plan.deliveries);
  plan.fate = plan.stays ? Fate::deliver : Fate::discard;
  return plan;
}

}  // namespace postern::decide
