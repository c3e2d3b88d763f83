// Purpose:   what a recipient's allow and block rules say about a sender.
// Ownership: a SenderQuestion borrows everything for the call; a SenderListing is a value.
// Threading: pure functions.
// Failure:   evidence that is not there counts as no pass, and the listing says that it was missed.
// Source:    docs/semantics.md, "Allow and block"; FilterSender, Domain.wblistPriority, OpenSRS allow
//            and block.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/ip.h"
#include "decide/authentication.h"
#include "decide/explanation.h"
#include "mail/envelope.h"
#include "mail/header_from.h"
#include "policy/resolve.h"

namespace postern::decide {

struct SenderListing {
  enum class Verdict {
    none,         // no rule counts
    allowed,      // ALLOW, or OpenSRS allow
    blocked,      // BLOCK
    forged,       // PROTECTED, and nobody vouches for the message
    always_spam,  // OpenSRS block
  };
  Verdict verdict = Verdict::none;
  std::string reason;  // "BLOCK badguys.fr of wblist:got.com names the envelope sender …"
  std::string source;  // the document of the rule that won
  // What is not known yet could lead to another verdict: a header From that has not come (for
  // blocked: one that could still save the sender), or evidence that nobody has gathered.
  bool may_change = false;
  // Only with forged: SPF or DKIM could not be told, and might have vouched. Empty: all was told.
  std::string unavailable;
};

struct SenderQuestion {
  const policy::RecipientPolicy& recipient;
  const mail::Sender& sender;
  const mail::HeaderFrom* from = nullptr;  // nullptr: RCPT, the header has not come
  std::optional<IpAddress> client;
  // Whether the client may send for this domain: by its login, its network or its provider.
  std::function<bool(const std::string& domain)> is_authorised_for;
  const SpfVerdict* spf = nullptr;  // nullptr: not asked, or not told
  const DkimVerdict* dkim = nullptr;
  const DmarcVerdict* dmarc = nullptr;
  std::chrono::system_clock::time_point now;
};

// With `why`, every rule that names the sender is noted there, those that did not count too.
SenderListing judge_sender_rules(const SenderQuestion& question, Explanation* why);

// Which evidence that is not there yet could change the verdict. Rules that name neither the envelope
// sender nor an author need none.
struct SenderNeeds {
  bool spf = false;
  bool dkim = false;
  bool dmarc = false;
};
SenderNeeds sender_rules_need(const SenderQuestion& question);

}  // namespace postern::decide
