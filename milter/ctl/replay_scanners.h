// Purpose:   what scanners say of a saved message: what is known of it, or each real one asked once,
//            though the message is decided twice.
// Ownership: borrow the scanner they stand for, and live for one message.
// Threading: a session asks from a thread of its own and waits for it: two sessions one after the
//            other never ask at once.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ports/scanner.h"
#include "ports/virus_scanner.h"

namespace postern::ctl {

// What was said when the message came.
class KnownVerdict final : public ports::Scanner {
 public:
  KnownVerdict(policy::MilliScore score, std::string virus);
  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override { return Milliseconds(1); }
  bool is_local() const override { return true; }
  Result<ports::ScanResult> scan(const ports::ScanInput& input, Deadline deadline) override;

 private:
  const ports::ScanResult result_;
  const std::string name_ = "when it came";
};

class AskedOnce final : public ports::Scanner {
 public:
  explicit AskedOnce(std::shared_ptr<ports::Scanner> scanner) : scanner_(std::move(scanner)) {}
  const std::string& name() const override { return scanner_->name(); }
  Milliseconds timeout() const override { return scanner_->timeout(); }
  bool is_local() const override { return scanner_->is_local(); }
  Result<ports::ScanResult> scan(const ports::ScanInput& input, Deadline deadline) override;

 private:
  const std::shared_ptr<ports::Scanner> scanner_;
  std::optional<Result<ports::ScanResult>> told_;
};

class VirusAskedOnce final : public ports::VirusScanner {
 public:
  explicit VirusAskedOnce(ports::VirusScanner& scanner) : scanner_(scanner) {}
  const std::string& name() const override { return scanner_.name(); }
  Milliseconds timeout() const override { return scanner_.timeout(); }
  Result<std::string> scan(const mail::Message& message, Deadline deadline) override;

 private:
  ports::VirusScanner& scanner_;
  std::optional<Result<std::string>> told_;
};

}  // namespace postern::ctl
