// Purpose:   documents as they were pulled, laid over what is stored, judged, and written where they differ.
// Ownership: borrows the store and the journal.
// Threading: put() and remove() from many threads at once, one at a time inside; a task's documents are
//            written before its done() is noted.
// Failure:   a document that the daemon would refuse is not written, what is stored stays, and it is a
//            problem. A store that fails ends everything: `failure` says why, and nothing more is written.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/admin_api/journal.h"
#include "base/guarded.h"
#include "policy/document_key.h"
#include "policy/json_tree.h"
#include "ports/document_store.h"

namespace postern::admin_api {

struct Counts {
  std::uint64_t fresh = 0;
  std::uint64_t changed = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t deleted = 0;
  std::uint64_t refused = 0;
};

class Committer {
 public:
  // `problem` is called from inside: it must not call back. `dry`: nothing is written.
  Committer(ports::DocumentStore& store, Journal& journal, bool dry,
            std::function<void(std::string)> problem);

  void put(const policy::DocumentKey& key, policy::Json fresh);
  // Deletes what came from this API before; anything else stays.
  void remove(const policy::DocumentKey& key);
  // Noted once everything that was put before is written.
  void done(const std::string& task);
  void flush();

  // As it is stored; nothing where it is not, or cannot be read.
  std::optional<std::string> stored(const policy::DocumentKey& key);
  Counts counts() const;
  std::optional<Error> failure() const;

 private:
  struct State {
    std::map<std::string, std::optional<policy::Json>> pending;  // nothing: to be deleted
    std::vector<std::string> tasks;
    Counts counts;
    std::optional<Error> failure;
  };
  void flush(State& state);
  std::optional<ports::DocumentChange> judge(State& state, const std::string& key,
                                             std::optional<policy::Json> fresh,
                                             const std::map<std::string, std::string>& stored);

  ports::DocumentStore& store_;
  Journal& journal_;
  const bool dry_;
  const std::function<void(std::string)> problem_;
  Guarded<State> state_;
};

}  // namespace postern::admin_api
