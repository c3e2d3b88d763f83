#include "ctl/treatment.h"

#include <vector>

#include "predict/treatment.h"

namespace postern::ctl {
namespace {

using decide::Consideration;
using decide::Effect;

std::vector<const Consideration*> applied(const session::Explained& explained,
                                          const session::ExplainedRecipient& recipient) {
  std::vector<const Consideration*> list;
  for (const auto* why : {&explained.sender, &recipient.why}) {
    for (const Consideration& one : why->considered()) {
      const bool counts = one.effect == Effect::applied || one.effect == Effect::unavailable;
      if (counts) list.push_back(&one);
    }
  }
  return list;
}

// The class' own line only says what follows from the others.
bool is_summary(const Consideration& one) { return one.rule.starts_with("class "); }

const Consideration* only_in(const std::vector<const Consideration*>& list,
                             const std::vector<const Consideration*>& other, bool summaries) {
  for (const Consideration* one : list) {
    if (is_summary(*one) != summaries) continue;
    bool is_known = false;
    for (const Consideration* known : other) {
      is_known |= known->rule == one->rule && known->finding == one->finding;
    }
    if (!is_known) return one;
  }
  return nullptr;
}

std::string in_words(const Consideration& one) {
  return one.rule + (one.source.empty() ? "" : " (" + one.source + ")") + ": " + one.finding;
}

}  // namespace

std::string treatment(const session::Explained& explained,
                      const session::ExplainedRecipient& recipient) {
  if (explained.refused) return "refused at MAIL: " + predict::codes_of(*explained.refused);
  if (recipient.refused) return "refused at RCPT: " + predict::codes_of(*recipient.refused);
  if (recipient.decision) return predict::treatment(*recipient.decision, nullptr);
  if (!explained.reply) return "not reached";
  return (explained.reply->is_temporary() ? "deferred: " : "rejected: ") +
         predict::codes_of(*explained.reply);
}

std::string because(const session::Explained& before, const session::ExplainedRecipient& was,
                    const session::Explained& now, const session::ExplainedRecipient& is) {
  const auto earlier = applied(before, was);
  const auto later = applied(now, is);
  for (const bool summaries : {false, true}) {
    if (const Consideration* one = only_in(later, earlier, summaries)) return in_words(*one);
    if (const Consideration* one = only_in(earlier, later, summaries)) {
      return "no longer " + in_words(*one);
    }
  }
  if (was.policy_source != is.policy_source) {
    return "the rules of " + is.policy_source + " instead of " + was.policy_source;
  }
  return "other values in " + is.policy_source;
}

}  // namespace postern::ctl
