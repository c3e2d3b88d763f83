#include "adapters/redis/redis_source.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <unordered_set>
#include <utility>

#include "adapters/redis/documents.h"
#include "adapters/redis/sigpipe.h"
#include "base/log.h"
#include "base/text.h"

namespace postern::redis {
namespace {

constexpr Milliseconds kBlock{1'000};

// The value of "run_id:" in INFO's text.
std::string run_id_in(std::string_view info) {
  for (const auto line : split(info, '\n')) {
    static constexpr std::string_view kName = "run_id:";
    if (line.starts_with(kName)) return std::string(trim(line.substr(kName.size())));
  }
  return {};
}

}  // namespace

RedisSource::RedisSource(RedisOptions options)
    : options_(std::move(options)),
      stream_(options_.prefix + "changes"),
      retry_(options_.retry_from) {}

std::string RedisSource::describe() const {
  return "redis " + options_.address.to_string() + " " + options_.prefix + "*";
}

void RedisSource::request_full_set() { full_set_wanted_ = true; }

void RedisSource::run(std::stop_token stop, ports::PolicySink& sink) {
  const WithoutSigpipe guard;
  const std::stop_callback on_stop(stop, [this] { stopping_.signal(); });
  std::minstd_rand random(std::random_device{}());
  position_.reset();
  while (!stop.stop_requested()) {
    const Error ended = follow(stop, sink);
    if (stop.stop_requested()) break;
    sink.availability(ended.what);
    // Many daemons must not come back to a server that has just started all at once.
    std::uniform_int_distribution<Milliseconds::rep> jitter(retry_.count() / 2, retry_.count());
    stopping_.wait(Deadline::after(Milliseconds(jitter(random))));
    retry_ = std::min(retry_ * 2, options_.retry_to);
  }
  stopping_.clear();
}

Error RedisSource::follow(const std::stop_token& stop, ports::PolicySink& sink) {
  auto connection =
      Connection::open(options_.address, options_.login, options_.patience, stop, stopping_);
  if (!connection) return connection.error();
  if (auto met = meet_server(**connection); !met) return met.error();
  while (!stop.stop_requested()) {
    auto done =
        full_set_due() ? load_everything(**connection, sink) : take_news(**connection, sink);
    if (!done) {
      // An entry too large to read would be met again from the same position.
      if ((*connection)->overflowed()) want_full_set(done.error().what);
      return done.error();
    }
    retry_ = options_.retry_from;
  }
  return temporary_error("stopping");
}

// Another server under the same address (a failover, a restart) may have another history: positions in
// its stream mean nothing to us. Where we may not ask, it counts as another one.
Status RedisSource::meet_server(Connection& connection) {
  const auto reply = connection.ask({"INFO", "server"});
  if (!reply) return reply.error();
  if (reply->kind != Reply::Kind::text && !reply->is_error("NOPERM")) {
    return error_of("INFO", *reply);
  }
  std::string run_id = reply->kind == Reply::Kind::text ? run_id_in(reply->text) : std::string();
  if (position_ && (run_id.empty() || run_id != run_id_)) {
    want_full_set("the server is another one or was restarted");
  }
  run_id_ = std::move(run_id);
  return success();
}

bool RedisSource::full_set_due() {
  if (full_set_wanted_.exchange(false)) position_.reset();
  if (!position_) return true;
  return options_.full_sync_every.count() > 0 &&
         std::chrono::steady_clock::now() - last_full_set_ >= options_.full_sync_every;
}

void RedisSource::want_full_set(const std::string& why) {
  if (position_) log::info("policy: everything is read again", {{"why", why}});
  position_.reset();
}

void RedisSource::ignore_keys(const std::vector<std::string>& names) {
  if (names.empty() || std::exchange(ignored_warned_, true)) return;
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  log::warning("policy: keys under the prefix that are no documents are ignored", {{"keys", list}});
}

Status RedisSource::load_everything(Connection& connection, ports::PolicySink& sink) {
  // The position first: what changes while we read is in the stream behind it.
  const auto state = look_at_stream(connection, stream_);
  if (!state) return state.error();
  const auto found = find_keys(connection, options_.prefix);
  if (!found) return found.error();
  ignore_keys(found->ignored);
  auto fetched = fetch(connection, options_.prefix, found->keys);
  if (!fetched) return fetched.error();
  std::erase_if(fetched->documents, [](const auto& document) { return !document.json; });

  position_ = state->last;
  last_full_set_ = std::chrono::steady_clock::now();
  sink.availability(std::nullopt);
  for (auto& one : fetched->unreadable) {
    sink.unreadable(std::move(one.key), std::move(one.origin), std::move(one.why));
  }
  sink.full_set(std::move(fetched->documents), position_->to_string());
  return success();
}

Status RedisSource::take_news(Connection& connection, ports::PolicySink& sink) {
  const auto news = read_stream(connection, stream_, *position_, kBlock);
  if (!news) return news.error();
  // Asked for after reading: what is still there now was there then.
  const auto state = look_at_stream(connection, stream_);
  if (!state) return state.error();
  if (const auto gap = gap_after(*position_, *state)) {
    want_full_set(*gap);
    return success();
  }
  sink.availability(std::nullopt);
  if (news->entries == 0) return success();
  if (auto sent = send_changes(connection, *news, sink); !sent) return sent.error();
  position_ = news->last;
  return success();
}

Status RedisSource::send_changes(Connection& connection, const StreamNews& news,
                                 ports::PolicySink& sink) {
  std::vector<std::string> keys;
  std::vector<std::string> ignored;
  for (const auto& key : news.keys) {
    if (is_document_key(key)) {
      keys.push_back(key);
    } else {
      ignored.push_back(printable(key, 100));
    }
  }
  ignored.resize(std::min<std::size_t>(ignored.size(), 3));
  ignore_keys(ignored);
  auto fetched = fetch(connection, options_.prefix, keys);
  if (!fetched) return fetched.error();
  for (auto& one : fetched->unreadable) {
    sink.unreadable(std::move(one.key), std::move(one.origin), std::move(one.why));
  }
  if (!fetched->documents.empty()) {
    sink.changes(std::move(fetched->documents), news.last.to_string());
  }
  return success();
}

}  // namespace postern::redis
