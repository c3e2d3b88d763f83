// Purpose:   the tables of the vault's index, and the one place that knows their version.
// Failure:   never; SQLite's refusal is the caller's to catch.
#pragma once

namespace postern::vault {

inline constexpr int kSchemaVersion = 4;

// A message is one blob, and at least one copy or one row in the outbox. `totals` is kept by triggers, so that asking for the
// sum costs nothing with a million rows. Releases are only ever added: they are the audit trail.
inline constexpr const char* kSchema = R"sql(
CREATE TABLE message (
  id         TEXT PRIMARY KEY,
  sha256     BLOB NOT NULL,
  size       INTEGER NOT NULL,
  format     TEXT NOT NULL,
  sender     TEXT NOT NULL,
  client     TEXT NOT NULL,
  helo       TEXT NOT NULL,
  queue_id   TEXT NOT NULL,
  subject    TEXT NOT NULL,
  score      INTEGER,
  virus      TEXT NOT NULL,
  eight_bit  INTEGER NOT NULL,
  smtputf8   INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  received   INTEGER NOT NULL,
  stored     INTEGER NOT NULL
);
CREATE TABLE copy (
  row        INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT NOT NULL REFERENCES message (id),
  recipient  TEXT NOT NULL COLLATE NOCASE,
  domain     TEXT NOT NULL COLLATE NOCASE,
  purpose    TEXT NOT NULL,
  mail_class TEXT NOT NULL,
  reason     TEXT NOT NULL,
  duration   INTEGER NOT NULL,
  received   INTEGER NOT NULL,
  expires    INTEGER
);
CREATE INDEX copy_by_id ON copy (id);
CREATE INDEX copy_by_time ON copy (received);
CREATE INDEX copy_by_recipient ON copy (recipient, received);
CREATE INDEX copy_by_domain ON copy (domain, received);
CREATE INDEX copy_by_expiry ON copy (expires) WHERE expires IS NOT NULL;
CREATE TABLE release (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  row    INTEGER NOT NULL REFERENCES copy (row),
  at     INTEGER NOT NULL,
  who    TEXT NOT NULL
);
CREATE INDEX release_by_row ON release (row);
CREATE TABLE totals (messages INTEGER NOT NULL, copies INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0, 0);
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
  UPDATE totals SET messages = messages + 1, bytes = bytes + NEW.size;
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
  UPDATE totals SET messages = messages - 1, bytes = bytes - OLD.size;
END;
CREATE TRIGGER copy_added AFTER INSERT ON copy BEGIN
  UPDATE totals SET copies = copies + 1;
END;
CREATE TRIGGER copy_removed AFTER DELETE ON copy BEGIN
  UPDATE totals SET copies = copies - 1;
END;
)sql";

// Version 2. A copy that has left its transaction, until the MTA has it; `recipients` is JSON.
inline constexpr const char* kOutboxSchema = R"sql(
CREATE TABLE outbox (
  row        INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT NOT NULL REFERENCES message (id),
  sender     TEXT NOT NULL,
  recipients TEXT NOT NULL,
  header     BLOB NOT NULL,
  body       BLOB,
  eight_bit  INTEGER NOT NULL,
  smtputf8   INTEGER NOT NULL,
  ret        TEXT NOT NULL,
  envid      TEXT NOT NULL,
  since      INTEGER NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  next       INTEGER NOT NULL,
  error      TEXT NOT NULL DEFAULT '',
  given_up   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX outbox_by_id ON outbox (id);
CREATE INDEX outbox_by_age ON outbox (given_up, since, row);
)sql";

// Version 4. Blobs may be compressed: what counts against max_size is what they take. Who released or
// deleted what is told after the row is gone as well. Lists by class or sender find what they look for.
inline constexpr const char* kUpkeepSchema = R"sql(
ALTER TABLE message ADD COLUMN stored_size INTEGER NOT NULL DEFAULT 0;
UPDATE message SET stored_size = size;
DROP TRIGGER message_added;
DROP TRIGGER message_removed;
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
  UPDATE totals SET messages = messages + 1, bytes = bytes + NEW.stored_size;
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
  UPDATE totals SET messages = messages - 1, bytes = bytes - OLD.stored_size;
END;
CREATE TABLE audit (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  who        TEXT NOT NULL,
  what       TEXT NOT NULL,
  id         TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  purpose    TEXT NOT NULL,
  mail_class TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_id ON audit (id);
CREATE INDEX copy_by_class ON copy (mail_class, received);
CREATE INDEX message_by_sender ON message (sender COLLATE NOCASE);
)sql";

}  // namespace postern::vault
