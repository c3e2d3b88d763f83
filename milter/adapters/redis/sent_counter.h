// Purpose:   the count of sent messages that all nodes share, in Redis; and, while it cannot be asked,
//            this node's own share of each limit.
// Ownership: owns its connections and its thread, which opens them, reports what was spent while Redis
//            was away, and looks after them. Borrows the clock and the event sink.
// Threading: as SendingLimits; start() and stop() from one thread.
// Failure:   a connection that fails, or a server that refuses, makes this node count by itself until
//            its thread has reported what it spent. Said once in the log, and counted. Without an
//            address this node always counts by itself, with the whole of each limit.
// Source:    outgoing.limit_timeout, outgoing.offline_share; docs/adr/0045; sent_scripts.h.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "adapters/redis/connection.h"
#include "adapters/redis/sent_scripts.h"
#include "base/clock.h"
#include "base/wakeup.h"
#include "decide/sending_budget.h"
#include "ports/event_sink.h"
#include "ports/sending_limits.h"

namespace postern::redis {

struct SentCounterOptions {
  std::optional<ServerAddress> address;
  std::string prefix = "postern:";
  Login login;
  Milliseconds timeout{200};  // of what mail waits for
  double offline_share = 0.1;
  Milliseconds window = std::chrono::hours(24);
  std::size_t connections = 4;
  Milliseconds look_again{5'000};
  Milliseconds retry_from{50};
  Milliseconds retry_to{2'000};
};

class SentCounter final : public ports::SendingLimits {
 public:
  SentCounter(SentCounterOptions options, const Clock& clock, ports::EventSink& events);
  ~SentCounter() override;

  void start();
  void stop();

  ports::SendingAnswer reserve(const ports::SendingRequest& request) override;
  void release(const ports::SendingRequest& request) override;
  bool is_full(const std::string& account, const decide::SendingCaps& caps) const override;
  decide::SendingUse last_known(const std::string& account) const override;
  std::optional<std::string> alone() const override;
  ports::SendingReport report() override;

 private:
  using ConnectionPtr = std::unique_ptr<Connection>;

  // What Redis has to be told: a message that was counted here alone, or one that counts no longer.
  struct News {
    std::string account;
    std::string id;
    std::uint32_t recipients = 0;
    SteadyTime at;
    bool is_withdrawn = false;
    bool may_be_known = false;  // Redis was asked, and may have counted it
  };
  struct Full {
    SteadyTime until;
    std::uint32_t cap = 0;
  };
  struct State {
    explicit State(decide::SendingBudget a_budget) : budget(std::move(a_budget)) {}
    bool is_wanted = false;  // nothing is asked of Redis before somebody has a limit
    bool is_starting = true;
    bool is_up = false;
    std::string why_down = "nobody was counted yet";
    std::vector<ConnectionPtr> idle;
    decide::SendingBudget budget;
    std::deque<News> news;
    std::size_t being_told = 0;  // so many at the front are on their way
    std::unordered_map<std::string, Full> full;
    std::map<std::string, SteadyTime> told;  // whom the log named as being at his limit
  };

  // Mail's side.
  ConnectionPtr borrow();
  void give_back(ConnectionPtr connection);
  void fail(const std::string& why);
  std::optional<ports::SendingAnswer> ask(const ports::SendingRequest& request, bool& may_count);
  bool forget_unsaid(const std::string& id);
  ports::SendingAnswer spend(const ports::SendingRequest& request, bool may_count);
  void tell(const ports::SendingRequest& request, const ports::SendingAnswer& answer);

  // The thread's side.
  void run(const std::stop_token& stop);
  Result<ConnectionPtr> open(const std::stop_token& stop) const;
  Status connect(ConnectionPtr& own, const std::stop_token& stop);
  Status send_news(Connection& connection);
  Status send(Connection& connection, const std::vector<News>& batch) const;
  Status look_after(ConnectionPtr& own);
  void sweep();
  Result<SentAnswer> evaluate(Connection& connection, const std::string& script,
                              const std::string& account,
                              const std::vector<std::string>& arguments) const;
  Result<std::vector<ports::AccountUse>> ask_everybody();

  const SentCounterOptions options_;
  const Clock& clock_;
  ports::EventSink& events_;
  const std::string window_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;  // a connection, or all of them are gone
  State state_;
  Wakeup work_;
  Wakeup stopping_;
  std::jthread thread_;
};

}  // namespace postern::redis
