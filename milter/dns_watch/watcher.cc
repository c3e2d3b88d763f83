#include "dns_watch/watcher.h"

#include <algorithm>
#include <exception>

#include "base/log.h"
#include "base/metrics.h"
#include "health/mail_records.h"

namespace postern::dns_watch {
namespace {

// What one look takes at most: two names of a token; MX and TXT of a MAIL FROM domain.
constexpr unsigned kMostQuestions = 2;
// A new set of documents is noticed this soon.
constexpr Milliseconds kLookForDocuments = std::chrono::seconds(1);

std::string reason_of(const health::Entry& entry) {
  std::string reason;
  for (const std::string& line : entry.output) {
    if (line == "Passed" || line.starts_with("Lookup ")) continue;
    reason += (reason.empty() ? "" : "; ") + line;
  }
  return reason;
}

}  // namespace

bool Watcher::Wanted::same_as(const Wanted& other) const {
  return token == other.token && document == other.document &&
         mail_from.domain == other.mail_from.domain &&
         mail_from.mx_host == other.mail_from.mx_host &&
         mail_from.spf_include == other.mail_from.spf_include;
}

Watcher::Watcher(Parts parts, WatcherOptions options)
    : parts_(parts),
      options_(options),
      resolver_(parts.resolver, parts.clock, options.questions_per_minute, kMostQuestions) {}

Watcher::~Watcher() { stop(); }

void Watcher::start() {
  if (options_.questions_per_minute == 0 || thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Watcher::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  stopped_.signal();
  thread_ = {};
}

void Watcher::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      if (look_at_one()) continue;
    } catch (const std::exception& error) {
      log::error("checks of the DNS", {{"why", error.what()}});
    }
    stopped_.wait(Deadline::after(std::min(kLookForDocuments, until_next())));
  }
}

bool Watcher::look_at_one() {
  const policy::SnapshotPtr snapshot = parts_.snapshot.get();
  if (snapshot && snapshot->generation() != generation_) take_over(*snapshot);
  if (queue_.empty() || queue_.begin()->first > parts_.clock.steady()) return false;
  if (!resolver_.may_ask(kMostQuestions)) return false;
  const Key key = queue_.begin()->second;
  Name& name = names_.at(key);
  queue_.erase(queue_.begin());
  name.due = parts_.clock.steady() + options_.look_every;
  queue_.emplace(name.due, key);
  look_at(key, name);
  return true;
}

// Names that are as they were keep their standing; all others begin as their document says.
void Watcher::take_over(const policy::Snapshot& snapshot) {
  std::map<Key, Name> kept;
  snapshot.for_each_identity([&](const policy::Identity& identity) {
    // An address has no token: its owner answers a mail.
    if (identity.token.empty() || identity.name.find('@') != std::string::npos) return;
    Wanted wanted;
    wanted.token = identity.token;
    wanted.document = status_of(identity.status);
    want({Kind::identity, identity.name}, std::move(wanted), kept);
  });
  snapshot.for_each_mail_from([&](const policy::MailFrom& mail_from) {
    if (mail_from.domain.empty() || mail_from.mx_host.empty()) return;
    Wanted wanted;
    wanted.mail_from = {mail_from.domain, mail_from.mx_host, mail_from.spf_include};
    wanted.document = status_of(mail_from.status);
    want({Kind::mail_from, mail_from.name}, std::move(wanted), kept);
  });
  names_ = std::move(kept);
  queue_.clear();
  for (const auto& [key, name] : names_) queue_.emplace(name.due, key);
  generation_ = snapshot.generation();
}

void Watcher::want(const Key& key, Wanted wanted, std::map<Key, Name>& kept) {
  const auto known = names_.find(key);
  if (known != names_.end() && known->second.wanted.same_as(wanted)) {
    kept.emplace(key, std::move(known->second));
    return;
  }
  const SteadyTime now = parts_.clock.steady();
  const Status says = wanted.document;
  kept.emplace(key, Name{std::move(wanted), {says, now}, now, std::nullopt, says, ""});
}

Milliseconds Watcher::until_next() {
  if (queue_.empty()) return kLookForDocuments;
  const auto until_due =
      std::chrono::ceil<Milliseconds>(queue_.begin()->first - parts_.clock.steady());
  return std::max({until_due, resolver_.until_may_ask(kMostQuestions), Milliseconds(1)});
}

void Watcher::look_at(const Key& key, Name& name) {
  const health::Tools tools{resolver_, parts_.spf, nullptr, {}, {}, options_.patience};
  const bool is_identity = key.first == Kind::identity;
  const health::Entry entry = is_identity
                                  ? health::check_identity(key.second, name.wanted.token, tools)
                                  : health::check_mail_from(name.wanted.mail_from, tools);
  const SteadyTime now = parts_.clock.steady();
  const bool is_found = entry.result == health::Result::ok;
  name.standing = after_look(name.standing, is_found, now);
  metrics::count("postern_dns_checks_total", {{"kind", is_identity ? "identity" : "mailfrom"},
                                              {"result", is_found ? "found" : "not_found"}});
  tell(key, name, entry);
}

// Once for each change, and again each day as long as the document says something else.
void Watcher::tell(const Key& key, Name& name, const health::Entry& entry) {
  const Status status = name.standing.status;
  const std::string reason = reason_of(entry);
  // Of a record that was found: what is wrong with it all the same.
  const std::string warning = entry.result == health::Result::ok ? reason : "";
  const bool is_news = status != name.told_status || warning != name.told_warning;
  const bool is_overdue = status != name.wanted.document && name.told &&
                          parts_.clock.steady() - *name.told >= options_.tell_again_after;
  if (!is_news && !is_overdue) return;
  name.told = parts_.clock.steady();
  name.told_status = status;
  name.told_warning = warning;
  const bool is_identity = key.first == Kind::identity;
  log::info(
      is_identity ? "an identity's token in the DNS" : "a MAIL FROM domain's records in the DNS",
      {{"name", key.second}, {"status", std::string(to_string(status))}, {"why", reason}});
  const auto checked_at =
      std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.wall().time_since_epoch());
  parts_.events.publish({is_identity ? "identity" : "mailfrom",
                         {{"name", key.second},
                          {"status", std::string(to_string(status))},
                          {"documentStatus", std::string(to_string(name.wanted.document))},
                          {"reason", reason},
                          {"checkedAt", static_cast<std::int64_t>(checked_at.count())}}});
}

}  // namespace postern::dns_watch
