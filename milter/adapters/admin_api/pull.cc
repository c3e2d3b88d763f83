#include "adapters/admin_api/pull.h"

#include <algorithm>
#include <utility>

#include "adapters/admin_api/texts.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/domain_name.h"

namespace postern::admin_api {
namespace {

using policy::DocumentKey;
using policy::DocumentType;
using policy::Json;

constexpr std::size_t kProblemsKept = 100;
constexpr int kMostAwayInARow = 5;

// The domain that a document belongs to: of "wblist:joe@got.com" that is got.com.
std::string domain_of(const DocumentKey& key) {
  const std::size_t at = key.name.rfind('@');
  return at == std::string::npos ? key.name : key.name.substr(at + 1);
}

}  // namespace

Pull::Pull(ApiClient& client, ports::DocumentStore& store, Journal& journal, PullOptions options)
    : client_(client),
      store_(store),
      journal_(journal),
      options_(std::move(options)),
      committer_(store, journal, options_.dry, [this](const std::string& what) { problem(what); }),
      pool_(std::max<std::size_t>(options_.jobs, 1)) {}

Progress Pull::progress() const {
  return {domains_.load(), domains_done_.load(), users_.load(), users_done_.load(),
          client_.requests()};
}

bool Pull::wanted(const std::string& domain) const {
  return options_.domains.empty() || options_.domains.contains(domain);
}

void Pull::problem(const std::string& what) {
  told_.with([&](Told& told) {
    if (told.problems.size() < kProblemsKept) {
      told.problems.push_back(printable(what, 400));
    } else {
      ++told.more_problems;
    }
  });
}

void Pull::note(const std::string& what) {
  told_.with([&](Told& told) {
    if (told.notes.size() < kProblemsKept) told.notes.push_back(printable(what, 400));
  });
}

void Pull::end_with(Outcome::End end, const std::string& why) {
  told_.with([&](Told& told) {
    if (told.end) return;
    told.end = end;
    told.why = why;
  });
  pool_.stop();
  client_.stop();
}

void Pull::tell(const ApiError& error) {
  switch (error.fault) {
    case ApiFault::unauthorized:
      end_with(Outcome::End::unauthorized, error.what);
      return;
    case ApiFault::stopped:
      pool_.stop();
      return;
    case ApiFault::away:
      problem(error.what);
      if (++away_in_a_row_ >= kMostAwayInARow) end_with(Outcome::End::away, error.what);
      return;
    case ApiFault::forbidden:
    case ApiFault::not_found:
    case ApiFault::wrong:
      away_in_a_row_ = 0;
      problem(error.what);
      return;
  }
}

void Pull::take_domain(Json&& domain) {
  const auto name = mail::to_a_label(text_of(domain, "name"));
  const std::string id = text_of(domain, "id");
  if (!name || id.empty()) {
    problem("/domains: a domain without name or id");
    return;
  }
  if (!wanted(*name)) return;
  const bool first = asked_.with(
      [&](std::set<std::string>& asked) { return asked.insert("domain:" + *name).second; });
  if (!first) return;  // a list that is read again
  ++domains_;
  pool_.add([this, shared = std::make_shared<Json>(std::move(domain)), id, name = *name] {
    pull_domain(std::move(*shared), id, name);
    ++domains_done_;
  });
}

void Pull::take_user(Json&& user) {
  const auto address = mail::Address::parse(text_of(user, "email"));
  const std::string id = text_of(user, "id");
  if (!address || id.empty()) {
    problem("/users: a user without email or id");
    return;
  }
  if (!wanted(address->domain())) return;
  const DocumentKey key{DocumentType::user, address->key()};
  const bool first = asked_.with(
      [&](std::set<std::string>& asked) { return asked.insert(key.to_string()).second; });
  if (!first) return;
  ++users_;
  committer_.put(key, std::move(user));
  const bool asks = options_.user_lists && !journal_.is_done(key.to_string());
  if (!asks) {
    ++users_done_;
    return;
  }
  pool_.add([this, id, address = key.name] {
    pull_user_list(id, address);
    ++users_done_;
  });
}

void Pull::pull_domains() {
  const auto result = read_list(client_, "/domains",
                                {[] {}, [this](Json&& domain) { take_domain(std::move(domain)); }});
  if (const auto* error = std::get_if<ApiError>(&result)) {
    // Without it there is nothing to go on with.
    if (error->fault == ApiFault::away) end_with(Outcome::End::away, error->what);
    tell(*error);
    return;
  }
  const auto& listing = std::get<Listing>(result);
  if (!listing.consistent) problem(listing.why + ": nothing is taken for deleted");
  domains_whole_ = listing.consistent && listing.counted && listing.entries > 0;
}

void Pull::pull_users() {
  const auto result =
      read_list(client_, "/users", {[] {}, [this](Json&& user) { take_user(std::move(user)); }});
  if (const auto* error = std::get_if<ApiError>(&result)) {
    tell(*error);
    return;
  }
  const auto& listing = std::get<Listing>(result);
  if (!listing.consistent) problem(listing.why + ": nothing is taken for deleted");
  users_whole_ = listing.consistent && listing.counted;
}

// The API itself must say of this very one that it is not there: what is missing in a list may be there for
// whoever has the right to see it.
bool Pull::is_gone(const DocumentKey& key, const std::string& stored) {
  const auto tree = policy::parse_json(stored);
  const std::string id = tree ? text_of(*tree, "id") : "";
  if (id.empty()) {
    problem(key.to_string() + ": missing in the list, and has no id to ask for; it stays");
    return false;
  }
  const std::string path =
      (key.type == DocumentType::domain ? "/domains/" : "/users/") + path_segment(id);
  auto answer = client_.get(path);
  if (const auto* error = std::get_if<ApiError>(&answer)) {
    if (error->fault == ApiFault::not_found) return true;
    if (error->fault == ApiFault::forbidden) {
      problem(key.to_string() + ": missing in the list for want of a permission; it stays");
    } else {
      tell(*error);
    }
    return false;
  }
  // Ids are handed out again: another object under it is not this one.
  const auto& found = std::get<ApiAnswer>(answer).body;
  const auto name =
      DocumentKey::parse(std::string(policy::to_string(key.type)) + ":" +
                         text_of(found, key.type == DocumentType::domain ? "name" : "email"));
  if (name && *name != key) return true;
  problem(key.to_string() + ": missing in the list, and there when it is asked for; it stays");
  return false;
}

void Pull::delete_missing() {
  if (!options_.domains.empty()) return;
  std::vector<std::string> candidates;
  for (const std::string& name : journal_.missing()) {
    const auto key = DocumentKey::parse(name);
    if (!key) continue;
    const bool whole = key->type == DocumentType::domain
                           ? domains_whole_.load()
                           : key->type == DocumentType::user && users_whole_.load();
    if (whole) candidates.push_back(name);
  }
  const auto stored = store_.read(candidates);
  if (!stored) {
    problem(stored.error().what);
    return;
  }
  std::set<std::string> gone;
  std::size_t domains_gone = 0;
  for (const auto& [name, text] : *stored) {
    const auto key = DocumentKey::parse(name);
    if (key && is_gone(*key, text)) {
      gone.insert(key->name);
      if (key->type == DocumentType::domain) ++domains_gone;
    }
  }
  const auto domains_known = static_cast<double>(domains_.load() + domains_gone);
  if (static_cast<double>(domains_gone) > options_.largest_loss * domains_known) {
    problem(std::to_string(domains_gone) + " of " + std::to_string(domains_.load() + domains_gone) +
            " domains would be deleted: they stay; --accept-loss lets it happen");
    return;
  }
  for (const std::string& name : journal_.missing()) {
    const auto key = DocumentKey::parse(name);
    if (key && (gone.contains(key->name) || gone.contains(domain_of(*key))))
      committer_.remove(*key);
  }
}

Outcome Pull::run(const std::function<void()>& meanwhile) {
  Outcome outcome;
  outcome.resumed = journal_.begin_round();
  pool_.add([this] { pull_domains(); });
  pool_.add([this] { pull_users(); });
  pool_.finish([&] {
    meanwhile();
    if (committer_.failure()) {
      pool_.stop();
      client_.stop();
    }
  });
  committer_.flush();
  const auto ended = [this] { return told_.with([](const Told& told) { return told.end; }); };
  const bool stopped = client_.stopped();
  if (!ended() && !stopped && !committer_.failure()) {
    delete_missing();
    committer_.flush();
  }
  outcome.counts = committer_.counts();
  outcome.requests = client_.requests();
  told_.with([&](Told& told) {
    outcome.problems = std::move(told.problems);
    outcome.more_problems = told.more_problems;
    outcome.notes = std::move(told.notes);
    outcome.why = told.why;
  });
  if (const auto failure = committer_.failure()) {
    outcome.end = Outcome::End::store_failed;
    outcome.why = failure->what;
  } else if (const auto end = ended()) {
    outcome.end = *end;
  } else if (client_.stopped()) {
    outcome.end = Outcome::End::stopped;
    outcome.why = "stopped";
  } else {
    outcome.end = outcome.problems.empty() ? Outcome::End::complete : Outcome::End::incomplete;
    if (!options_.dry && options_.domains.empty()) {
      if (const Status done = journal_.end_round(); !done)
        outcome.notes.push_back(done.error().what);
    }
  }
  return outcome;
}

}  // namespace postern::admin_api
