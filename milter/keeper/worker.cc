#include "keeper/worker.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"

namespace postern::keeper {
namespace {

const char* const kFromCache = "policy cache";

// A held set is asked for again when the source has changed, but reading it all is dear.
constexpr std::chrono::seconds kBetweenLooks{10};

// What a name in the list or a log line may be at most; keys come from outside.
std::string shown(const std::string& key) { return printable(key, 400); }

}  // namespace

Worker::Worker(ports::PolicySource& source, ports::PolicyCache* cache,
               Published<policy::Snapshot>& published, const Clock& clock, KeeperOptions options)
    : source_(source),
      cache_(cache),
      published_(published),
      clock_(clock),
      options_(options),
      source_name_(source.describe()),
      current_(std::make_shared<const policy::Snapshot>()),
      cache_keeper_(cache, source_name_, clock),
      hold_(options.shrink_guard) {
  known_.with([&](Known& known) {
    known.status.source = source_name_;
    known.contact = clock_.steady();
  });
}

void Worker::start_from_cache() {
  CacheKeeper::Loaded loaded = cache_keeper_.load();
  generation_ = loaded.generation;
  if (!loaded.set) return end_batch();
  std::vector<Put> puts;
  std::vector<Refusal> refused;
  puts.reserve(loaded.set->documents.size());
  for (auto& document : loaded.set->documents) {
    if (auto key = policy::DocumentKey::parse(document.key)) {
      puts.push_back({std::move(*key), std::move(document.json), kFromCache, Fate::refused, {}});
    } else {
      refused.push_back({std::move(document.key), kFromCache, key.error().what});
    }
  }
  Outcome outcome = apply(*current_, options_.decode, std::move(puts), {});
  for (auto& refusal : refusals_of(outcome)) refused.push_back(std::move(refusal));
  refuse_all(refused);
  if (loaded.set->accepted_empty) outcome.editor.accept_empty(true);
  known_.with([](Known& known) { known.status.from_cache = true; });
  outcome.puts.clear();  // in the cache already
  outcome.erased.clear();
  current_ = outcome.editor.finish(++generation_);
  published_.set(current_);
  hold_.rebase(*current_);
  std::vector<std::string> unusable;
  unusable.reserve(refused.size());
  for (auto& refusal : refused) unusable.push_back(std::move(refusal.key));
  cache_keeper_.forget(std::move(unusable), *current_);
  known_.with([&](Known& known) { known.status.in_force_since = clock_.wall(); });
  log::info("policy: the cached set is in force",
            {{"generation", generation_}, {"source", source_name_}});
  end_batch();
}

// ---- what the source says ----------------------------------------------------------------------

void Worker::full_set(std::vector<ports::RawDocument> documents, std::string position) {
  in_contact();
  const bool accepted = accept_next_.exchange(false);
  Sorted sorted = sort_full_set(std::move(documents));
  Outcome outcome = apply(*current_, options_.decode, std::move(sorted.puts), sorted.erase);
  if (!accepted) {
    if (const auto why = hold_.refuse_full_set(*current_, outcome.editor.draft())) {
      hold_full_set(*why);
      return end_batch();
    }
  }
  const bool empty = !outcome.editor.draft().has_domains();
  if (accepted && empty) outcome.editor.accept_empty(true);
  known_.with([](Known& known) { known.refused.begin_renewal(); });
  refuse_all(unreadable_);
  refuse_all(sorted.refused);
  refuse_all(refusals_of(outcome));
  known_.with([](Known& known) { known.refused.end_renewal(); });
  waiting_.clear();
  waiting_bytes_ = 0;
  note_waiting(outcome);
  known_.with([](Known& known) { known.status.from_cache = false; });
  put_in_force(std::move(outcome), position, true);
  hold_.rebase(*current_);
  end_batch();
}

void Worker::hold_full_set(const std::string& why) {
  changed_since_hold_ = false;
  log::error("policy: a full set is held, it would lose too much (posternctl policy accept)",
             {{"why", why}, {"source", source_name_}, {"generation", generation_}});
}

// A held set may have been mended by the changes since: then the hold ends without anybody's word.
void Worker::look_again_at_what_is_held() {
  if (!changed_since_hold_ || !hold_.holds_full_set()) return;
  const SteadyTime now = clock_.steady();
  if (now < look_again_at_) return;
  changed_since_hold_ = false;
  look_again_at_ = now + kBetweenLooks;
  source_.request_full_set();
}

void Worker::changes(std::vector<ports::RawDocument> documents, std::string position) {
  in_contact();
  changed_since_hold_ = true;
  Sorted sorted = sort_changes(std::move(documents));
  Outcome outcome = apply_guarded(sorted);
  refuse_all(sorted.refused);
  note_change_fates(outcome);
  note_waiting(outcome);
  known_.with([](Known& known) { known.status.from_cache = false; });
  put_in_force(std::move(outcome), position, false);
  end_batch();
}

void Worker::unreadable(std::string key, std::string origin, std::string why) {
  const auto parsed = policy::DocumentKey::parse(key);
  unreadable_.push_back(
      {parsed ? parsed->to_string() : std::move(key), std::move(origin), std::move(why)});
  refuse(unreadable_.back());
  note_refused_count();
}

void Worker::availability(std::optional<std::string> away_because) {
  if (!away_because) {
    in_contact();
    unreadable_.clear();  // of the look before
    if (cache_keeper_.wants_full_set()) source_.request_full_set();
    look_again_at_what_is_held();
    return;
  }
  const bool is_news = known_.with([&](Known& known) {
    KeeperStatus& status = known.status;
    if (!status.source_away) status.source_away_since = clock_.wall();
    return std::exchange(status.source_away, away_because) != away_because;
  });
  if (is_news) {
    log::warning("policy: the source is away, the last policies stay in force",
                 {{"source", source_name_}, {"why", *away_because}});
  }
}

void Worker::in_contact() {
  const bool was_away = known_.with([&](Known& known) {
    known.contact = clock_.steady();
    known.status.last_contact = clock_.wall();
    known.status.source_away_since.reset();
    return std::exchange(known.status.source_away, std::nullopt).has_value();
  });
  if (was_away) log::info("policy: the source is back", {{"source", source_name_}});
}

// ---- putting in force --------------------------------------------------------------------------

// Deletions that would lose too much wait; everything else of the change happens.
Outcome Worker::apply_guarded(Sorted& sorted) {
  Outcome outcome = apply(*current_, options_.decode, std::move(sorted.puts), sorted.erase);
  if (outcome.erased.empty()) return outcome;
  const auto refused = hold_.refused_deletes(*current_, outcome.editor.draft());
  if (refused.empty()) return outcome;
  const bool held_before = hold_.holds();
  std::vector<policy::DocumentKey> allowed;
  for (auto& key : outcome.erased) {
    if (refused.contains(key.type)) {
      hold_.hold_delete(key);
    } else {
      allowed.push_back(key);
    }
  }
  if (allowed.size() == outcome.erased.size()) return outcome;
  if (!held_before) {
    log::error("policy: deletions are held, they would lose too much (posternctl policy accept)",
               {{"why", hold_.describe(*current_).value_or("")}, {"source", source_name_}});
  }
  return apply(*current_, options_.decode, std::move(outcome.puts), allowed);
}

void Worker::put_in_force(Outcome outcome, const std::string& position, bool full_set) {
  known_.with([&](Known& known) { known.status.position = position; });
  for (const Put& put : outcome.puts) {
    if (put.fate == Fate::applied || put.fate == Fate::unchanged) hold_.release(put.key);
  }
  const bool accepts_empty = outcome.editor.draft().usable() != current_->usable();
  const bool first = full_set && current_->generation() == 0;
  const bool changed = outcome.changed() || accepts_empty || first;
  if (changed) {
    current_ = outcome.editor.finish(++generation_);
    published_.set(current_);
    known_.with([&](Known& known) { known.status.in_force_since = clock_.wall(); });
    std::size_t applied = 0;
    for (const Put& put : outcome.puts) applied += put.fate == Fate::applied ? 1 : 0;
    log::info("policy: generation in force",
              {{"generation", generation_},
               {"changed", applied},
               {"erased", outcome.erased.size()},
               {"domains", current_->count(policy::DocumentType::domain)},
               {"users", current_->count(policy::DocumentType::user)},
               {"refused", known_.with([](const Known& known) { return known.refused.size(); })},
               {"source", source_name_},
               {"position", position}});
  }
  warn_of_plain_passwords(outcome);
  if (changed || full_set) cache_keeper_.write(std::move(outcome), *current_, full_set);
}

void Worker::warn_of_plain_passwords(const Outcome& outcome) const {
  for (const Put& put : outcome.puts) {
    if (put.fate != Fate::applied || put.key.type != policy::DocumentType::smarthost) continue;
    const policy::Smarthost* const smarthost = current_->smarthost(put.key.name);
    if (smarthost == nullptr || !smarthost->risks_its_password()) continue;
    log::warning("policy: a smarthost gets its password over a connection without TLS",
                 {{"key", put.key.to_string()}, {"host", smarthost->host}});
  }
}

// ---- who is refused ----------------------------------------------------------------------------

void Worker::refuse(const Refusal& refusal) {
  const std::string key = shown(refusal.key);
  const bool is_news = known_.with([&](Known& known) {
    return known.refused.add(key, refusal.origin, refusal.reason, clock_.wall());
  });
  if (!is_news) return;
  if (log_budget_ == 0) {
    ++unlogged_;
    return;
  }
  --log_budget_;
  log::warning("policy: document refused, its last good version stays",
               {{"key", key}, {"origin", refusal.origin}, {"reason", refusal.reason}});
}

void Worker::refuse_all(const std::vector<Refusal>& refusals) {
  for (const auto& refusal : refusals) refuse(refusal);
}

std::vector<Worker::Refusal> Worker::refusals_of(const Outcome& outcome) {
  std::vector<Refusal> refused;
  for (const Put& put : outcome.puts) {
    if (put.fate == Fate::refused || put.fate == Fate::conflicting) {
      refused.push_back({put.key.to_string(), put.origin, put.reason});
    }
  }
  return refused;
}

void Worker::note_change_fates(const Outcome& outcome) {
  refuse_all(refusals_of(outcome));
  known_.with([&](Known& known) {
    for (const Put& put : outcome.puts) {
      if (put.fate != Fate::applied && put.fate != Fate::unchanged) continue;
      known.refused.remove(put.key.to_string(), put.origin);
    }
  });
  for (const auto& key : outcome.erased) spelled_.erase(key);
}

void Worker::end_batch() {
  unreadable_.clear();
  if (const auto more = std::exchange(unlogged_, 0); more > 0) {
    log::warning("policy: further documents refused", {{"documents", more}});
  }
  log_budget_ = kRefusalsLoggedAtOnce;
  something_held_ = hold_.holds() || !current_->usable();
  known_.with([&](Known& known) {
    KeeperStatus& status = known.status;
    status.generation = current_->generation();
    status.cache_fault = cache_keeper_.fault();
    status.shrink_held = hold_.describe(*current_);
    if (!status.shrink_held && status.generation != 0 && !current_->usable()) {
      status.shrink_held = "there is no domain: mail is deferred until there is one";
    }
    status.counts.clear();
    for (const auto type : policy::kAllDocumentTypes) {
      status.counts.emplace_back(policy::to_string(type), current_->count(type));
    }
  });
  metrics::set("postern_policy_generation", static_cast<double>(current_->generation()));
  note_refused_count();
  refresh_age();
}

void Worker::note_refused_count() const {
  const auto count = known_.with([](const Known& known) { return known.refused.size(); });
  metrics::set("postern_policy_refused_documents", static_cast<double>(count));
}

// ---- what others ask ---------------------------------------------------------------------------

void Worker::refresh_age() const {
  const auto contact = known_.with([](const Known& known) { return known.contact; });
  metrics::set("postern_policy_age_seconds",
               std::chrono::duration<double>(clock_.steady() - contact).count());
}

KeeperStatus Worker::status() const {
  return known_.with([](const Known& known) {
    KeeperStatus status = known.status;
    status.refused = known.refused.list();
    return status;
  });
}

void Worker::accept() {
  if (something_held_) accept_next_ = true;
  source_.request_full_set();
}

Result<std::optional<std::string>> Worker::document(const policy::DocumentKey& key) const {
  const auto in_force = published_.get();
  const std::uint64_t fingerprint = in_force ? in_force->fingerprint(key) : 0;
  if (fingerprint == 0) return std::optional<std::string>();
  if (cache_ == nullptr) return temporary_error("there is no policy cache to read it from");
  auto text = cache_->read_one(key.to_string());
  if (!text) return text.error();
  if (!text.value() || policy::fingerprint_of(**text) != fingerprint) {
    return temporary_error(key.to_string() + ": the policy cache does not hold what is in force");
  }
  return text;
}

}  // namespace postern::keeper
