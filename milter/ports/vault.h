// Purpose:   stored mail: one blob per message, one row per recipient and purpose.
// Ownership: the vault owns what it stores; ids name it.
// Threading: all members are called from many threads at once.
// Failure:   store() is all or nothing and durable when it answers ok (file, fsync, directory fsync,
//            committed index); any Error means that the sender must keep the mail (451).
// Source:    QuarantineProps, RetentionProps, ArchiveProps (durations, flags).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "decide/mail_class.h"
#include "decide/purpose.h"
#include "policy/documents.h"
#include "ports/submitter.h"

namespace postern::ports {

using decide::Purpose;
using decide::purpose_from;
using decide::to_string;

struct VaultCopy {
  std::string recipient;  // where it is released to: canonical address, ready for RCPT TO
  std::string domain;     // the primary domain whose rules decided
  Purpose purpose = Purpose::quarantine;
  decide::MailClass mail_class = decide::MailClass::clean;
  std::string reason;
  int duration = 0;  // days; archive: calendar months; 0: for ever
  // Where it is delivered to as well, ready for RCPT TO, the folder in it; empty: it is kept here alone.
  std::string mailbox = {};
};

// A copy of the message that leaves its transaction for recipients of its own: it is handed to the MTA
// later, by whoever empties the outbox, until the MTA has it. Its body is the stored message's.
struct OutboxCopy {
  std::string sender;  // envelope sender of this copy, without < >; empty: the null sender
  std::vector<SubmissionRecipient> recipients;  // at least one
  // Its whole header block: lines end in CRLF, no blank line behind them. Empty: the message as it was
  // stored, header and all, from which forged fields of ours are taken out on its way.
  std::string header;
  std::optional<std::string> body;  // nothing: as the message was stored
  bool eight_bit = false;
  bool smtputf8 = false;
  std::string ret;    // RET=, or empty
  std::string envid;  // ENVID=, or empty
};

struct VaultMessage {
  std::string id;          // the transaction's id, 32 hex digits
  std::string_view bytes;  // as the MTA handed it over
  std::string sender;      // envelope sender, without < >; empty: the null sender
  std::string client;      // IP address in text
  std::string helo;
  std::string queue_id;
  std::string subject;  // decoded, for people
  std::optional<policy::MilliScore> score;
  std::string virus;
  bool eight_bit = false;
  bool smtputf8 = false;
  std::uint64_t generation = 0;
  WallTime received;
  // At least one of these two holds something; both are committed together.
  std::vector<VaultCopy> copies;
  std::vector<OutboxCopy> outbox;
  // The header block of the copies that are delivered into mailboxes, as OutboxCopy's.
  std::string mailbox_header = {};
};

// One stored row, as listed.
struct VaultRow {
  std::int64_t row = 0;
  std::string id;
  VaultCopy copy;
  std::string sender;
  std::string client;
  std::string queue_id;
  std::string subject;
  std::optional<policy::MilliScore> score;
  std::string virus;
  bool eight_bit = false;
  bool smtputf8 = false;
  std::uint64_t generation = 0;
  std::uint64_t size = 0;         // of the message, octets
  std::uint64_t stored_size = 0;  // what its file takes
  WallTime received;
  std::optional<WallTime> expires;
  std::optional<WallTime> released;
  std::string released_by;
};

struct VaultFilter {
  std::optional<std::string> id = {};
  std::optional<std::string> recipient = {};
  std::optional<std::string> domain = {};
  std::optional<Purpose> purpose = {};
  std::optional<decide::MailClass> mail_class = {};
  std::optional<std::string> sender = {};  // envelope sender; "": the null sender
  std::optional<WallTime> received_from = {};
  std::optional<WallTime> received_before = {};
  std::size_t limit = 100;  // newest first
  std::size_t offset = 0;
};

struct VaultUsage {
  std::uint64_t messages = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // what the files take
};

class Vault {
 public:
  Vault() = default;
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;
  virtual ~Vault() = default;

  virtual Status store(const VaultMessage& message) = 0;
  virtual Result<std::vector<VaultRow>> list(const VaultFilter& filter) = 0;
  // The message's bytes. Verified against the digest in the index: a damaged blob is an Error.
  virtual Result<std::string> read(const std::string& id) = 0;
  virtual Result<VaultUsage> usage() = 0;
  // Whether there is room for more (readiness): a temporary Error "vault full: ..." if not.
  virtual Status can_store() = 0;
};

}  // namespace postern::ports
