#include "health/mail_records.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "policy/dkim_record.h"

namespace postern::health {
namespace {

using Found = ports::DnsAnswer::Status;

constexpr std::size_t kLongestShown = 300;

std::string shown(std::string_view text) { return printable(text, kLongestShown); }

Deadline soon(const Tools& tools) { return Deadline::after(tools.patience); }

Entry& fail(Entry& entry, Result result, const std::string& why) {
  entry.result = result;
  entry.output.push_back("Fail: " + shown(why));
  return entry;
}

Entry& pass(Entry& entry) {
  entry.output.emplace_back("Passed");
  return entry;
}

std::string without_dot(std::string host) {
  if (host.ends_with('.')) host.pop_back();
  return ascii_lower(host);
}

// A host of ours, by its name or by an address that one of ours has too: MX hosts have many names.
bool is_ours(const std::string& host, const Tools& tools) {
  const auto addresses_of = [&](const std::string& name) {
    std::set<std::string> addresses;
    for (const ports::DnsType type : {ports::DnsType::a, ports::DnsType::aaaa}) {
      const auto answer = tools.resolver.query(name, type, soon(tools));
      if (!answer) continue;
      for (const IpAddress& address : answer->addresses) addresses.insert(address.to_string());
    }
    return addresses;
  };
  for (const std::string& ours : tools.our_mx) {
    if (without_dot(ours) == host) return true;
  }
  const std::set<std::string> theirs = addresses_of(host);
  return std::any_of(tools.our_mx.begin(), tools.our_mx.end(), [&](const std::string& ours) {
    const std::set<std::string> addresses = addresses_of(without_dot(ours));
    return std::any_of(addresses.begin(), addresses.end(),
                       [&](const std::string& address) { return theirs.contains(address); });
  });
}

}  // namespace

Entry check_mx(const std::string& domain, const Tools& tools) {
  Entry entry{Type::mx, "", Result::ok, {"Lookup for MX entry in DNS for " + domain}};
  const auto answer = tools.resolver.query(domain, ports::DnsType::mx, soon(tools));
  if (!answer) return fail(entry, Result::error, answer.error().what);
  if (answer->mx.empty()) return fail(entry, Result::mx_missing_entry, "No MX entry found");
  std::vector<std::string> foreign;
  bool ours = tools.our_mx.empty();
  for (const ports::MxHost& mx : answer->mx) {
    if (mx.host.empty()) {
      return fail(entry, Result::mx_invalid_entry, "A null MX: the domain says it takes no mail");
    }
    entry.output.push_back("Found: " + std::to_string(mx.preference) + " " + shown(mx.host));
    if (tools.our_mx.empty()) continue;
    if (is_ours(mx.host, tools)) {
      ours = true;
    } else {
      foreign.push_back(mx.host);
    }
  }
  if (!ours) {
    for (const std::string& host : tools.our_mx) entry.output.push_back("Required: " + host);
    return fail(entry, Result::mx_invalid_entry, "No MX entry is ours");
  }
  for (const std::string& host : foreign) {
    entry.output.push_back("Warning: " + shown(host) +
                           " is not ours: mail through it is not filtered");
  }
  return pass(entry);
}

Entry check_dkim(const policy::DkimKey& key, const std::string& domain, const Tools& tools) {
  const std::string name = policy::dkim_record_name(key.selector, domain);
  Entry entry{Type::dkim, key.selector, Result::ok, {"Lookup for dkim entry in DNS for " + name}};
  const auto answer = tools.resolver.query(name, ports::DnsType::txt, soon(tools));
  if (!answer) return fail(entry, Result::error, answer.error().what);
  const policy::DkimRecordVerdict verdict = policy::judge_dkim_record(key, answer->texts);
  switch (verdict.health) {
    case policy::DkimHealth::ok:
      return pass(entry);
    case policy::DkimHealth::error:
      return fail(entry, Result::error, verdict.problem);
    case policy::DkimHealth::missing_entry:
      return fail(entry, Result::dkim_missing_entry, verdict.problem);
    case policy::DkimHealth::invalid_couple:
      return fail(entry, Result::dkim_invalid_couple, verdict.problem);
  }
  return entry;
}

Entry check_spf(const std::string& domain, const Tools& tools) {
  Entry entry{Type::spf, "", Result::ok, {"Lookup for SPF entry in DNS for " + domain}};
  std::vector<IpAddress> clients = tools.our_clients;
  // Without an address of ours the record is judged all the same, for one that is nobody's.
  if (clients.empty()) clients.push_back(*IpAddress::parse("192.0.2.1"));
  for (const IpAddress& client : clients) {
    ports::SpfInput input;
    input.client = client;
    input.helo = domain;
    input.sender = mail::Address::parse("postmaster@" + domain);
    input.receiver = domain;
    const decide::SpfVerdict verdict = tools.spf.check(input, soon(tools));
    switch (verdict.result) {
      case decide::SpfResult::none:
        return fail(entry, Result::error, "No SPF entry found");
      case decide::SpfResult::permerror:
        return fail(entry, Result::error, "The record cannot be evaluated: " + verdict.problem);
      case decide::SpfResult::temperror:
        return fail(entry, Result::error, "DNS does not answer: " + verdict.problem);
      case decide::SpfResult::pass:
        break;
      case decide::SpfResult::neutral:
      case decide::SpfResult::softfail:
      case decide::SpfResult::fail:
        if (tools.our_clients.empty()) break;
        return fail(entry, Result::error, "Mail from " + client.to_string() + " does not pass");
    }
  }
  return pass(entry);
}

Entry check_mail_from(const Facts::MailFrom& mail_from, const Tools& tools) {
  Entry entry{Type::mail_from,
              "",
              Result::ok,
              {"Lookup for MX and SPF entries in DNS for " + shown(mail_from.domain)}};
  const auto mx = tools.resolver.query(mail_from.domain, ports::DnsType::mx, soon(tools));
  if (!mx) return fail(entry, Result::error, mx.error().what);
  if (mx->mx.empty()) return fail(entry, Result::error, "No MX entry found");
  // Bounces go to one host alone, or the provider does not use the domain.
  if (mx->mx.size() != 1 || mx->mx.front().host != mail_from.mx_host) {
    entry.output.push_back("Required: " + shown(mail_from.mx_host) + " and no other");
    for (const ports::MxHost& found : mx->mx) entry.output.push_back("Found: " + shown(found.host));
    return fail(entry, Result::error, "The MX entry is not the one required");
  }
  const auto texts = tools.resolver.query(mail_from.domain, ports::DnsType::txt, soon(tools));
  if (!texts) return fail(entry, Result::error, texts.error().what);
  std::vector<std::string> records;
  for (const std::string& text : texts->texts) {
    const std::string low = ascii_lower(text);
    if (low == "v=spf1" || low.starts_with("v=spf1 ")) records.push_back(low);
  }
  const std::string wanted = "include:" + mail_from.spf_include;
  const bool sound = records.size() == 1 && [&] {
    const auto terms = split(records.front(), ' ');
    return std::any_of(terms.begin(), terms.end(), [&](std::string_view term) {
      return term == wanted || (term.starts_with('+') && term.substr(1) == wanted);
    });
  }();
  // The status depends on the MX alone: mail goes out, and its SPF does not pass.
  if (!mail_from.spf_include.empty() && !sound) {
    entry.output.push_back("Warning: one SPF entry with " + shown(wanted) + " is required, found " +
                           std::to_string(records.size()));
  }
  return pass(entry);
}

Entry check_identity(const std::string& domain, const std::string& token, const Tools& tools) {
  Entry entry{Type::identity, "", Result::ok, {}};
  std::string away;
  for (const std::string_view label : {"_amazonses.", "_niftycloudess."}) {
    const std::string name = std::string(label) + domain;
    entry.output.push_back("Lookup for TXT entry in DNS for " + name);
    const auto answer = tools.resolver.query(name, ports::DnsType::txt, soon(tools));
    if (!answer) {
      away = answer.error().what;
      continue;
    }
    for (const std::string& text : answer->texts) {
      if (trim(text) == token) return pass(entry);
    }
  }
  return fail(entry, Result::error, away.empty() ? "The token is at neither name" : away);
}

}  // namespace postern::health
