// Purpose:   opens the vault and its outbox: stored mail as files, with an SQLite index.
//              <path>/blobs/ab/cd/<id>  one file per message, named by its id
//              <path>/tmp/<id>          a second name of the same file until the index has its rows,
//                                       and again from when they are about to go
//              <path>/aside/<id>        files that a check has taken out
//              <path>/index.sqlite      who may see what, until when
// Ownership: one process at a time opens a vault. Directories are 0700, files 0600.
// Threading: the vault may be used from many threads at once; files are written outside any lock.
// Units:     sizes in octets, times in milliseconds UTC (a WallTime comes back cut to that).
// Failure:   store(): file, its sync, its name, the directories' sync, then one index transaction.
//            Whatever stops it half way, a kill included, leaves the second name in tmp/; the next
//            open() finds it there and removes what has no row. A row without its file is
//            impossible: removing gives the file its second name, takes the rows out, then the file. Temporary: full, input/output. Permanent: an id stored before, no such
//            message, damage.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "ports/outbox.h"
#include "ports/vault.h"
#include "ports/vault_upkeep.h"

namespace postern::vault {

struct VaultOptions {
  std::string path;
  bool durable = true;         // false: nothing is synced; a power cut may lose the latest messages
  std::uint64_t max_size = 0;  // of all messages together; 0: no limit
  std::uint64_t min_free = 0;  // what a store() must leave free on the file system
  const Clock& clock;
};

// The vault, the outbox and the upkeep are one store: what leaves is committed with what is kept.
class Store : public ports::Vault, public ports::Outbox, public ports::VaultUpkeep {
 public:
  // The store's own outbox is of copies for the MTA; this one is of those for mailboxes.
  virtual ports::Outbox& mailboxes() = 0;
};

// Creates what is missing, brings an older index up to date. Refuses one of a newer version.
Result<std::unique_ptr<Store>> open(const VaultOptions& options);

}  // namespace postern::vault
