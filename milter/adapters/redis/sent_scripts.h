// Purpose:   the count of sent messages in Redis: its keys, its scripts, and their answers.
// Threading: pure functions.
// Failure:   an answer of another shape is an Error.
// Source:    `<prefix>sent:m:<account>`, a sorted set of "<id>:<recipients>" by the server's own time;
//            `<prefix>sent:r:<account>`, the recipients in it together; `<prefix>sent:accounts`, who sent
//            when last. Redis 6.2 and later, Valkey; the keys of one script need one server.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/redis/reply.h"
#include "decide/sending_limit.h"

namespace postern::redis {

// Beneath the prefix, what is the counts' and no document.
inline constexpr std::string_view kSentKeys = "sent:";

std::array<std::string, 3> sent_keys(const std::string& prefix, const std::string& account);

// window ms, account, id, recipients, limit of messages or -1, limit of recipients or -1 ->
// {0: counted, 1: no message left, 2: not so many recipients left; messages; recipients; ms until the
// next message, with 1}. A message that is counted already is not counted again.
extern const std::string kReserveScript;
// window ms, account, then id, recipients, ms ago of each -> {0, messages, recipients, 0}. Whatever the
// limits.
extern const std::string kReportScript;
// window ms, account, then id, recipients of each -> {0, messages, recipients, 0}.
extern const std::string kWithdrawScript;
// window ms, account -> {0, messages, recipients, 0}.
extern const std::string kUseScript;

struct SentAnswer {
  std::optional<decide::SendingLimit> refused;
  decide::SendingUse use;
  std::int64_t wait_ms = 0;
};
Result<SentAnswer> read_sent_answer(const Reply& reply);

}  // namespace postern::redis
