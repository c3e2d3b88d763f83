#include "decide/match.h"

#include "decide/attachment_rules.h"
#include "decide/recipient.h"
#include "decide/uri_rules.h"

namespace postern::decide {
namespace {

using Verdict = SenderListing::Verdict;

// One message and one recipient, asked class by class.
class Classes {
 public:
  Classes(const IncomingCase& incoming, const Evidence& evidence, const DecideOptions& options,
          Explanation* why)
      : incoming_(incoming),
        policy_(*incoming.rules.policy),
        evidence_(evidence),
        options_(options),
        why_(why) {}

  std::optional<Match> oversize() const;
  std::optional<Match> virus() const;
  std::optional<Match> blacklisted() const;
  std::optional<Match> bad_attachments() const;
  std::optional<Match> sender_verify() const;
  std::optional<Match> dmarc() const;
  std::optional<Match> spam(const std::optional<MilliScore>& score) const;
  std::optional<Match> defects(MailClass mail_class, const Finding<Defects>& found) const;
  std::optional<Match> advert() const;
  std::optional<MilliScore> own_score() const;
  bool is_allowed() const { return incoming_.listing.verdict == Verdict::allowed; }

 private:
  // Notes the class with what was found, and passes the match on.
  std::optional<Match> noted(std::string_view rule, std::optional<Match> match,
                             std::string_view otherwise) const;
  void note_unavailable(std::string_view rule, const std::string& reason) const;

