#include "session/authenticate.h"

#include <algorithm>
#include <functional>

#include "base/random_id.h"
#include "base/signed_token.h"
#include "base/text.h"
#include "decide/dmarc.h"
#include "mail/domain_name.h"
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

constexpr std::size_t kMostAuthorDomains = 5;

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
// another try ends the same way; with a secret, so that no sender chooses to be outside. Without a
// key the draw holds until the next start.
unsigned sample_of(const Services& services, const mail::Message& message) {
  static const Secret kOfThisProcess(random_id());
  const mail::HeaderField* const id = message.find("Message-ID");
  if (id == nullptr) return 0;
  const Secret& key = services.token_keys.empty() ? kOfThisProcess : services.token_keys.front();
  return static_cast<unsigned>(keyed_hash("dmarc sample", id->value, key) % 100);
}

// What could not be told about SPF or DKIM is their temperror here, of the domain that would have been
// checked: a fault of ours makes nobody's mail a forgery. That no domain was there to check is told.
decide::SpfVerdict spf_of(const Services& services, const AuthenticationInput& input,
                          const decide::Evidence& evidence) {
  if (const auto* const verdict = std::get_if<SpfVerdict>(&evidence.spf)) {
    const bool was_checked = services.spf != nullptr && input.origin.address;
    if (was_checked || verdict->result != decide::SpfResult::none) return *verdict;
  }
  SpfVerdict verdict;
  verdict.result = decide::SpfResult::temperror;
  verdict.by_helo = input.sender.is_null;
  if (input.sender.address) {
    verdict.domain = input.sender.address->domain();
  } else if (input.sender.is_null) {
    verdict.domain = mail::to_a_label(input.origin.helo).value_or("");
  }
  return verdict;
}
decide::DkimVerdict dkim_of(const decide::Evidence& evidence, const std::string& domain) {
  if (const auto* const verdict = std::get_if<DkimVerdict>(&evidence.dkim)) return *verdict;
  decide::DkimSignature unknown;
  unknown.result = decide::DkimResult::temperror;
  unknown.domain = domain;
  return DkimVerdict{{unknown}};
}

// The higher, the worse for the message. A failure counts by what its domain asks for.
int badness(const DmarcVerdict& verdict) {
  constexpr int kFailure = 4;
  switch (verdict.result) {
    case decide::DmarcResult::pass:
      return 0;
    case decide::DmarcResult::none:
      return 1;
    case decide::DmarcResult::temperror:
      return 2;
    case decide::DmarcResult::permerror:
      return 3;
    case decide::DmarcResult::fail:
      break;
  }
  switch (verdict.policy) {
    case decide::DmarcPolicy::none:
      return kFailure;
    case decide::DmarcPolicy::quarantine:
      return kFailure + 1;
    case decide::DmarcPolicy::reject:
      return kFailure + 2;
  }
  return kFailure;
}

// Each once; one more than are judged tells that there are too many.
std::vector<std::string> author_domains(const mail::HeaderFrom& from) {
  std::vector<std::string> domains;
  for (const mail::Address& author : from.addresses) {
    if (std::find(domains.begin(), domains.end(), author.domain()) != domains.end()) continue;
    domains.push_back(author.domain());
    if (domains.size() > kMostAuthorDomains) break;
  }
  return domains;
}

DmarcVerdict too_many_authors(const std::string& domain) {
  DmarcVerdict verdict;
  verdict.result = decide::DmarcResult::fail;
  verdict.policy = verdict.published = decide::DmarcPolicy::reject;
  verdict.domain = domain;
  verdict.problem =
      "the header From names more than " + std::to_string(kMostAuthorDomains) + " domains";
  return verdict;
}

DmarcVerdict judge_author(const Services& services, const AuthenticationInput& input,
                          const decide::Evidence& evidence, const std::string& domain,
                          Deadline deadline) {
  const auto published = look_up_dmarc(*services.resolver, domain, deadline);
  if (!published) return decide::dmarc_temperror(domain, published.error().what);
  return decide::evaluate_dmarc(domain, *published, spf_of(services, input, evidence),
                                dkim_of(evidence, domain), sample_of(services, input.message));
}

// Each author's domain is asked (RFC 7489 6.6.1), and the worst answer stands: a forger gains nothing
// by naming himself beside the one he pretends to be.
Finding<DmarcVerdict> judge_dmarc(const Services& services, const Rules& rules,
                                  const AuthenticationInput& input,
                                  const decide::Evidence& evidence) {
  const auto domains = author_domains(input.from);
  if (domains.empty()) return DmarcVerdict{};
  if (services.resolver == nullptr) return Unavailable{"no DNS"};
  if (domains.size() > kMostAuthorDomains) return too_many_authors(domains.front());

  std::optional<DmarcVerdict> worst;
  if (input.from.mailboxes > input.from.addresses.size()) {
    worst.emplace().problem = "not every address in the header From can be read";
  }
  // Each has its own share of the time, so that none's silence hides what another one asks for.
  const Deadline end = Deadline::after(rules.authentication_timeout);
  auto left = static_cast<Milliseconds::rep>(domains.size());
  for (const std::string& domain : domains) {
    const Deadline share = Deadline::after(end.remaining() / left--);
    DmarcVerdict verdict = judge_author(services, input, evidence, domain, share);
    if (!worst || badness(verdict) > badness(*worst)) worst = std::move(verdict);
  }
  return std::move(*worst);
}

}  // namespace

bool is_trusted_relay(const std::optional<IpAddress>& client,
                      const std::vector<IpNetwork>& trusted_relays) {
  return client &&
         std::any_of(trusted_relays.begin(), trusted_relays.end(),
                     [&client](const IpNetwork& relay) { return relay.contains(*client); });
}

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
  evidence.dmarc = judge_dmarc(services, rules, input, evidence);
}

}  // namespace postern::session
