#include "provision/provisioner.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"

namespace postern::provision {
namespace {

using Verdict = ports::RecipientStanding::Verdict;

// Where there is no descriptor for a wake-up to be had, the queue is looked at this often.
constexpr Milliseconds kLookAgain{1'000};

void count(const char* outcome) {
  metrics::count("postern_provision_total", {{"outcome", outcome}});
}

}  // namespace

Provisioner::Provisioner(ports::RecipientProbe& probe, ports::EventSink& sink, const Clock& clock,
                         ProvisionerOptions options)
    : probe_(probe),
      sink_(sink),
      clock_(clock),
      options_(options),
      state_(State{Ration(options.per_domain_per_hour, options.most_addresses), {}}) {}

Provisioner::~Provisioner() { stop(); }

void Provisioner::start() {
  if (thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Provisioner::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  probe_.stop();
  news_.signal();
  thread_ = {};
}

void Provisioner::consider(const mail::Address& address, const policy::Domain& domain,
                           const policy::Platform& platform) {
  if (!domain.auto_provisioning) return;
  const char* const refused = state_.with([&](State& state) -> const char* {
    if (state.queue.size() >= options_.queue_limit) return "queue_full";
    switch (state.ration.ask(address.key(), domain.name, clock_.steady(), options_.remember)) {
      case Leave::asked_already:
        return "asked_already";
      case Leave::too_many:
        return "rate_limited";
      case Leave::granted:
        break;
    }
    state.queue.push_back({address, domain.id, domain.default_language, platform});
    return nullptr;
  });
  if (refused == nullptr) {
    news_.signal();
  } else {
    count(refused);
  }
}

std::optional<Provisioner::Question> Provisioner::next() {
  return state_.with([](State& state) -> std::optional<Question> {
    if (state.queue.empty()) return std::nullopt;
    Question question = std::move(state.queue.front());
    state.queue.pop_front();
    return question;
  });
}

void Provisioner::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    news_.clear();
    while (!stop.stop_requested()) {
      const auto question = next();
      if (!question) break;
      try {
        answer(*question);
      } catch (const std::exception& error) {
        log::error("provisioning", {{"why", error.what()}});
      }
    }
    if (!stop.stop_requested()) news_.wait(Deadline::after(kLookAgain));
  }
}

void Provisioner::answer(const Question& question) {
  const std::string email = question.address.key();
  const auto standing =
      probe_.probe(question.address, question.platform, Deadline::after(options_.probe_timeout));
  switch (standing.verdict) {
    case Verdict::exists:
      log::info("a mailbox to be created", {{"recipient", email}, {"why", standing.why}});
      sink_.publish({"provision",
                     {{"email", email},
                      {"domainId", question.domain_id},
                      {"platformId", question.platform.id},
                      {"language", question.language}}});
      count("published");
      return;
    case Verdict::does_not_exist:
      count("no_such_mailbox");
      return;
    case Verdict::unknown:
      break;
  }
  log::info("a platform does not say whether it knows a mailbox",
            {{"recipient", email}, {"why", standing.why}});
  state_.with(
      [&](State& state) { state.ration.remember(email, clock_.steady() + options_.retry_after); });
  count("unknown");
}

}  // namespace postern::provision
