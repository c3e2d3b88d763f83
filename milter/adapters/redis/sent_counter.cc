#include "adapters/redis/sent_counter.h"

#include <algorithm>
#include <random>
#include <utility>

#include "adapters/redis/sigpipe.h"
#include "base/log.h"
#include "base/metrics.h"

namespace postern::redis {
namespace {

constexpr Milliseconds kToldAgain = std::chrono::hours(1);
// A withdrawn message of another node may make room sooner than was said.
constexpr Milliseconds kLongestFull = std::chrono::minutes(1);

std::string cap_text(const std::optional<std::uint32_t>& cap) {
  return cap ? std::to_string(*cap) : "-1";
}

}  // namespace

SentCounter::SentCounter(SentCounterOptions options, const Clock& clock, ports::EventSink& events)
    : options_(std::move(options)),
      clock_(clock),
      events_(events),
      window_(std::to_string(options_.window.count())),
      state_(
          decide::SendingBudget(options_.address ? options_.offline_share : 1.0, options_.window)) {
  if (!options_.address) state_.why_down = "no Redis is configured";
}

SentCounter::~SentCounter() { stop(); }

void SentCounter::start() {
  if (thread_.joinable()) return;
  stopping_.clear();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void SentCounter::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  stopping_.signal();
  work_.signal();
  thread_ = {};
}

SentCounter::ConnectionPtr SentCounter::borrow() {
  if (!options_.address) return nullptr;
  std::unique_lock lock(mutex_);
  if (!std::exchange(state_.is_wanted, true)) work_.signal();
  const auto is_settled = [this] {
    return (!state_.is_up && !state_.is_starting) || !state_.idle.empty();
  };
  returned_.wait_for(lock, options_.timeout, is_settled);
  if (!state_.is_up || state_.idle.empty()) return nullptr;
  ConnectionPtr connection = std::move(state_.idle.back());
  state_.idle.pop_back();
  return connection;
}

void SentCounter::give_back(ConnectionPtr connection) {
  {
    const std::lock_guard lock(mutex_);
    // What was opened before the server went away belongs to nobody.
    if (state_.is_up && state_.idle.size() < options_.connections) {
      state_.idle.push_back(std::move(connection));
    }
  }
  returned_.notify_one();
}

void SentCounter::fail(const std::string& why) {
  bool is_news = false;
  std::vector<ConnectionPtr> dropped;
  {
    const std::lock_guard lock(mutex_);
    is_news = std::exchange(state_.is_up, false);
    state_.is_starting = false;
    state_.why_down = why;
    dropped.swap(state_.idle);
  }
  returned_.notify_all();
  metrics::set("postern_sending_count_shared", 0);
  if (!is_news) return;
  log::warning("sending limits: the shared count is away, this node spends its own share",
               {{"why", why}});
  work_.signal();
}

Result<SentAnswer> SentCounter::evaluate(Connection& connection, const std::string& script,
                                         const std::string& account,
                                         const std::vector<std::string>& arguments) const {
  const auto keys = sent_keys(options_.prefix, account);
  Command command{"EVAL", script, "3", keys[0], keys[1], keys[2], window_, account};
  for (const std::string& argument : arguments) command.emplace_back(argument);
  const auto reply = connection.ask(command);
  if (!reply) return reply.error();
  return read_sent_answer(*reply);
}

// Nothing: the shared count did not answer. `may_count`: it may have counted all the same.
std::optional<ports::SendingAnswer> SentCounter::ask(const ports::SendingRequest& request,
                                                     bool& may_count) {
  ConnectionPtr connection = borrow();
  if (!connection) return std::nullopt;
  const WithoutSigpipe guard;
  const SteadyTime began = clock_.steady();
  const auto told = evaluate(*connection, kReserveScript, request.account,
                             {request.id, std::to_string(request.recipients),
                              cap_text(request.caps.messages), cap_text(request.caps.recipients)});
  const std::chrono::duration<double> took = clock_.steady() - began;
  metrics::observe_seconds("postern_sending_count_seconds", took.count());
  if (!told) {
    may_count = true;
    fail(told.error().what);
    return std::nullopt;
  }
  give_back(std::move(connection));
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  state_.budget.learn(request.account, told->use, now);
  if (told->refused == decide::SendingLimit::messages) {
    const auto wait = std::min(Milliseconds(told->wait_ms), kLongestFull);
    state_.full[request.account] = {now + wait, *request.caps.messages};
  }
  return ports::SendingAnswer{told->refused, told->use};
}

ports::SendingAnswer SentCounter::spend(const ports::SendingRequest& request, bool may_count) {
  const SteadyTime now = clock_.steady();
  bool has_news = false;
  ports::SendingAnswer answer;
  {
    const std::lock_guard lock(mutex_);
    answer.refused =
        state_.budget.spend(request.account, request.id, request.recipients, request.caps, now);
    answer.use = state_.budget.use_of(request.account, now);
    has_news = options_.address && (!answer.refused || may_count);
    if (has_news) {
      state_.news.push_back({request.account, request.id, request.recipients, now,
                             answer.refused.has_value(), may_count});
    }
  }
  if (has_news) work_.signal();
  return answer;
}

ports::SendingAnswer SentCounter::reserve(const ports::SendingRequest& request) {
  bool may_count = false;
  auto shared = ask(request, may_count);
  const ports::SendingAnswer answer = shared ? *shared : spend(request, may_count);
  metrics::count(
      "postern_sending_reservations_total",
      {{"by", shared ? "shared" : "node"},
       {"result", answer.refused ? std::string(to_string(*answer.refused)) : "counted"}});
  tell(request, answer);
  return answer;
}

// Once an hour for each account: whoever goes on trying would fill the log.
void SentCounter::tell(const ports::SendingRequest& request, const ports::SendingAnswer& answer) {
  const bool is_last = request.caps.messages && answer.use.messages >= *request.caps.messages;
  if (!answer.refused && !is_last) return;
  const SteadyTime now = clock_.steady();
  {
    const std::lock_guard lock(mutex_);
    const auto [told, is_new] = state_.told.try_emplace(request.account, now);
    if (!is_new && now - told->second < kToldAgain) return;
    told->second = now;
  }
  const auto limit = answer.refused.value_or(decide::SendingLimit::messages);
  const auto cap =
      limit == decide::SendingLimit::messages ? request.caps.messages : request.caps.recipients;
  log::warning("sending limit reached",
               {{"account", request.account},
                {"limit", std::string(to_string(limit))},
                {"most", static_cast<std::uint64_t>(cap.value_or(0))},
                {"messages", static_cast<std::uint64_t>(answer.use.messages)},
                {"recipients", static_cast<std::uint64_t>(answer.use.recipients)}});
  events_.publish({"limit",
                   {{"account", request.account},
                    {"limit", std::string(to_string(limit))},
                    {"most", static_cast<std::int64_t>(cap.value_or(0))}}});
}

// What Redis has not heard of need not be taken back there: who is refused again and again while Redis is
// away would fill the memory. With mutex_ held.
bool SentCounter::forget_unsaid(const std::string& id) {
  // Taken back is what was just counted: it is among the last, or it is not worth the search.
  constexpr std::size_t kLast = 1'000;
  auto& news = state_.news;
  const auto is_it = [&id](const News& one) { return one.id == id && !one.is_withdrawn; };
  const std::size_t first = std::max(state_.being_told, news.size() - std::min(news.size(), kLast));
  const auto unsaid = news.begin() + static_cast<std::ptrdiff_t>(first);
  // One that is on its way, or that may have arrived, has to be taken back there.
  const auto told = news.begin() + static_cast<std::ptrdiff_t>(state_.being_told);
  if (std::any_of(news.begin(), told, is_it)) return false;
  const auto may_be_known = [&](const News& one) { return is_it(one) && one.may_be_known; };
  if (std::any_of(unsaid, news.end(), may_be_known)) return false;
  const auto gone = std::remove_if(unsaid, news.end(), is_it);
  if (gone == news.end()) return false;
  news.erase(gone, news.end());
  return true;
}

void SentCounter::release(const ports::SendingRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    state_.budget.take_back(request.account, request.id);
    state_.full.erase(request.account);
    if (!options_.address || forget_unsaid(request.id)) return;
    state_.news.push_back({request.account, request.id, request.recipients, clock_.steady(), true});
  }
  work_.signal();
}

bool SentCounter::is_full(const std::string& account, const decide::SendingCaps& caps) const {
  if (!caps.messages) return false;
  const std::lock_guard lock(mutex_);
  const auto found = state_.full.find(account);
  return found != state_.full.end() && *caps.messages <= found->second.cap &&
         clock_.steady() < found->second.until;
}

std::optional<std::string> SentCounter::alone() const {
  const std::lock_guard lock(mutex_);
  return state_.is_up ? std::nullopt : std::make_optional(state_.why_down);
}

decide::SendingUse SentCounter::last_known(const std::string& account) const {
  const std::lock_guard lock(mutex_);
  return state_.budget.use_of(account, clock_.steady());
}

}  // namespace postern::redis