  const IncomingCase& incoming_;
  const policy::Policy& policy_;
  const Evidence& evidence_;
  const DecideOptions& options_;
  Explanation* why_;
};

std::optional<Match> Classes::noted(std::string_view rule, std::optional<Match> match,
                                    std::string_view otherwise) const {
  if (why_ != nullptr) {
    why_->add(std::string(rule), incoming_.rules.policy_source,
              match ? match->reason : std::string(otherwise),
              match ? Effect::applied : Effect::no_match);
  }
  return match;
}

void Classes::note_unavailable(std::string_view rule, const std::string& reason) const {
  if (why_ == nullptr) return;
  why_->add(std::string(rule), incoming_.rules.policy_source, reason, Effect::unavailable);
}

std::optional<Match> Classes::oversize() const {
  return noted("mailSizeLimit", match_oversize(policy_, evidence_),
               std::to_string(evidence_.size) + " octets are within it");
}

std::optional<Match> Classes::virus() const {
  if (evidence_.virus_fault) note_unavailable("virus", evidence_.virus_fault->why);
  if (!std::holds_alternative<VirusVerdict>(evidence_.virus)) return std::nullopt;
  return noted("virus", match_virus(evidence_), "none found");
}

std::optional<Match> Classes::blacklisted() const {
  const SenderListing& listing = incoming_.listing;
  if (listing.verdict == Verdict::forged && !listing.unavailable.empty()) {
    // Who might have vouched could not be asked: the sender keeps the mail and tries again.
    note_unavailable("PROTECTED", listing.unavailable);
    return Match{MailClass::blacklisted, listing.reason + "; " + listing.unavailable, "",
                 mail::Reply{451, "4.7.1", "sender cannot be authenticated now, try again later"}};
  }
  if (listing.verdict == Verdict::forged) {
    return Match{MailClass::blacklisted, listing.reason, "",
                 mail::Reply{550, "5.7.1", "forged sender"}};
  }
  if (listing.verdict != Verdict::blocked) return std::nullopt;
  return Match{MailClass::blacklisted, listing.reason, ""};
}

std::optional<Match> Classes::bad_attachments() const {
  const auto* const found = std::get_if<content::Attachments>(&evidence_.attachments);
  if (found == nullptr) return std::nullopt;
  const auto denied = deny_attachment(*found, incoming_.rules, why_);
  if (!denied) return std::nullopt;
  return Match{MailClass::bad_attachments, denied->reason, denied->description};
}

std::optional<Match> Classes::sender_verify() const {
  if (!incoming_.sender_is_verified) return std::nullopt;
  const auto* const standing = std::get_if<SenderStanding>(&evidence_.sender);
  if (standing == nullptr) return std::nullopt;
  if (standing->verdict == SenderStanding::Verdict::unknown) {
    note_unavailable("senderVerifyOn", standing->why);
    return std::nullopt;
  }
  const bool is_missing = standing->verdict == SenderStanding::Verdict::does_not_exist;
  return noted("senderVerifyOn",
               is_missing ? std::make_optional<Match>({MailClass::sender_verify, standing->why, ""})
                          : std::nullopt,
               standing->why.empty() ? "the sender exists" : standing->why);
}

std::optional<Match> Classes::dmarc() const {
  const auto* const verdict = std::get_if<DmarcVerdict>(&evidence_.dmarc);
  if (!options_.dmarc_is_enforced || verdict == nullptr) return std::nullopt;
  if (verdict->result == DmarcResult::temperror) {
    note_unavailable("dmarc", verdict->problem);
    return std::nullopt;
  }
  const bool asks_for_it = verdict->policy != DmarcPolicy::none;
  const std::string finding = "DMARC " + std::string(to_string(verdict->result)) + " for " +
                              verdict->domain + ", p=" + std::string(to_string(verdict->policy));
  if (verdict->result != DmarcResult::fail || !asks_for_it) {
    return noted("dmarc", std::nullopt, finding);
  }
  return noted(
      "dmarc",
      Match{MailClass::sender_verify, finding, "",
            mail::Reply{550, "5.7.1", "refused by the DMARC policy of the sender's domain"}},
      "");
}

std::optional<Match> Classes::spam(const std::optional<MilliScore>& score) const {
  if (incoming_.listing.verdict == Verdict::always_spam) {
    return Match{MailClass::spam, incoming_.listing.reason, ""};
  }
  const auto* const verdict = std::get_if<SpamVerdict>(&evidence_.spam);
  if (!score) return std::nullopt;
  const std::string told = "score " + format_score(*score) + " from " +
                           (verdict == nullptr ? "the rules about hosts" : verdict->scanner);
  if (*score < policy_.spam_score) {
    return noted("spamScore", std::nullopt, told + " is below " + format_score(policy_.spam_score));
  }
  std::string reason = told + " reaches spamScore " + format_score(policy_.spam_score);
  const auto limit = policy_.effective_spam_limit();
  if (limit && *score >= *limit) reason += " and spamScoreLimit " + format_score(*limit);
  return noted("spamScore", Match{MailClass::spam, std::move(reason), ""}, "");
}

std::optional<Match> Classes::defects(MailClass mail_class, const Finding<Defects>& found) const {
  const auto* const list = std::get_if<Defects>(&found);
  if (list == nullptr) return std::nullopt;
  std::string text;
  for (const std::string& defect : *list) text += (text.empty() ? "" : "; ") + defect;
  return noted(to_string(mail_class),
               list->empty() ? std::nullopt : std::make_optional<Match>({mail_class, text, text}),
               "no defect");
}

std::optional<Match> Classes::advert() const {
  const auto* const verdict = std::get_if<SpamVerdict>(&evidence_.spam);
  if (verdict != nullptr && verdict->advert) {
    return noted("advert", Match{MailClass::advert, verdict->scanner + " calls it advertising", ""},
                 "");
  }
  const auto& marks = evidence_.bulk_marks;
  if (marks.empty() || marks.size() < options_.advert_marks) {
    return noted("advert", std::nullopt,
                 std::to_string(marks.size()) + " marks of bulk mail, " +
                     std::to_string(options_.advert_marks) + " make an advert");
  }
  std::string reason = "bulk mail by";
  for (const std::string& mark : marks) reason += " " + mark;
  return noted("advert", Match{MailClass::advert, std::move(reason), ""}, "");
}

std::optional<MilliScore> Classes::own_score() const {
  const auto* const verdict = std::get_if<SpamVerdict>(&evidence_.spam);
  const auto* const hosts = std::get_if<std::vector<std::string>>(&evidence_.uri_hosts);
  std::optional<MilliScore> score;
  if (verdict != nullptr) score = verdict->score;
  if (incoming_.rules.uris == nullptr || hosts == nullptr) return score;
  static const std::vector<UriHit> kNoHits;
  const MilliScore delta =
      uri_score(*hosts, verdict == nullptr ? kNoHits : verdict->uri_hits, incoming_.rules, why_);
  // Rules about hosts count without a scanner too.
  return delta == 0 ? score : std::make_optional(score.value_or(0) + delta);
}

}  // namespace

std::optional<Match> match_oversize(const policy::Policy& policy, const Evidence& evidence) {
  const auto refusal = refuse_size(policy, evidence.size);
  if (!refusal) return std::nullopt;
  return Match{MailClass::oversize, std::to_string(evidence.size) + " octets exceed mailSizeLimit",
               refusal->text};
}

std::optional<Match> match_virus(const Evidence& evidence) {
  const auto* const verdict = std::get_if<VirusVerdict>(&evidence.virus);
  if (verdict == nullptr || verdict->name.empty()) return std::nullopt;
  return Match{MailClass::virus, verdict->name, verdict->name};
}

Matches match_classes(const IncomingCase& incoming, const Evidence& evidence,
                      const DecideOptions& options, Explanation* why) {
  const Classes classes(incoming, evidence, options, why);
  Matches matches;
  matches.score = classes.own_score();
  const auto add = [&matches](std::optional<Match> match) {
    if (match) matches.classes.push_back(std::move(*match));
    return match.has_value();
  };
  add(classes.oversize());
  add(classes.virus());
  add(classes.blacklisted());
  add(classes.bad_attachments());
  // An allowed sender is spared the rest, whatever was found for the sake of other recipients.
  if (classes.is_allowed()) return matches;
  if (!add(classes.sender_verify())) add(classes.dmarc());
  const bool is_spam = add(classes.spam(matches.score));
  add(classes.defects(MailClass::bad_encoding, evidence.encoding_defects));
  add(classes.defects(MailClass::bad_headers, evidence.header_defects));
  if (!is_spam) add(classes.advert());
  return matches;
}

}  // namespace postern::decide
