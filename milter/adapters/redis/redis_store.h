// Purpose:   writes policy documents as the daemon expects it: the documents and an entry of the change
//            stream that names them in one MULTI, so that no reader sees the one without the other.
// Ownership: owns its connection, which is opened with the first use and again after a failure.
// Threading: as DocumentStore.
// Failure:   as DocumentStore; nothing is tried again by itself. The server's own words are passed on
//            (NOPERM, OOM, READONLY), never the password. An answer that was lost leaves open whether
//            the batch was written: writing it again is harmless.
// Source:    docs/documents.md, "Redis"; config/redis/postern.acl, the user postern-writer.
#pragma once

#include <memory>

#include "adapters/redis/connection.h"
#include "ports/document_store.h"

namespace postern::redis {

struct RedisStoreOptions {
  ServerAddress address;
  std::string prefix = "postern:";
  Login login;
  Milliseconds patience{10'000};  // without any answer the server counts as away
};

class RedisStore final : public ports::DocumentStore {
 public:
  explicit RedisStore(RedisStoreOptions options);
  ~RedisStore() override;

  std::string describe() const override;
  Result<std::vector<std::string>> keys() override;
  Result<std::map<std::string, std::string>> read(const std::vector<std::string>& keys) override;
  Status write(const std::vector<ports::DocumentChange>& changes) override;

 private:
  Result<Connection*> connected();
  Status commit(Connection& connection, const std::vector<ports::DocumentChange>& changes);
  // After a failure the connection stands in the middle of something.
  Error given_up(const Error& error);

  const RedisStoreOptions options_;
  Wakeup never_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace postern::redis
