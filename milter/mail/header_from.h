// Purpose:   the author addresses in the header From: what DKIM, DMARC and ownership rules look at.
// Source:    RFC 5322 3.6.2; a message may carry no From, several fields, or several addresses in
//            one, and each of these is a fact the caller must see.
#pragma once

#include <vector>

#include "mail/address.h"
#include "mail/message.h"

namespace postern::mail {

struct HeaderFrom {
  std::size_t fields = 0;          // how many From fields
  std::size_t mailboxes = 0;       // how many mailboxes in all of them, parsable or not
  std::vector<Address> addresses;  // the parsable ones, in order
  // Exactly one field with exactly one mailbox that parses; only then does anybody act on it.
  const Address* single() const {
    return fields == 1 && mailboxes == 1 && addresses.size() == 1 ? &addresses.front() : nullptr;
  }
};

HeaderFrom header_from(const Message& message);

}  // namespace postern::mail
