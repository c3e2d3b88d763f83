// Purpose:   libopendkim, reduced to what is left for it here: canonical forms, hashes, signatures.
// Ownership: a Library owns one instance of the C library; a LibraryPool owns those that are idle.
// Threading: a Library serves one thread at a time; the pool serves all.
// Failure:   nothing if there is no memory for an instance; whatever the library says of a signature
//            is a Finding.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/guarded.h"
#include "decide/authentication.h"

namespace postern::opendkim {

struct Field {
  std::string text;  // "Name: value", folds are CRLF + WSP; no NUL
  bool is_signature = false;
  const std::string* key = nullptr;  // with a signature that is to be checked: its key record
};

struct Finding {
  decide::DkimResult result = decide::DkimResult::neutral;
  std::string problem;
};

class Library {
 public:
  static std::unique_ptr<Library> make();
  virtual ~Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // One finding per signature that is to be checked, in the order of the fields. `body` has CRLF line
  // ends only; past the deadline no more of it is hashed and every finding is temperror.
  virtual std::vector<Finding> check(const std::vector<Field>& fields, std::string_view body,
                                     Deadline deadline) = 0;

 protected:
  Library() = default;
};

// As many instances as threads ever checked at once.
class LibraryPool {
 public:
  // Nothing: no memory.
  std::unique_ptr<Library> take();
  void give_back(std::unique_ptr<Library> library);

 private:
  Guarded<std::vector<std::unique_ptr<Library>>> idle_;
};

}  // namespace postern::opendkim
