// Purpose:   documents by their keys: which there are, and their texts, bounded in size.
// Threading: one thread, like the connection it uses.
// Failure:   temporary Errors of the connection or the server. A value that is no text or too large is
//            listed as unreadable and the others go on.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapters/redis/connection.h"
#include "ports/policy_source.h"

namespace postern::redis {

inline constexpr std::size_t kMaxKeySize = 1'024;
inline constexpr std::int64_t kMaxValueSize = std::int64_t{16} << 20;

struct FoundKeys {
  std::vector<std::string> keys;     // distinct, without the prefix, of types we know
  std::vector<std::string> ignored;  // a few of the others, for one warning
};

// Whether a key (without the prefix) can be a document's; the stream and a list of somebody else's
// making are not.
bool is_document_key(std::string_view key);

Result<FoundKeys> find_keys(Connection& connection, const std::string& prefix);

struct Fetched {
  std::vector<ports::RawDocument> documents;  // json is nothing where there is no such key
  struct Unreadable {
    std::string key;
    std::string origin;
    std::string why;
  };
  std::vector<Unreadable> unreadable;
};

Result<Fetched> fetch(Connection& connection, const std::string& prefix,
                      const std::vector<std::string>& keys);

}  // namespace postern::redis
