#include "decide/plan.h"

#include <algorithm>

namespace postern::decide {
namespace {

bool is_delivered(const Decision& decision) {
  return decision.disposition == Disposition::deliver || decision.disposition == Disposition::tag;
}

bool all_are(const std::vector<Decision>& decisions, Disposition disposition) {
  return std::all_of(decisions.begin(), decisions.end(), [disposition](const Decision& decision) {
    return decision.disposition == disposition;
  });
}

// All delivered, with one and the same subject.
bool share_one_message(const std::vector<Decision>& decisions) {
  return std::all_of(decisions.begin(), decisions.end(), [&](const Decision& decision) {
    return is_delivered(decision) && decision.subject_prefix == decisions.front().subject_prefix &&
           decision.added_header == decisions.front().added_header &&
           decision.would.empty() == decisions.front().would.empty();
  });
}

std::vector<PlannedCopy> copies_of(const std::vector<Decision>& decisions) {
  std::vector<PlannedCopy> copies;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (decisions[i].quarantine_copy) copies.push_back({i, Purpose::quarantine});
    if (decisions[i].retention_copy) copies.push_back({i, Purpose::retention});
    if (decisions[i].archive_copy) copies.push_back({i, Purpose::archive});
  }
  return copies;
}

// Recipients under observation share a message, whatever would have happened to each.
std::string all_that_would_be(const std::vector<Decision>& decisions) {
  std::vector<std::string> different;
  for (const Decision& decision : decisions) {
    if (std::find(different.begin(), different.end(), decision.would) == different.end()) {
      different.push_back(decision.would);
    }
  }
  std::string text;
  for (const std::string& one : different) text += (text.empty() ? "" : " | ") + one;
  return text;
}

Plan deferred(mail::Reply reply) {
  Plan plan;
  plan.fate = Fate::defer;
  plan.reply = std::move(reply);
  return plan;
}

}  // namespace

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::deliver:
      return "deliver";
    case Fate::discard:
      return "quarantine";
    case Fate::reject:
      return "reject";
    case Fate::defer:
      return "defer";
  }
  return "";
}

std::string_view outcome_of(const Plan& plan) {
  if (plan.fate != Fate::deliver) return to_string(plan.fate);
  if (!plan.would.empty()) return "observe";
  return plan.subject_prefix.empty() ? "deliver" : "tag";
}

Plan make_plan(const std::vector<Decision>& decisions) {
  const auto waiting = std::find_if(
      decisions.begin(), decisions.end(),
      [](const Decision& decision) { return decision.disposition == Disposition::defer; });
  if (waiting != decisions.end()) return deferred(waiting->reply);

  if (decisions.empty()) return deferred({451, "4.3.0", "no recipient"});

  Plan plan;
  plan.copies = copies_of(decisions);
  if (all_are(decisions, Disposition::reject)) {
    const auto gravest = std::min_element(
        decisions.begin(), decisions.end(),
        [](const Decision& a, const Decision& b) { return a.decider < b.decider; });
    plan.fate = Fate::reject;
    plan.reply = gravest->reply;
  } else if (all_are(decisions, Disposition::quarantine)) {
    plan.fate = Fate::discard;
  } else if (share_one_message(decisions)) {
    plan.fate = Fate::deliver;
    plan.subject_prefix = decisions.front().subject_prefix;
    plan.added_header = decisions.front().added_header;
    plan.would = all_that_would_be(decisions);
  } else {
    return deferred({451, "4.3.0", "recipients need different treatment, send to them one by one"});
  }
  return plan;
}

}  // namespace postern::decide
