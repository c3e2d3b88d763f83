// Purpose:   one round of pulling everything that an admin API tells about mail into a store: domains,
//            users, groups, lists, filters, options; DKIM only to say where the keys do not fit.
// Ownership: borrows client, store and journal for the round.
// Threading: run() from one thread; it works with `jobs` threads of its own. progress() from any.
// Failure:   the end of an Outcome. What could not be had stays as it is stored, and is a problem. A domain
//            or user is deleted only if it came from this API before, the whole list was read and is as long
//            as the API says, and the API answers 404 for it by itself.
// Source:    docs/operating.md, "Pulling from an admin API".
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "adapters/admin_api/api_client.h"
#include "adapters/admin_api/committer.h"
#include "adapters/admin_api/listing.h"
#include "adapters/admin_api/task_pool.h"

namespace postern::admin_api {

struct PullOptions {
  std::size_t jobs = 4;
  std::set<std::string> domains;  // A-labels; empty: all. With some, nothing is deleted
  bool user_lists = true;         // a request for each user
  bool dry = false;
  double largest_loss = 0.5;  // of the domains known; more are not deleted
};

struct Progress {
  std::uint64_t domains = 0;
  std::uint64_t domains_done = 0;
  std::uint64_t users = 0;
  std::uint64_t users_done = 0;
  std::uint64_t requests = 0;
};

struct Outcome {
  enum class End { complete, incomplete, unauthorized, away, stopped, store_failed };
  End end = End::complete;
  std::string why;  // of an end that is none of the first two
  Counts counts;
  std::vector<std::string> problems;  // what stays as it is, and why; the first hundred
  std::uint64_t more_problems = 0;
  std::vector<std::string> notes;  // worth knowing, and no problem
  std::uint64_t requests = 0;
  bool resumed = false;
};

class Pull {
 public:
  Pull(ApiClient& client, ports::DocumentStore& store, Journal& journal, PullOptions options);

  Outcome run(const std::function<void()>& meanwhile);
  Progress progress() const;

 private:
  struct Told {  // what was noticed on the way
    std::vector<std::string> problems;
    std::uint64_t more_problems = 0;
    std::vector<std::string> notes;
    std::optional<Outcome::End> end;
    std::string why;
  };
  using Rules = std::map<std::string, policy::Json>;  // by id, or by number

  // The lists of everything.
  void pull_domains();
  void pull_users();
  void take_domain(policy::Json&& domain);
  void take_user(policy::Json&& user);
  // pull_domain.cc: what belongs to one.
  void pull_domain(policy::Json domain, const std::string& id, const std::string& name);
  void pull_user_list(const std::string& id, const std::string& address);
  void pull_options(policy::Json& domain, const std::string& id, const std::string& name);
  bool pull_array(const std::string& path, const policy::DocumentKey& key);
  bool pull_rules(const std::string& path, const std::string& owner);
  void check_dkim(const std::string& id, const std::string& name);
  // What is there no more.
  void delete_missing();
  bool is_gone(const policy::DocumentKey& key, const std::string& stored);

  bool wanted(const std::string& domain) const;
  // Whether this owner's list is one that this round leaves out, because the run before had read it.
  bool was_done_before(const std::string& owner) const;
  void tell(const ApiError& error);
  void end_with(Outcome::End end, const std::string& why);
  void problem(const std::string& what);
  void note(const std::string& what);

  ApiClient& client_;
  ports::DocumentStore& store_;
  Journal& journal_;
  const PullOptions options_;
  Committer committer_;
  TaskPool pool_;
  Guarded<Told> told_;
  Guarded<std::set<std::string>> asked_;         // domains and users whose tasks were added
  Guarded<std::map<std::string, Rules>> rules_;  // by owner, from whichever list they came
  Guarded<std::set<std::string>> own_lists_;     // owners whose own list was read here
  std::atomic<int> away_in_a_row_ = 0;
  std::atomic<bool> domains_whole_ = false;
  std::atomic<bool> users_whole_ = false;
  std::atomic<std::uint64_t> domains_ = 0;
  std::atomic<std::uint64_t> domains_done_ = 0;
  std::atomic<std::uint64_t> users_ = 0;
  std::atomic<std::uint64_t> users_done_ = 0;
};

}  // namespace postern::admin_api
