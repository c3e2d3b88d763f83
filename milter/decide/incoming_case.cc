#include "decide/incoming_case.h"

#include <string>

#include "decide/class_rules.h"

namespace postern::decide {
namespace {

using Verdict = SenderListing::Verdict;

class Notes {
 public:
  Notes(const IncomingCase& incoming, Explanation* why) : incoming_(incoming), why_(why) {}

  void not_needed(std::string_view what, std::string_view reason) const {
    if (why_ == nullptr) return;
    why_->add(std::string(what), incoming_.rules.policy_source, std::string(reason),
              Effect::not_looked_at);
  }
  // Whether the class can change anything under the policy; if not, that is noted.
  bool class_matters(std::string_view what, MailClass mail_class) const {
    if (decide::class_matters(*incoming_.rules.policy, mail_class)) return true;
    not_needed(what, "delivered and kept nowhere whatever is found");
    return false;
  }

 private:
  const IncomingCase& incoming_;
  Explanation* why_;
};

bool asks_for_types(const policy::AttachmentRules* rules) {
  return rules != nullptr && (rules->has(policy::AttachmentCheck::content_type) ||
                              rules->has(policy::AttachmentCheck::archive_content_type));
}

// Refused or kept as BLACKLISTED: only a virus comes before that.
Needs needs_of_blocked(const IncomingCase& incoming, const Notes& notes) {
  const policy::Policy& policy = *incoming.rules.policy;
  Needs needs;
  const ClassRule virus = rule_of(policy, MailClass::virus, 0);
  const ClassRule blocked = rule_of(policy, MailClass::blacklisted, 0);
  needs.virus = virus.store != blocked.store || virus.archive != blocked.archive;
  if (!needs.virus)
    notes.not_needed("virus", "the sender is blocked, and a virus is treated alike");
  for (const std::string_view what :
       {"attachments", "sender verify", "DMARC", "spam score", "bad encoding", "bad headers"}) {
    notes.not_needed(what, "the sender is blocked: " + incoming.listing.reason);
  }
  return needs;
}

}  // namespace

Needs& Needs::operator|=(const Needs& other) {
  virus |= other.virus;
  attachments |= other.attachments;
  attachment_types |= other.attachment_types;
  sender |= other.sender;
  dmarc |= other.dmarc;
  spam |= other.spam;
  uri_hosts |= other.uri_hosts;
  encoding |= other.encoding;
  headers |= other.headers;
  return *this;
}

Needs needs_of(const IncomingCase& incoming, bool dmarc_is_enforced, Explanation* why) {
  const policy::Policy& policy = *incoming.rules.policy;
  const Verdict verdict = incoming.listing.verdict;
  const Notes notes(incoming, why);
  if (verdict == Verdict::blocked || verdict == Verdict::forged) {
    return needs_of_blocked(incoming, notes);
  }
  Needs needs;
  needs.virus = true;
  needs.attachments = notes.class_matters("attachments", MailClass::bad_attachments);
  needs.attachment_types =
      needs.attachments && (asks_for_types(incoming.rules.attachments) ||
                            asks_for_types(incoming.rules.platform_attachments));
  if (verdict == Verdict::allowed) {
    for (const std::string_view what :
         {"sender verify", "DMARC", "spam score", "bad encoding", "bad headers"}) {
      notes.not_needed(what, "the sender is allowed: " + incoming.listing.reason);
    }
    return needs;
  }
  needs.sender = incoming.sender_is_verified;
  if (!needs.sender) {
    notes.not_needed("sender verify", "off, or a sender or client for whom it does not count");
  }
  needs.dmarc = dmarc_is_enforced;
  needs.encoding = notes.class_matters("bad encoding", MailClass::bad_encoding);
  needs.headers = notes.class_matters("bad headers", MailClass::bad_headers);
  if (verdict == Verdict::always_spam) {
    // The score still says whether spamScoreLimit is reached.
    needs.spam = policy.effective_spam_limit().has_value();
    if (!needs.spam) {
      notes.not_needed("spam score", "spam whatever the score: " + incoming.listing.reason);
    }
  } else if (spam_score_matters(policy)) {
    needs.spam = true;
  } else {
    notes.not_needed("spam score", "delivered and kept nowhere whatever the score");
  }
  needs.uri_hosts = needs.spam && incoming.rules.uris != nullptr;
  if (!needs.uri_hosts) {
    notes.not_needed("URI hosts", incoming.rules.uris == nullptr
                                      ? "the domain has no rules about them"
                                      : "they could only change the score");
  }
  return needs;
}

}  // namespace postern::decide
