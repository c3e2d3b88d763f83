// Purpose:   a submission as MAIL and RCPT commands, and whether it can be said at all without becoming another
//            command.
// Threading: pure functions.
// Failure:   permanent, and begins with `purpose`.
// Source:    RFC 5321, 1870 (SIZE), 3461 (DSN), 6152 (8BITMIME), 6531 (SMTPUTF8).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/smtp/dialogue.h"
#include "base/result.h"
#include "ports/submitter.h"

namespace postern::smtp {

Status check(std::string_view purpose, const std::string& helo_name,
             const ports::Submission& submission);

// Without line ends; parameters only as far as they are offered, SMTPUTF8 always where it is needed.
std::string mail_command(const ports::Submission& submission, const Extensions& offered,
                         std::uint64_t size);
std::string rcpt_command(const ports::SubmissionRecipient& recipient, const Extensions& offered);

}  // namespace postern::smtp
