// Purpose:   which documents are refused and why, for `status` and the log.
// Ownership: a value; what is listed is told apart by key and origin, because two files may claim to
//            be one document.
// Threading: one thread at a time; the worker keeps it in a Guarded.
// Failure:   none.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "keeper/keeper.h"

namespace postern::keeper {

class Refusals {
 public:
  // True: it is new or has another reason than before, and so is worth a log line.
  bool add(const std::string& key, const std::string& origin, const std::string& reason,
           WallTime now);
  // A good version came from this origin.
  void remove(const std::string& key, const std::string& origin);
  // There is no such document any more.
  void remove_all(const std::string& key);
  // Whether an origin other than this one is refused under the key.
  bool has_other(const std::string& key, const std::string& origin) const;

  // Around a full set: what is not added between the two is forgotten; what is keeps its age.
  void begin_renewal();
  void end_renewal();

  std::size_t size() const { return entries_.size(); }
  std::vector<RefusedDocument> list() const;

 private:
  struct Entry {
    std::string reason;
    WallTime since;
  };
  using Entries = std::map<std::pair<std::string, std::string>, Entry>;

  Entries entries_;
  Entries before_;  // of the list that is being renewed
};

}  // namespace postern::keeper
