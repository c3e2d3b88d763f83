#include "adapters/sender_verify/callout.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "adapters/sender_verify/mail_hosts.h"
#include "adapters/sender_verify/public_address.h"
#include "adapters/smtp/dialogue.h"
#include "base/text.h"

namespace postern::sender_verify {
namespace {

using decide::SenderStanding;
using Verdict = SenderStanding::Verdict;

constexpr std::size_t kMostHosts = 5;
constexpr std::size_t kMostAddresses = 3;  // of one host
constexpr std::size_t kLongestWhy = 300;

SenderStanding unknown(std::string_view why) {
  return {Verdict::unknown, printable(why, kLongestWhy)};
}

// What stands between < > must not be able to end there.
bool is_safe_path(std::string_view path) {
  return std::none_of(path.begin(), path.end(), [](char c) {
    return (c >= 0 && c < 0x20) || c == 0x7f || c == '<' || c == '>';
  });
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c < 0; });
}

// "mx.example.org (192.0.2.1) answered 550 5.1.1 no such user"
std::string answered(const std::string& server, const smtp::Reply& reply) {
  return printable(server + " answered " + reply.text, kLongestWhy);
}

// The answer of a server that could be talked to; nothing: the next one may do better.
struct Attempt {
  std::optional<SenderStanding> standing;
  std::string why_not;
};

Attempt open_transaction(smtp::Dialogue& dialogue, const CalloutRules& rules,
                         const std::string& server, const std::string& parameters) {
  const auto null_sender = dialogue.ask("MAIL FROM:<>" + parameters);
  if (!null_sender) return {std::nullopt, null_sender.error().what};
  if (null_sender->code / 100 == 2) return {};
  if (null_sender->code / 100 == 5) {
    // Some refuse every bounce, against RFC 5321, and take any other sender.
    const auto other = dialogue.ask("MAIL FROM:<double-bounce@" + rules.helo_name + ">");
    if (!other) return {std::nullopt, other.error().what};
    if (other->code / 100 == 2) return {};
    return {unknown(answered(server, *other)), ""};
  }
  return {unknown(answered(server, *null_sender)), ""};
}

Attempt converse(smtp::Dialogue& dialogue, const mail::Address& sender, const CalloutRules& rules,
                 const std::string& server) {
  const auto offered = dialogue.greet(rules.helo_name);
  if (!offered) return {std::nullopt, offered.error().what};
  const std::string path = sender.to_string();
  const bool needs_utf8 = !is_ascii(path);
  if (needs_utf8 && !offered->smtputf8) {
    return {unknown(server + ": no SMTPUTF8, which the address needs"), ""};
  }
  Attempt opened = open_transaction(dialogue, rules, server, needs_utf8 ? " SMTPUTF8" : "");
  if (opened.standing || !opened.why_not.empty()) return opened;
  const auto answer = dialogue.ask("RCPT TO:<" + path + ">");
  if (!answer) return {std::nullopt, answer.error().what};
  switch (answer->code / 100) {
    case 2:
      return {SenderStanding{Verdict::exists, ""}, ""};
    case 5:
      return {SenderStanding{Verdict::does_not_exist, answered(server, *answer)}, ""};
    default:
      return {unknown(answered(server, *answer)), ""};
  }
}

Attempt ask_server(const std::string& host, const IpAddress& address, const mail::Address& sender,
                   const CalloutRules& rules, const Wakeup& stop, Deadline deadline) {
  const std::string server = host + " (" + address.to_string() + ")";
  if (!rules.allow_private_addresses && !is_public(address)) {
    return {std::nullopt, server + ": not a public address"};
  }
  net::Endpoint endpoint;
  endpoint.host = address.to_string();
  endpoint.port = rules.port;
  auto dialogue = smtp::Dialogue::connect(endpoint, deadline, host, &stop);
  if (!dialogue) return {std::nullopt, dialogue.error().what};
  Attempt attempt = converse(*dialogue, sender, rules, server);
  dialogue->quit();
  return attempt;
}

}  // namespace

SenderStanding call_out(const mail::Address& sender, const CalloutRules& rules,
                        ports::Resolver& resolver, const Wakeup& stop, Deadline deadline) {
  if (!is_safe_path(sender.to_string())) return unknown("an address that cannot be asked about");
  MailHosts found = find_mail_hosts(resolver, sender.domain(), deadline);
  switch (found.status) {
    case MailHosts::Status::does_not_take_mail:
      return {Verdict::does_not_exist, printable(found.why, kLongestWhy)};
    case MailHosts::Status::unknown:
      return unknown(found.why);
    case MailHosts::Status::takes_mail:
      break;
  }
  std::string why;
  found.hosts.resize(std::min(found.hosts.size(), kMostHosts));
  for (std::size_t at = 0; at < found.hosts.size(); ++at) {
    HostAddresses host{found.addresses, "", true};
    if (host.addresses.empty()) host = find_addresses(resolver, found.hosts[at], deadline);
    if (host.addresses.empty()) why = host.why;
    host.addresses.resize(std::min(host.addresses.size(), kMostAddresses));
    for (std::size_t one = 0; one < host.addresses.size(); ++one) {
      if (deadline.passed()) return unknown(why.empty() ? "no time left" : why);
      // A server that is silent must not take the time of those behind it.
      const bool last = at + 1 == found.hosts.size() && one + 1 == host.addresses.size();
      const Deadline until =
          last ? deadline : deadline.sooner_of(Deadline::after(deadline.remaining() / 2));
      const Attempt attempt =
          ask_server(found.hosts[at], host.addresses[one], sender, rules, stop, until);
      if (attempt.standing) return *attempt.standing;
      why = attempt.why_not;
    }
  }
  return unknown(why);
}

}  // namespace postern::sender_verify
