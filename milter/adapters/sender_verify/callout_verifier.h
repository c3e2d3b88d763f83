// Purpose:   the sender verification that asks the sender's own server (call-out), and remembers what
//            it said.
// Ownership: borrows resolver and clock, which outlive it; owns its memory and its probes.
// Threading: verify() from many threads at once; a probe runs on the thread that asks first, others
//            with the same address wait for it within their own deadline. stop() from any thread.
// Failure:   as SenderVerifier. A domain under opt-out, one that is asked about too much at once, and
//            an answer that does not come in time are unknown, with the reason.
// Units:     memory: at most `most_entries`, each under 1 KiB.
// Source:    docs/semantics.md, "Sender verify". Our own domains are the caller's to leave out.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/sender_verify/callout.h"
#include "adapters/sender_verify/standing_cache.h"
#include "base/guarded.h"
#include "ports/resolver.h"
#include "ports/sender_verifier.h"

namespace postern::sender_verify {

struct CalloutOptions {
  CalloutRules rules;
  Milliseconds budget = std::chrono::seconds(9);  // or the caller's deadline, if that is sooner
  unsigned most_per_domain = 2;                   // probes of one domain at a time
  std::size_t most_entries = 100'000;
  CacheTimes times;
  std::vector<std::string> opt_out;  // A-labels; with all their subdomains
};

class CalloutSenderVerifier final : public ports::SenderVerifier {
 public:
  CalloutSenderVerifier(CalloutOptions options, ports::Resolver& resolver, const Clock& clock);
  ~CalloutSenderVerifier() override;

  decide::SenderStanding verify(const mail::Address& sender, Deadline deadline) override;
  // Ends the probes that are running, and every later one at once.
  void stop();

 private:
  struct Flight;  // a probe in the air, and those who wait for it
  struct State {
    StandingCache cache;
    std::map<std::string, std::shared_ptr<Flight>> flights;  // by address
    std::map<std::string, unsigned> probes;                  // by domain
  };

  bool opted_out(const std::string& domain) const;
  decide::SenderStanding probe(const mail::Address& sender, const std::string& key, Flight& flight,
                               Deadline deadline);

  const CalloutOptions options_;
  ports::Resolver& resolver_;
  const Clock& clock_;
  Wakeup stopping_;
  Guarded<State> state_;
};

}  // namespace postern::sender_verify
