// Purpose:   the SMTP envelope as the milter sees it, ESMTP parameters included.
// Ownership: values.
// Source:    RFC 5321 4.1.1.2-3, RFC 1870 (SIZE), RFC 6152 (BODY), RFC 6531 (SMTPUTF8), RFC 3461
//            (DSN).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/address.h"

namespace postern::mail {

struct Sender {
  std::string given;               // the argument of MAIL FROM, byte for byte, with < > where sent
  std::optional<Address> address;  // nothing: the null sender, or what is no mailbox
  bool is_null = false;            // "<>"
  std::optional<std::uint64_t> declared_size;  // SIZE=
  bool eight_bit = false;                      // BODY=8BITMIME
  bool smtputf8 = false;
  std::string ret;    // RET=, "FULL" or "HDRS", or empty
  std::string envid;  // ENVID=, xtext undecoded, or empty
};

struct Recipient {
  // The argument of RCPT TO, byte for byte: what a milter must hand back to delete a recipient
  // (Postfix compares case-sensitively and is silent when nothing matches).
  std::string given;
  Address address;
  std::string notify;  // NOTIFY=, or empty
  std::string orcpt;   // ORCPT=, xtext undecoded, or empty
};

// `arguments` as libmilter hands them: the address, then one string per parameter.
Sender parse_sender(const std::vector<std::string_view>& arguments);
std::optional<Recipient> parse_recipient(const std::vector<std::string_view>& arguments);

}  // namespace postern::mail
