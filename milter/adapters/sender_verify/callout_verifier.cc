#include "adapters/sender_verify/callout_verifier.h"

#include <algorithm>
#include <exception>
#include <future>
#include <optional>
#include <utility>

#include "base/metrics.h"
#include "base/text.h"

namespace postern::sender_verify {
namespace {

using decide::SenderStanding;
using Verdict = SenderStanding::Verdict;

// Who gave the answer: the memory, a probe, or nobody.
SenderStanding tell(SenderStanding standing, const char* by) {
  const auto label = [&] {
    switch (standing.verdict) {
      case Verdict::exists:
        return "exists";
      case Verdict::does_not_exist:
        return "does_not_exist";
      case Verdict::unknown:
        break;
    }
    return "unknown";
  }();
  metrics::count("postern_sender_verify_total", {{"by", by}, {"verdict", label}});
  return standing;
}

}  // namespace

struct CalloutSenderVerifier::Flight {
  std::promise<SenderStanding> promise;
  std::shared_future<SenderStanding> answer = promise.get_future().share();
};

CalloutSenderVerifier::CalloutSenderVerifier(CalloutOptions options, ports::Resolver& resolver,
                                             const Clock& clock)
    : options_(std::move(options)),
      resolver_(resolver),
      clock_(clock),
      state_(State{StandingCache(options_.times, options_.most_entries), {}, {}}) {}

CalloutSenderVerifier::~CalloutSenderVerifier() = default;

void CalloutSenderVerifier::stop() { stopping_.signal(); }

bool CalloutSenderVerifier::opted_out(const std::string& domain) const {
  return std::any_of(options_.opt_out.begin(), options_.opt_out.end(), [&](const auto& listed) {
    return equals_ignoring_case(domain, listed) ||
           (domain.size() > listed.size() && domain.ends_with(ascii_lower(listed)) &&
            domain[domain.size() - listed.size() - 1] == '.');
  });
}

SenderStanding CalloutSenderVerifier::verify(const mail::Address& sender, Deadline deadline) {
  if (opted_out(sender.domain())) {
    return tell({Verdict::unknown, sender.domain() + " is not to be asked"}, "nobody");
  }
  const std::string key = sender.key();
  struct Look {
    std::optional<StandingCache::Found> known;
    std::shared_ptr<Flight> flight;  // nothing: the domain is asked about too much already
    bool ours = false;
  };
  const Look look = state_.with([&](State& state) {
    Look seen;
    seen.known = state.cache.find(key, clock_.steady());
    if (seen.known && seen.known->fresh) return seen;
    if (const auto at = state.flights.find(key); at != state.flights.end()) {
      seen.flight = at->second;
      return seen;
    }
    const auto running = state.probes.find(sender.domain());
    if (running != state.probes.end() && running->second >= options_.most_per_domain) return seen;
    auto flight = std::make_shared<Flight>();
    state.flights[key] = flight;
    ++state.probes[sender.domain()];
    seen.flight = std::move(flight);
    seen.ours = true;
    return seen;
  });
  // What is still believed is worth more than the wait for somebody else's probe.
  if (look.known && !look.ours) return tell(look.known->standing, "memory");
  if (!look.flight) {
    return tell({Verdict::unknown, sender.domain() + ": too many probes at once"}, "nobody");
  }
  if (look.ours) {
    return tell(
        probe(sender, key, *look.flight, deadline.sooner_of(Deadline::after(options_.budget))),
        "probe");
  }
  if (look.flight->answer.wait_until(deadline.at()) == std::future_status::ready) {
    return tell(look.flight->answer.get(), "probe");
  }
  return tell({Verdict::unknown, "no answer in time from a probe under way"}, "nobody");
}

SenderStanding CalloutSenderVerifier::probe(const mail::Address& sender, const std::string& key,
                                            Flight& flight, Deadline deadline) {
  SenderStanding standing;
  try {
    standing = call_out(sender, options_.rules, resolver_, stopping_, deadline);
  } catch (const std::exception& error) {
    standing.why = printable(error.what(), 100);
  }
  // Those who wait get the answer whatever becomes of the memory.
  SenderStanding believed = state_.with([&](State& state) {
    state.flights.erase(key);
    const auto running = state.probes.find(sender.domain());
    if (running != state.probes.end() && --running->second == 0) state.probes.erase(running);
    return state.cache.store(key, std::move(standing), clock_.steady());
  });
  flight.promise.set_value(believed);
  return believed;
}

}  // namespace postern::sender_verify
