// Purpose:   who may see which stored message, until when: the SQLite index of the vault.
// Ownership: owns two connections, one that writes and one that reads, so that a long list never
//            holds up a message on its way in.
// Threading: all members are called from many threads at once; writers wait for each other.
// Units:     times are milliseconds since 1970, UTC; sizes octets; scores thousandths.
// Failure:   temporary for what SQLite refuses; permanent for an id or a version that cannot be.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ports/vault.h"

namespace SQLite {  // NOLINT(readability-identifier-naming): its name is not ours
class Database;
}

namespace postern::vault {

// How the bytes of a blob are kept in its file.
enum class BlobFormat { plain };
std::string_view to_string(BlobFormat format);

struct BlobFacts {
  std::string sha256;  // of the message's bytes, 32 octets
  std::uint64_t size = 0;
  BlobFormat format = BlobFormat::plain;
};

struct InsertFailure {
  Error error;
  // The commit was written but not confirmed: after a crash the rows may be there.
  bool undecided = false;
};

class Index {
 public:
  ~Index();
  // Creates the file (0600) and its tables where missing.
  static Result<std::unique_ptr<Index>> open(const std::string& path, bool durable);

  // All rows of the message in one transaction; nothing answered: they are committed.
  std::optional<InsertFailure> insert(const ports::VaultMessage& message, const BlobFacts& blob,
                                      WallTime now);
  Result<std::vector<ports::VaultRow>> list(const ports::VaultFilter& filter);
  Result<std::optional<BlobFacts>> find(const std::string& id);
  Status mark_released(std::int64_t row, WallTime when, std::string_view who);
  Result<ports::VaultUsage> usage();

  // For the other tables of the same file: `work` has the connection for itself. Whatever SQLite
  // refuses, and whatever else `work` throws, becomes an Error that names `what`.
  Status write(std::string_view what, const std::function<void(SQLite::Database&)>& work);
  Status read(std::string_view what, const std::function<void(SQLite::Database&)>& work);

 private:
  struct Connections;
  explicit Index(std::unique_ptr<Connections> connections);
  std::unique_ptr<Connections> connections_;
};

}  // namespace postern::vault
