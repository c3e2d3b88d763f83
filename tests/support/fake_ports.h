// The outside, played by objects that record what they were asked and answer what they are told.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ports/scanner.h"
#include "ports/signer.h"
#include "ports/vault.h"

namespace postern::test {

class FakeScanner final : public ports::Scanner {
 public:
  explicit FakeScanner(Result<ports::ScanResult> answer, std::string name = "fake")
      : answer_(std::move(answer)), name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override { return Milliseconds(1000); }
  Result<ports::ScanResult> scan(const ports::ScanInput& input, Deadline /*deadline*/) override {
    ++asked_;
    last_message_ = input.message.to_bytes();
    return answer_;
  }
  int asked() const { return asked_; }
  const std::string& last_message() const { return last_message_; }

 private:
  Result<ports::ScanResult> answer_;
  std::string name_;
  std::string last_message_;
  int asked_ = 0;
};

class FakeVault final : public ports::Vault {
 public:
  struct Stored {
    ports::VaultMessage message;
    std::string bytes;
  };
  void fail() { failing_ = true; }
  const std::vector<Stored>& stored() const { return stored_; }

  Status store(const ports::VaultMessage& message) override {
    if (failing_) return temporary_error("disk full");
    stored_.push_back({message, std::string(message.bytes)});
    return success();
  }
  Status can_store() override {
    if (failing_) return temporary_error("disk full");
    return success();
  }
  Result<std::vector<ports::VaultRow>> list(const ports::VaultFilter& /*filter*/) override {
    return std::vector<ports::VaultRow>();
  }
  Result<std::string> read(const std::string& id) override {
    for (const Stored& stored : stored_) {
      if (stored.message.id == id) return stored.bytes;
    }
    return permanent_error(id + ": not stored");
  }
  Result<ports::VaultUsage> usage() override { return ports::VaultUsage{}; }

 private:
  std::vector<Stored> stored_;
  bool failing_ = false;
};

// "Signs" with a value that names what it was given, so that tests see who signed what.
class FakeSigner final : public ports::Signer {
 public:
  Result<std::vector<std::string>> sign(const mail::Message& message, const std::string& domain,
                                        const std::vector<const policy::DkimKey*>& keys) override {
    if (failing_) return temporary_error("library failed");
    signed_body_ = message.body();
    std::vector<std::string> values;
    for (const policy::DkimKey* const key : keys) {
      values.push_back(" d=" + domain + "; s=" + key->selector);
    }
    return values;
  }
  void fail() { failing_ = true; }
  const std::string& signed_body() const { return signed_body_; }

 private:
  bool failing_ = false;
  std::string signed_body_;
};

}  // namespace postern::test
