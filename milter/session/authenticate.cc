#include "session/authenticate.h"

#include <cstdlib>

#include "base/text.h"
#include "decide/dmarc.h"
#include "session/dmarc_lookup.h"
#include "session/in_thread.h"

namespace postern::session {
namespace {

using decide::DkimVerdict;
using decide::DmarcVerdict;
using decide::Finding;
using decide::NotNeeded;
using decide::SpfVerdict;
using decide::Unavailable;

template <typename T>
bool is_open(const Finding<T>& finding) {
  return std::holds_alternative<NotNeeded>(finding);
}

Finding<DkimVerdict> verify_dkim(const Services& services, const Rules& rules,
                                 const mail::Message& message) {
  if (services.dkim_verifier == nullptr) return Unavailable{"no DKIM verifier"};
  auto verdict =
      services.dkim_verifier->verify(message, Deadline::after(rules.authentication_timeout));
  if (!verdict) return Unavailable{verdict.error().what};
  return std::move(*verdict);
}

// Which share of the failing mail a policy with pct= takes is drawn from the message itself, so that
// another try ends the same way.
unsigned lot_of(const mail::Message& message) {
  const mail::HeaderField* const id = message.find("Message-ID");
  return id == nullptr ? 0 : static_cast<unsigned>(std::hash<std::string>{}(id->value) % 100);
}

}  // namespace

SpfVerdict check_spf(const Services& services, const Rules& rules, const Origin& origin,
                     const mail::Sender& sender, const std::string& our_name) {
  SpfVerdict verdict;
  if (services.spf == nullptr) {
    verdict.problem = "no SPF checker";
    return verdict;
  }
  if (!origin.address) {
    verdict.problem = "the client cannot be told";
    return verdict;
  }
  if (!sender.is_null && !sender.address) {
    verdict.problem = "the envelope sender is no address";
    return verdict;
  }
  return services.spf->check({*origin.address, origin.helo, sender.address, our_name},
                             Deadline::after(rules.authentication_timeout));
}

void authenticate(const Services& services, const Rules& rules, const AuthenticationInput& input,
                  const AuthenticationWants& wants, decide::Evidence& evidence,
                  const std::function<void()>& progress) {
  const bool needs_spf = (wants.spf || wants.dmarc) && is_open(evidence.spf);
  const bool needs_dkim = (wants.dkim || wants.dmarc) && is_open(evidence.dkim);
  if (needs_spf && needs_dkim) {
    auto spf = in_thread("SPF", [&]() -> Result<SpfVerdict> {
      return check_spf(services, rules, input.origin, input.sender, input.our_name);
    });
    evidence.dkim = verify_dkim(services, rules, input.message);
    auto verdict = wait_for(spf, progress);
    if (verdict) {
      evidence.spf = std::move(*verdict);
    } else {
      evidence.spf = Unavailable{verdict.error().what};
    }
  } else if (needs_spf) {
    evidence.spf = check_spf(services, rules, input.origin, input.sender, input.our_name);
  } else if (needs_dkim) {
    evidence.dkim = verify_dkim(services, rules, input.message);
  }
  if (!wants.dmarc || !is_open(evidence.dmarc)) return;
  progress();
  evidence.dmarc = judge_dmarc(services.resolver, input.from, evidence, lot_of(input.message),
                               Deadline::after(rules.authentication_timeout));
}

}  // namespace postern::session
