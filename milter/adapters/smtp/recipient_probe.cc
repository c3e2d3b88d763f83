#include "adapters/smtp/recipient_probe.h"

#include <algorithm>

#include "adapters/smtp/dialogue.h"
#include "base/text.h"

namespace postern::smtp {
namespace {

using ports::RecipientStanding;
using Verdict = RecipientStanding::Verdict;

constexpr std::size_t kLongestWhy = 300;
constexpr std::uint16_t kWrappedPort = 465;

RecipientStanding unknown(std::string_view why) {
  return {Verdict::unknown, printable(why, kLongestWhy)};
}

bool demands_tls(const policy::Hop& hop) {
  switch (hop.type) {
    case policy::TransportType::smtp:
      return false;
    case policy::TransportType::smtps_may:
      return hop.port == kWrappedPort;
    case policy::TransportType::smtps_encrypt:
      return true;
  }
  return true;
}

// What stands between < > must not be able to end there; eight bits would need SMTPUTF8.
bool is_safe_path(std::string_view path) {
  return std::all_of(path.begin(), path.end(),
                     [](char c) { return c >= 0x20 && c < 0x7f && c != '<' && c != '>'; });
}

}  // namespace

RecipientStanding SmtpRecipientProbe::probe(const mail::Address& recipient,
                                            const policy::Platform& platform, Deadline deadline) {
  if (!is_safe_path(recipient.to_string())) return unknown("an address that cannot be asked about");
  if (!platform.fallback) return ask(recipient, platform.primary, deadline);
  RecipientStanding first = ask(recipient, platform.primary,
                                deadline.sooner_of(Deadline::after(deadline.remaining() / 2)));
  if (first.verdict != Verdict::unknown) return first;
  return ask(recipient, *platform.fallback, deadline);
}

RecipientStanding SmtpRecipientProbe::ask(const mail::Address& recipient, const policy::Hop& hop,
                                          Deadline deadline) const {
  net::Endpoint endpoint;
  endpoint.host = hop.host;
  endpoint.port = hop.port;
  if (demands_tls(hop)) return unknown(endpoint.to_string() + ": demands TLS");
  auto dialogue = Dialogue::connect(endpoint, deadline, "recipient probe", &stopping_);
  if (!dialogue) return unknown(dialogue.error().what);
  RecipientStanding standing = [&] {
    if (const auto offered = dialogue->greet(helo_name_); !offered) {
      return unknown(offered.error().what);
    }
    if (const auto sender = dialogue->command("MAIL FROM:<>", 2); !sender) {
      return unknown(sender.error().what);
    }
    const auto answer = dialogue->ask("RCPT TO:<" + recipient.to_string() + ">");
    if (!answer) return unknown(answer.error().what);
    std::string why = printable(endpoint.to_string() + " answered " + answer->text, kLongestWhy);
    if (answer->code / 100 == 2) return RecipientStanding{Verdict::exists, std::move(why)};
    if (answer->code / 100 == 5) return RecipientStanding{Verdict::does_not_exist, std::move(why)};
    return unknown(why);
  }();
  dialogue->quit();
  return standing;
}

}  // namespace postern::smtp
