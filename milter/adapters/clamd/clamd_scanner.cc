#include "adapters/clamd/clamd_scanner.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace postern::clamd {
namespace {

using namespace std::string_view_literals;

constexpr auto kCommand = "zINSTREAM\0"sv;
constexpr std::size_t kPieceSize = std::size_t{128} * 1024;
constexpr std::size_t kLargestAnswer = 4096;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestShown = 200;  // of an answer, in an error
constexpr std::string_view kStream = "stream: ";
constexpr std::string_view kFound = " FOUND";
constexpr std::string_view kError = "ERROR";

// A piece's length in front of it, four octets in network order. A length of zero ends the stream.
std::string length_of(std::size_t size) {
  std::string length;
  for (int shift = 24; shift >= 0; shift -= 8) {
    length += static_cast<char>((size >> static_cast<unsigned>(shift)) & 0xffU);
  }
  return length;
}

Status send_pieces(net::Stream& stream, std::string_view bytes, Deadline deadline) {
  Status sent = success();
  while (sent && !bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPieceSize);
    bytes.remove_prefix(piece.size());
    sent = stream.write_all(length_of(piece.size()), deadline);
    if (sent) sent = stream.write_all(piece, deadline);
  }
  return sent;
}

Status send_message(net::Stream& stream, const mail::Message& message, Deadline deadline) {
  Status sent = stream.write_all(kCommand, deadline);
  if (sent) sent = send_pieces(stream, message.header_bytes(), deadline);
  if (sent) sent = send_pieces(stream, message.body(), deadline);
  return sent ? stream.write_all(length_of(0), deadline) : sent;
}

std::string name_of(const net::Endpoint& endpoint) {
  return "clamd " + (endpoint.unix_path.empty() ? endpoint.to_string() : endpoint.unix_path);
}

}  // namespace

Result<std::string> parse_answer(std::string_view answer) {
  answer = trim(answer);
  if (answer.ends_with(kError)) {
    if (answer.find("size limit exceeded") != std::string_view::npos) {
      return temporary_error("the message is larger than its StreamMaxLength: " +
                             printable(answer, kLongestShown));
    }
    return temporary_error("answers " + printable(answer, kLongestShown));
  }
  if (answer == "stream: OK") return std::string();
  if (answer.starts_with(kStream) && answer.ends_with(kFound) &&
      answer.size() > kStream.size() + kFound.size()) {
    answer.remove_prefix(kStream.size());
    answer.remove_suffix(kFound.size());
    std::string name = printable(trim(answer), kLongestName);
    if (!name.empty()) return name;
  }
  return temporary_error("not clamd's answer: " + printable(answer, kLongestShown));
}

ClamdScanner::ClamdScanner(ClamdConfig config)
    : config_(std::move(config)), name_(name_of(config_.endpoint)) {}

Result<std::string> ClamdScanner::scan(const mail::Message& message, Deadline deadline) {
  auto virus = ask(message, deadline.sooner_of(Deadline::after(config_.timeout)));
  if (!virus) return temporary_error(name_ + ": " + virus.error().what);
  return virus;
}

Result<std::string> ClamdScanner::ask(const mail::Message& message, Deadline deadline) const {
  auto stream = net::Stream::connect(config_.endpoint, deadline);
  if (!stream) return stream.error();
  // clamd stops reading where the message is too large for it, and closes: why stands in its answer.
  const Status sent = send_message(*stream, message, deadline);
  const auto answer = stream->read_until('\0', kLargestAnswer, deadline);
  if (!answer) return sent ? answer.error() : sent.error();
  auto virus = parse_answer(*answer);
  // Whoever answers before he has read everything has not looked at everything.
  if (!sent && virus && virus->empty()) return sent.error();
  return virus;
}

}  // namespace postern::clamd
