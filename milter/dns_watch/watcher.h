// Purpose:   looks in the background whether DNS says what identities and custom MAIL FROM domains need,
//            and tells the admin API where that is not what its documents say. It decides nothing: the
//            document in force alone does.
// Ownership: borrows everything of Parts, which outlives it; owns its thread.
// Threading: start() and stop() from one thread; look_at_one() is the thread's own work, and a test's
//            that has not started it. stop() waits for the question that is being asked.
// Failure:   none that a caller could see: what cannot be asked is a finding.
// Source:    docs/operating.md, "Checks of the DNS"; Identity.VerificationToken, mailFromDomain,
//            mxRecord, txtRecord.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/wakeup.h"
#include "dns_watch/question_ration.h"
#include "dns_watch/standing.h"
#include "health/domain_health.h"
#include "policy/snapshot.h"
#include "ports/event_sink.h"
#include "ports/resolver.h"
#include "ports/spf_checker.h"

namespace postern::dns_watch {

struct WatcherOptions {
  unsigned questions_per_minute = 60;  // 0: nothing is looked at
  Milliseconds look_every = std::chrono::hours(1);
  Milliseconds tell_again_after = std::chrono::hours(24);
  Milliseconds patience = std::chrono::seconds(5);  // for each question
};

class Watcher {
 public:
  struct Parts {
    const Published<policy::Snapshot>& snapshot;
    ports::Resolver& resolver;
    ports::SpfChecker& spf;
    ports::EventSink& events;
    const Clock& clock;
  };
  explicit Watcher(Parts parts, WatcherOptions options = {});
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void start();
  void stop();

  // Looks at the name that has waited longest, where one is due and the questions it takes may be put.
  // False: there was nothing to do.
  bool look_at_one();

 private:
  enum class Kind { identity, mail_from };
  using Key = std::pair<Kind, std::string>;
  // What a document asks for: other than before, and the name begins anew.
  struct Wanted {
    std::string token;                       // of an identity
    health::Facts::MailFrom mail_from = {};  // of a MAIL FROM
    Status document = Status::pending;
    bool same_as(const Wanted& other) const;
  };
  struct Name {
    Wanted wanted;
    Standing standing;
    SteadyTime due{};
    std::optional<SteadyTime> told;
    Status told_status = Status::pending;
    std::string told_warning;
  };

  void take_over(const policy::Snapshot& snapshot);
  void want(const Key& key, Wanted wanted, std::map<Key, Name>& kept);
  void look_at(const Key& key, Name& name);
  void tell(const Key& key, Name& name, const health::Entry& entry);
  void run(const std::stop_token& stop);
  Milliseconds until_next();

  const Parts parts_;
  const WatcherOptions options_;
  RationedResolver resolver_;
  std::uint64_t generation_ = 0;
  std::map<Key, Name> names_;
  std::set<std::pair<SteadyTime, Key>> queue_;  // all of them, by when they are due
  Wakeup stopped_;
  std::jthread thread_;
};

}  // namespace postern::dns_watch
