// Purpose:   mail for an address that nobody has created, in a domain with autoProvisioningOn: asks the
//            platform whether it knows the mailbox, and where it does, asks the admin API to create it.
// Ownership: borrows probe, sink and clock, which outlive it; owns its queue and its thread.
// Threading: consider() from many threads at once, and it never waits; start() and stop() from one.
//            stop() ends the probe that is running.
// Failure:   none that a caller could see. What is not asked because a queue or a ration is full is
//            counted (postern_provision_total{outcome}) and asked again with a later message. A
//            platform that could not tell is asked again after `retry_after`.
// Source:    Domain.autoProvisioningOn; docs/semantics.md, "Domain". The event is `provision` with
//            email, domainId, platformId and language.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/wakeup.h"
#include "ports/event_sink.h"
#include "ports/provisioning.h"
#include "ports/recipient_probe.h"
#include "provision/ration.h"

namespace postern::provision {

struct ProvisionerOptions {
  unsigned per_domain_per_hour = 60;
  Milliseconds remember = std::chrono::hours(24);
  Milliseconds retry_after = std::chrono::minutes(15);
  Milliseconds probe_timeout = std::chrono::seconds(10);
  std::size_t queue_limit = 1'000;
  std::size_t most_addresses = 100'000;
};

class Provisioner final : public ports::Provisioning {
 public:
  Provisioner(ports::RecipientProbe& probe, ports::EventSink& sink, const Clock& clock,
              ProvisionerOptions options = {});
  ~Provisioner() override;

  void start();
  void stop();
  void consider(const mail::Address& address, const policy::Domain& domain,
                const policy::Platform& platform) override;

 private:
  struct Question {
    mail::Address address;
    std::string domain_id;
    std::string language;
    policy::Platform platform;
  };
  struct State {
    Ration ration;
    std::deque<Question> queue;
  };

  void run(const std::stop_token& stop);
  std::optional<Question> next();
  void answer(const Question& question);

  ports::RecipientProbe& probe_;
  ports::EventSink& sink_;
  const Clock& clock_;
  const ProvisionerOptions options_;
  Guarded<State> state_;
  Wakeup news_;
  std::jthread thread_;
};

}  // namespace postern::provision
