// Purpose:   a reply in the form that libmilter and Postfix take as it is meant.
// Threading: pure functions.
// Failure:   nothing for a reply that Postfix would call malformed (it would then say "451 4.3.5
// Server
//            configuration problem" in its place).
// Source:    smfi_setreply(3); docs/postfix.md, "Replies".
#pragma once

#include <optional>
#include <string>

#include "mail/reply.h"

namespace postern::server {

struct MilterReply {
  std::string code;      // "550"
  std::string enhanced;  // "5.7.1"
  std::string text;      // '%' doubled: a single one is a macro to the MTA and loses the text
};

std::optional<MilterReply> to_milter_reply(const mail::Reply& reply);

}  // namespace postern::server
