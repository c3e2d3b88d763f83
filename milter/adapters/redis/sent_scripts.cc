#include "adapters/redis/sent_scripts.h"

#include <algorithm>
#include <limits>

namespace postern::redis {
namespace {

// What left the window goes first, so that each script sees the last 24 hours only. The server's clock
// is everybody's.
const std::string kSlide = R"(
local window, account = tonumber(ARGV[1]), ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function weight(member) return tonumber(string.match(member, '%d+$')) end
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - window)
local gone = 0
for _, member in ipairs(old) do gone = gone + weight(member) end
if #old > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
  redis.call('DECRBY', KEYS[2], gone)
end
local messages = redis.call('ZCARD', KEYS[1])
local recipients = tonumber(redis.call('GET', KEYS[2]) or '0')
if messages == 0 and recipients ~= 0 then
  redis.call('DECRBY', KEYS[2], recipients)
  recipients = 0
end
local function count(id, n, at)
  if redis.call('ZADD', KEYS[1], 'NX', at, id .. ':' .. n) == 0 then return end
  messages = messages + 1
  recipients = redis.call('INCRBY', KEYS[2], n)
end
local function keep()
  redis.call('PEXPIRE', KEYS[1], window)
  redis.call('PEXPIRE', KEYS[2], window)
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - window)
  redis.call('ZADD', KEYS[3], now, account)
  redis.call('PEXPIRE', KEYS[3], window)
end
)";

}  // namespace

std::array<std::string, 3> sent_keys(const std::string& prefix, const std::string& account) {
  const std::string base = prefix + std::string(kSentKeys);
  return {base + "m:" + account, base + "r:" + account, base + "accounts"};
}

const std::string kReserveScript = kSlide + R"(
local id, n = ARGV[3], ARGV[4]
local most, most_recipients = tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('ZSCORE', KEYS[1], id .. ':' .. n) then return {0, messages, recipients, 0} end
if most >= 0 and messages >= most then
  local wait = window
  if most > 0 then
    local next_to_go = redis.call('ZRANGE', KEYS[1], messages - most, messages - most, 'WITHSCORES')
    wait = tonumber(next_to_go[2]) + window - now
  end
  return {1, messages, recipients, wait}
end
if most_recipients >= 0 and recipients + tonumber(n) > most_recipients then
  return {2, messages, recipients, 0}
end
count(id, n, now)
keep()
return {0, messages, recipients, 0}
)";

const std::string kReportScript = kSlide + R"(
for i = 3, #ARGV, 3 do
  local age = math.max(0, tonumber(ARGV[i + 2]))
  if age < window then count(ARGV[i], ARGV[i + 1], now - age) end
end
keep()
return {0, messages, recipients, 0}
)";

const std::string kWithdrawScript = kSlide + R"(
for i = 3, #ARGV, 2 do
  if redis.call('ZREM', KEYS[1], ARGV[i] .. ':' .. ARGV[i + 1]) == 1 then
    messages = messages - 1
    recipients = redis.call('DECRBY', KEYS[2], ARGV[i + 1])
  end
end
return {0, messages, recipients, 0}
)";

const std::string kUseScript = kSlide + "return {0, messages, recipients, 0}\n";

Result<SentAnswer> read_sent_answer(const Reply& reply) {
  if (auto done = expect("EVAL", reply, Reply::Kind::array); !done) return done.error();
  const bool is_as_written =
      reply.items.size() == 4 && std::ranges::all_of(reply.items, [](const Reply& item) {
        return item.kind == Reply::Kind::integer;
      });
  if (!is_as_written) return temporary_error("redis EVAL: an answer of an unexpected kind");
  const auto count = [&reply](std::size_t at) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(
        reply.items[at].integer, 0, std::numeric_limits<std::uint32_t>::max()));
  };
  SentAnswer answer;
  if (reply.items[0].integer == 1) answer.refused = decide::SendingLimit::messages;
  if (reply.items[0].integer == 2) answer.refused = decide::SendingLimit::recipients;
  answer.use = {count(1), count(2)};
  answer.wait_ms = reply.items[3].integer;
  return answer;
}

}  // namespace postern::redis
