// Purpose:   whether the vault is whole: each message has its file and each file its message, every file is
//            what was stored, nothing is left half done. A step at a time, beside a daemon that goes on.
// Ownership: borrows store and index, which outlive it.
// Threading: as the two; what is being stored or removed while it is looked at is no finding.
// Failure:   an Error says why this step could not look; what it found is no Error.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "adapters/vault/blob_store.h"
#include "adapters/vault/index.h"
#include "base/result.h"
#include "ports/vault_upkeep.h"

namespace postern::vault {

class Checker {
 public:
  // `read`: a message by the index' facts, or a permanent Error where its file is damaged or missing.
  using Read = std::function<Result<std::string>(const std::string& id, const BlobFacts& facts)>;
  // `remove`: a message that nobody needs, with its file.
  using Remove = std::function<Status(const std::string& id)>;
  Checker(BlobStore& blobs, Index& index, Read read, Remove remove);

  // Beginning with ""; with `act`, what can be repaired is.
  Result<ports::VaultCheck> step(const std::string& after,
                                 const std::optional<ports::VaultAct>& act);

 private:
  using Act = std::optional<ports::VaultAct>;
  Result<ports::VaultCheck> messages(const std::string& after, const Act& act);
  Result<ports::VaultCheck> files(const std::string& first, const Act& act);
  Result<ports::VaultCheck> rest(const Act& act);
  Status look_at_message(const CheckedMessage& message, const Act& act, ports::VaultCheck& check);
  Status look_at_file(const BlobStore::FoundFile& file, const Act& act, ports::VaultCheck& check);

  BlobStore& blobs_;
  Index& index_;
  Read read_;
  Remove remove_;
};

}  // namespace postern::vault
