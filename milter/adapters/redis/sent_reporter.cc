// SentCounter's own thread: connections, and what Redis has to be told.
#include <algorithm>
#include <random>
#include <utility>

#include "adapters/redis/sent_counter.h"
#include "adapters/redis/sigpipe.h"
#include "base/log.h"
#include "base/metrics.h"

namespace postern::redis {
namespace {

constexpr std::size_t kNewsAtOnce = 500;
constexpr std::size_t kAccountsAtOnce = 200;
constexpr Milliseconds kGoodbye{500};
constexpr Milliseconds kPeoplesPatience{5'000};

}  // namespace

Result<SentCounter::ConnectionPtr> SentCounter::open(const std::stop_token& stop) const {
  return Connection::open(*options_.address, options_.login, options_.timeout, stop, stopping_);
}

// Mail asks again only when Redis knows of everything that was spent without it.
Status SentCounter::connect(ConnectionPtr& own, const std::stop_token& stop) {
  auto first = open(stop);
  if (!first) return first.error();
  own = std::move(*first);
  // Whether the scripts may run shows here, before mail would wait for it.
  if (const auto probe = evaluate(*own, kUseScript, "", {}); !probe) return probe.error();
  std::vector<ConnectionPtr> fresh;
  while (fresh.size() < options_.connections) {
    auto opened = open(stop);
    if (!opened) return opened.error();
    fresh.push_back(std::move(*opened));
  }
  while (true) {
    if (auto done = send_news(*own); !done) return done;
    const std::lock_guard lock(mutex_);
    if (!state_.news.empty()) continue;
    state_.is_up = true;
    state_.is_starting = false;
    state_.idle = std::move(fresh);
    break;
  }
  returned_.notify_all();
  metrics::set("postern_sending_count_shared", 1);
  return success();
}

Status SentCounter::send(Connection& connection, const std::vector<News>& batch) const {
  const SteadyTime now = clock_.steady();
  // In order within an account: what is withdrawn was counted before.
  for (std::size_t at = 0; at < batch.size();) {
    const News& first = batch[at];
    std::vector<std::string> arguments;
    for (; at < batch.size() && batch[at].account == first.account &&
           batch[at].is_withdrawn == first.is_withdrawn;
         ++at) {
      const News& one = batch[at];
      arguments.push_back(one.id);
      arguments.push_back(std::to_string(one.recipients));
      if (one.is_withdrawn) continue;
      const auto age = std::chrono::duration_cast<Milliseconds>(now - one.at);
      arguments.push_back(std::to_string(age.count()));
    }
    const auto told = evaluate(connection, first.is_withdrawn ? kWithdrawScript : kReportScript,
                               first.account, arguments);
    if (!told) return told.error();
  }
  return success();
}

Status SentCounter::send_news(Connection& connection) {
  while (true) {
    std::vector<News> batch;
    {
      const std::lock_guard lock(mutex_);
      const auto size = std::min(state_.news.size(), kNewsAtOnce);
      batch.assign(state_.news.begin(), state_.news.begin() + static_cast<std::ptrdiff_t>(size));
      state_.being_told = size;
    }
    if (batch.empty()) return success();
    Status done = send(connection, batch);
    if (!done) {
      // Who failed may have heard some of it: what is taken back of that has to be said.
      const std::lock_guard lock(mutex_);
      for (std::size_t at = 0; at < state_.being_told; ++at) state_.news[at].may_be_known = true;
      state_.being_told = 0;
      return done;
    }
    // Only this thread takes from the front.
    const std::lock_guard lock(mutex_);
    state_.being_told = 0;
    state_.news.erase(state_.news.begin(),
                      state_.news.begin() + static_cast<std::ptrdiff_t>(batch.size()));
    metrics::count("postern_sending_reported_total", {}, static_cast<double>(batch.size()));
  }
}

// Idle connections are asked for a sign of life, so that mail does not find them dead.
Status SentCounter::look_after(ConnectionPtr& own) {
  if (auto done = send_news(*own); !done) return done;
  std::vector<ConnectionPtr> resting;
  {
    const std::lock_guard lock(mutex_);
    // One stays with mail.
    while (state_.idle.size() > 1) {
      resting.push_back(std::move(state_.idle.front()));
      state_.idle.erase(state_.idle.begin());
    }
  }
  Status alive = success();
  for (const ConnectionPtr& one : resting) {
    const auto answer = one->ask({"PING"});
    if (alive && !answer) alive = answer.error();
  }
  if (!alive) return alive;
  for (ConnectionPtr& one : resting) give_back(std::move(one));
  if (const auto answer = own->ask({"PING"}); !answer) return answer.error();
  return success();
}

void SentCounter::sweep() {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  state_.budget.sweep(now);
  // What has left the window counts nowhere.
  while (!state_.news.empty() && now - state_.news.front().at > options_.window) {
    state_.news.pop_front();
  }
  std::erase_if(state_.full, [now](const auto& one) { return one.second.until <= now; });
  std::erase_if(state_.told,
                [now, this](const auto& one) { return now - one.second > options_.window; });
}

void SentCounter::run(const std::stop_token& stop) {
  const WithoutSigpipe guard;
  std::minstd_rand random(std::random_device{}());
  ConnectionPtr own;
  Milliseconds retry = options_.retry_from;
  bool was_told = false;
  SteadyTime swept = clock_.steady();
  while (!stop.stop_requested()) {
    work_.clear();
    if (stop.stop_requested()) break;  // stop() may have signalled just before
    if (clock_.steady() - swept > std::chrono::minutes(1)) {
      sweep();
      swept = clock_.steady();
    }
    if (!options_.address) {
      work_.wait(Deadline::after(std::chrono::minutes(1)));
      continue;
    }
    const auto [is_wanted, is_up] = [this] {
      const std::lock_guard lock(mutex_);
      return std::pair(state_.is_wanted, state_.is_up);
    }();
    if (!is_wanted) {
      work_.wait(Deadline::after(std::chrono::minutes(1)));
      continue;
    }
    const Status done = is_up && own ? look_after(own) : connect(own, stop);
    if (stop.stop_requested()) break;
    if (done) {
      if (!is_up) log::info("sending limits: counted together with the other nodes");
      was_told = false;
      retry = options_.retry_from;
      work_.wait(Deadline::after(options_.look_again));
      continue;
    }
    own.reset();
    fail(done.error().what);
    if (!is_up && !std::exchange(was_told, true)) {
      log::warning("sending limits: the shared count cannot be reached",
                   {{"why", done.error().what}});
    }
    std::uniform_int_distribution<Milliseconds::rep> jitter(retry.count() / 2, retry.count());
    stopping_.wait(Deadline::after(Milliseconds(jitter(random))));
    retry = std::min(retry * 2, options_.retry_to);
  }
  // What this node alone knows is worth one short try.
  const bool has_news = [this] {
    const std::lock_guard lock(mutex_);
    return !state_.news.empty();
  }();
  if (!options_.address || !has_news) return;
  const Wakeup never;
  auto last = Connection::open(*options_.address, options_.login,
                               std::min(options_.timeout, kGoodbye), {}, never);
  if (last) (void)send_news(**last);
}

Result<std::vector<ports::AccountUse>> SentCounter::ask_everybody() {
  const WithoutSigpipe guard;
  const Wakeup never;
  auto connection =
      Connection::open(*options_.address, options_.login, kPeoplesPatience, {}, never);
  if (!connection) return connection.error();
  const auto listed = (*connection)->ask({"ZRANGE", sent_keys(options_.prefix, "")[2], "0", "-1"});
  if (!listed) return listed.error();
  if (auto done = expect("ZRANGE", *listed, Reply::Kind::array); !done) return done.error();
  std::vector<ports::AccountUse> found;
  for (std::size_t at = 0; at < listed->items.size(); at += kAccountsAtOnce) {
    const std::size_t end = std::min(at + kAccountsAtOnce, listed->items.size());
    std::vector<std::array<std::string, 3>> keys;
    for (std::size_t i = at; i < end; ++i) {
      keys.push_back(sent_keys(options_.prefix, listed->items[i].text));
    }
    std::vector<Command> commands;
    for (std::size_t i = at; i < end; ++i) {
      const auto& [messages, recipients, accounts] = keys[i - at];
      commands.push_back({"EVAL", kUseScript, "3", messages, recipients, accounts, window_,
                          listed->items[i].text});
    }
    const auto replies = (*connection)->ask_all(commands);
    if (!replies) return replies.error();
    for (std::size_t i = at; i < end; ++i) {
      const auto use = read_sent_answer((*replies)[i - at]);
      if (!use) return use.error();
      if (use->use.messages > 0) found.push_back({listed->items[i].text, use->use});
    }
  }
  return found;
}

ports::SendingReport SentCounter::report() {
  ports::SendingReport report;
  if (options_.address) {
    auto everybody = ask_everybody();
    if (everybody) {
      report.accounts = std::move(*everybody);
      return report;
    }
    report.alone = everybody.error().what;
  }
  const std::lock_guard lock(mutex_);
  if (!report.alone) report.alone = state_.why_down;
  for (auto& [account, use] : state_.budget.list(clock_.steady())) {
    report.accounts.push_back({account, use});
  }
  return report;
}

}  // namespace postern::redis
