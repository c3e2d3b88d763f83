// Purpose:   a message and its envelope, as the scanners get them.
// Ownership: input() borrows from the object.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ports/scanner.h"

namespace postern::test {

class FixedClock final : public Clock {
 public:
  explicit FixedClock(std::int64_t seconds) : seconds_(seconds) {}
  WallTime wall() const override { return WallTime(std::chrono::seconds(seconds_)); }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }

 private:
  std::int64_t seconds_;
};

struct ScanMail {
  mail::Message message;
  mail::Sender sender = mail::parse_sender({"<jon@got.com>"});
  std::vector<mail::Recipient> recipients = {*mail::parse_recipient({"<arya@stark.net>"})};
  std::optional<IpAddress> client = IpAddress::parse("192.0.2.7");
  std::string helo = "mx.got.com";
  std::string client_name = "mail.got.com";
  std::string sasl_user;
  std::string queue_id = "4XyZ12";

  ScanMail() {
    message.add_header("From", " jon@got.com");
    message.add_header("Subject", " hello");
    message.set_body("Winter is coming.\r\n");
  }
  ports::ScanInput input() const {
    return {message, sender, recipients, client, helo, client_name, sasl_user, queue_id};
  }
};

inline Deadline soon() { return Deadline::after(std::chrono::milliseconds(300)); }
inline Deadline in_a_while() { return Deadline::after(std::chrono::seconds(30)); }

}  // namespace postern::test
