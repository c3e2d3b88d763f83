// Purpose:   asks a platform by SMTP whether it takes mail for an address: MAIL FROM:<>, RCPT TO, no
//            DATA.
// Ownership: owns its stop signal.
// Threading: as RecipientProbe.
// Failure:   only a 5xx to RCPT is does_not_exist, only a 2xx exists. The fallback is asked where the
//            primary cannot be talked to or answers 4xx.
// Limits:    speaks no TLS. A hop that demands it (SMTPS_ENCRYPT, or a TLS type on port 465) is
//            unknown: nothing goes there in the clear.
// Source:    RFC 5321; docs/semantics.md, "Platform".
#pragma once

#include <string>

#include "base/wakeup.h"
#include "ports/recipient_probe.h"

namespace postern::smtp {

class SmtpRecipientProbe final : public ports::RecipientProbe {
 public:
  explicit SmtpRecipientProbe(std::string helo_name) : helo_name_(std::move(helo_name)) {}

  ports::RecipientStanding probe(const mail::Address& recipient, const policy::Platform& platform,
                                 Deadline deadline) override;
  void stop() override { stopping_.signal(); }

 private:
  ports::RecipientStanding ask(const mail::Address& recipient, const policy::Hop& hop,
                               Deadline deadline) const;

  const std::string helo_name_;
  Wakeup stopping_;
};

}  // namespace postern::smtp
