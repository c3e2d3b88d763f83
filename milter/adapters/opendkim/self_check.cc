#include "adapters/opendkim/self_check.h"

#include <algorithm>
#include <utility>

#include "adapters/opendkim/verifier.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "policy/dkim_record.h"
#include "ports/resolver.h"

namespace postern::opendkim {
namespace {

constexpr Milliseconds kLongest{2'000};

// Answers what the DNS would, if the documents' public keys stand in it.
class DocumentKeys final : public ports::Resolver {
 public:
  DocumentKeys(const std::string& domain, const std::vector<const policy::DkimKey*>& keys)
      : domain_(domain), keys_(keys) {}

  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType /*type*/,
                                 Deadline /*deadline*/) override {
    ports::DnsAnswer answer;
    answer.status = ports::DnsAnswer::Status::no_domain;
    for (const policy::DkimKey* key : keys_) {
      if (!equals_ignoring_case(name, policy::dkim_record_name(key->selector, domain_))) continue;
      answer.status = ports::DnsAnswer::Status::found;
      answer.texts.push_back(policy::dkim_record_text(*key));
    }
    return answer;
  }

 private:
  const std::string& domain_;
  const std::vector<const policy::DkimKey*>& keys_;
};

class SelfCheck final : public ports::Signer {
 public:
  SelfCheck(std::unique_ptr<ports::Signer> signer, unsigned sample, const Clock& clock)
      : signer_(std::move(signer)), sample_(sample), clock_(clock) {}

  Result<std::vector<std::string>> sign(const mail::Message& message, const std::string& domain,
                                        const std::vector<const policy::DkimKey*>& keys) override {
    auto signatures = signer_->sign(message, domain, keys);
    if (signatures && counter_.fetch_add(1, std::memory_order_relaxed) % sample_ == 0) {
      check(message, domain, keys, *signatures);
    }
    return signatures;
  }

 private:
  // As the message arrives: each of the later signatures above the earlier ones.
  void check(const mail::Message& message, const std::string& domain,
             const std::vector<const policy::DkimKey*>& keys,
             const std::vector<std::string>& signatures) {
    mail::Message arrived;
    for (auto one = signatures.rbegin(); one != signatures.rend(); ++one) {
      arrived.add_header("DKIM-Signature", *one);
    }
    for (const mail::HeaderField& field : message.headers()) {
      // Whoever else has signed it is not our business, and has no key here.
      if (equals_ignoring_case(field.name, "DKIM-Signature")) continue;
      arrived.add_header(field.name, field.value);
    }
    arrived.set_body(message.body());
    DocumentKeys documents(domain, keys);
    Verifier verifier(documents, clock_);
    const auto verdict = verifier.verify(arrived, Deadline::after(kLongest));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      // The verdict's order is the message's: the last signature first.
      const std::size_t at = keys.size() - 1 - i;
      const bool known = verdict && at < verdict->signatures.size();
      const bool good = known && verdict->signatures[at].result == decide::DkimResult::pass;
      metrics::count("postern_dkim_self_checks_total", {{"result", good ? "pass" : "fail"}});
      if (good) continue;
      const std::string why = !verdict ? verdict.error().what
                              : known  ? verdict->signatures[at].problem
                                       : "it was not found";
      log::error("a signature of our own does not verify",
                 {{"domain", domain}, {"selector", keys[i]->selector}, {"why", why}});
    }
  }

  const std::unique_ptr<ports::Signer> signer_;
  const unsigned sample_;
  const Clock& clock_;
  std::atomic<std::uint64_t> counter_ = 0;
};

}  // namespace

std::unique_ptr<ports::Signer> with_self_check(std::unique_ptr<ports::Signer> signer,
                                               unsigned sample, const Clock& clock) {
  if (sample == 0) return signer;
  return std::make_unique<SelfCheck>(std::move(signer), sample, clock);
}

}  // namespace postern::opendkim
