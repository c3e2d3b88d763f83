// Purpose:   where policy documents are written: what posternctl publishes, imports and pulls ends here.
// Ownership: a store owns its connection or its directory; texts are copied.
// Threading: one thread at a time.
// Failure:   temporary Errors where the store is away, permanent ones where it refuses. A failed write()
//            has changed nothing in Redis; in a directory what was written before the fault stands.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace postern::ports {

struct DocumentChange {
  std::string key;                  // canonical: policy::DocumentKey::to_string()
  std::optional<std::string> json;  // nothing: the document is deleted
};

class DocumentStore {
 public:
  DocumentStore() = default;
  DocumentStore(const DocumentStore&) = delete;
  DocumentStore& operator=(const DocumentStore&) = delete;
  virtual ~DocumentStore() = default;

  // "directory /etc/postern/policy", "redis 127.0.0.1:6379/0 postern:*".
  virtual std::string describe() const = 0;
  // The keys of all documents, in whatever spelling they stand there.
  virtual Result<std::vector<std::string>> keys() = 0;
  // The texts of those that are there and can be read.
  virtual Result<std::map<std::string, std::string>> read(const std::vector<std::string>& keys) = 0;
  // All of them and word of it. A call is one batch: keep it to some hundred documents.
  virtual Status write(const std::vector<DocumentChange>& changes) = 0;
};

}  // namespace postern::ports
