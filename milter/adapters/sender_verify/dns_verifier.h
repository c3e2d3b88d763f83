// Purpose:   the sender verification that asks the DNS alone: does the sender's domain exist and take
//            mail.
// Ownership: borrows the resolver, which outlives it. It keeps nothing: what may be remembered, and
//            how long, is the DNS' own to say.
// Threading: verify() from many threads at once.
// Failure:   as SenderVerifier: a DNS that does not answer is unknown.
// Source:    docs/semantics.md, "Sender verify", mode `dns`.
#pragma once

#include "ports/resolver.h"
#include "ports/sender_verifier.h"

namespace postern::sender_verify {

class DnsSenderVerifier final : public ports::SenderVerifier {
 public:
  explicit DnsSenderVerifier(ports::Resolver& resolver) : resolver_(resolver) {}
  decide::SenderStanding verify(const mail::Address& sender, Deadline deadline) override;

 private:
  ports::Resolver& resolver_;
};

}  // namespace postern::sender_verify
