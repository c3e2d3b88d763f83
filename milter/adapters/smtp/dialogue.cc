#include "adapters/smtp/dialogue.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace postern::smtp {
namespace {

constexpr std::size_t kLongestLine = 2048;
constexpr std::size_t kMostLines = 100;
constexpr std::size_t kLongestText = 500;  // of a reply in an Error or a log line
constexpr std::size_t kLongestCommandShown = 300;
constexpr Milliseconds kGoodbye{1000};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "250-text", "250 text" or "250".
bool is_reply_line(std::string_view line) {
  return line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) &&
         is_digit(line[2]) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

Extensions parse_extensions(const Reply& reply) {
  Extensions extensions;
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {  // the first line is the server's name
    const std::string_view line = trim(reply.lines[i]);
    const std::string_view keyword = line.substr(0, line.find_first_of(" ="));
    if (equals_ignoring_case(keyword, "SIZE")) extensions.size = true;
    if (equals_ignoring_case(keyword, "8BITMIME")) extensions.eight_bit_mime = true;
    if (equals_ignoring_case(keyword, "SMTPUTF8")) extensions.smtputf8 = true;
    if (equals_ignoring_case(keyword, "DSN")) extensions.dsn = true;
  }
  return extensions;
}

}  // namespace

Dialogue::Dialogue(net::Stream stream, std::string server, Deadline deadline, std::string purpose)
    : stream_(std::move(stream)),
      server_(std::move(server)),
      deadline_(deadline),
      purpose_(std::move(purpose)) {}

Result<Dialogue> Dialogue::connect(const net::Endpoint& server, Deadline deadline,
                                   std::string purpose, const Wakeup* stop) {
  auto stream = net::Stream::connect(server, deadline, stop);
  if (!stream) return Error{stream.error().permanence, purpose + ": " + stream.error().what};
  return Dialogue(std::move(*stream), server.to_string(), deadline, std::move(purpose));
}

// The error's own text begins with the server.
Error Dialogue::describe(std::string_view after, const Error& error) const {
  return Error{error.permanence,
               purpose_ + ": " + printable(after, kLongestCommandShown) + ": " + error.what};
}

Error Dialogue::broken(std::string_view after, const Error& error) {
  broken_ = true;
  return describe(after, error);
}

Result<Reply> Dialogue::read_any_reply(std::string_view after) {
  Reply reply;
  for (;;) {
    const auto line = stream_.read_line(kLongestLine, deadline_);
    if (!line) return broken(after, line.error());
    if (!is_reply_line(*line)) {
      return broken(after, temporary_error(server_ + ": no SMTP reply: " + printable(*line, 100)));
    }
    const int code = (*line)[0] * 100 + (*line)[1] * 10 + (*line)[2] - 111 * '0';
    if (reply.lines.empty()) {
      reply.code = code;
      reply.text = line->substr(0, 3);
    } else if (code != reply.code) {
      return broken(after, temporary_error(server_ + ": a reply of several codes"));
    }
    reply.lines.push_back(line->size() > 4 ? line->substr(4) : "");
    if (reply.text.size() < kLongestText && !reply.lines.back().empty()) {
      reply.text += " " + printable(reply.lines.back(), kLongestText - reply.text.size());
    }
    if (line->size() == 3 || (*line)[3] == ' ') return reply;
    if (reply.lines.size() == kMostLines) {
      return broken(after, temporary_error(server_ + ": a reply of too many lines"));
    }
  }
}

Result<Reply> Dialogue::expect(Reply reply, std::string_view after, int expected) const {
  if (reply.code / 100 == expected) return reply;
  const Permanence permanence =
      reply.code / 100 == 5 ? Permanence::permanent : Permanence::temporary;
  return describe(after, Error{permanence, server_ + ": " + reply.text});
}

Result<Reply> Dialogue::read_reply(std::string_view after, int expected) {
  auto reply = read_any_reply(after);
  if (!reply) return reply.error();
  return expect(std::move(*reply), after, expected);
}

Status Dialogue::write(std::string_view after, std::string_view bytes) {
  const Status written = stream_.write_all(bytes, deadline_);
  if (!written) return broken(after, written.error());
  return success();
}

Result<Reply> Dialogue::ask(std::string_view command) {
  const Status written = write(command, std::string(command) + "\r\n");
  if (!written) return written.error();
  return read_any_reply(command);
}

Result<Reply> Dialogue::command(std::string_view command, int expected) {
  auto reply = ask(command);
  if (!reply) return reply.error();
  return expect(std::move(*reply), command, expected);
}

Result<Extensions> Dialogue::greet(const std::string& helo_name, Protocol protocol) {
  const auto greeting = read_reply("greeting", 2);
  if (!greeting) return greeting.error();
  const bool is_lmtp = protocol == Protocol::lmtp;
  const std::string ehlo = (is_lmtp ? "LHLO " : "EHLO ") + helo_name;
  const Status written = write(ehlo, ehlo + "\r\n");
  if (!written) return written.error();
  const auto answer = read_any_reply(ehlo);
  if (!answer) return answer.error();
  if (!is_lmtp && (answer->code == 500 || answer->code == 502)) {
    const auto plain = command("HELO " + helo_name, 2);
    if (!plain) return plain.error();
    return Extensions{};
  }
  const auto accepted = expect(*answer, ehlo, 2);
  if (!accepted) return accepted.error();
  return parse_extensions(*accepted);
}

void Dialogue::quit() {
  if (broken_) return;
  deadline_ = deadline_.sooner_of(Deadline::after(kGoodbye));
  // Waiting for the answer spares the server a "lost connection" in its log; nothing depends on it.
  (void)command("QUIT", 2);
}

}  // namespace postern::smtp
