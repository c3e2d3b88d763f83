#include "adapters/sender_verify/mail_hosts.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace postern::sender_verify {
namespace {

using Status = MailHosts::Status;
using Found = ports::DnsAnswer::Status;

constexpr std::size_t kLongestNameShown = 255;

std::string shown(const std::string& name) { return printable(name, kLongestNameShown); }

MailHosts none(const std::string& why) { return {Status::does_not_take_mail, why, {}, {}}; }
MailHosts unknown(const std::string& why) { return {Status::unknown, why, {}, {}}; }

// "[192.0.2.1]"
std::optional<MailHosts> literal(const std::string& domain) {
  if (!domain.starts_with('[')) return std::nullopt;
  const auto address = IpAddress::parse(domain);
  if (!address) return unknown(shown(domain) + ": no address");
  return MailHosts{Status::takes_mail, "", {domain}, {*address}};
}

MailHosts by_preference(std::vector<ports::MxHost> mx, const std::string& domain) {
  // RFC 7505: the null MX stands alone. Beside others it is a mistake and says nothing.
  std::erase_if(mx, [](const ports::MxHost& one) { return one.host.empty(); });
  if (mx.empty()) return none(shown(domain) + " has a null MX: it takes no mail");
  std::stable_sort(mx.begin(), mx.end(), [](const ports::MxHost& a, const ports::MxHost& b) {
    return a.preference < b.preference;
  });
  MailHosts found{Status::takes_mail, "", {}, {}};
  for (ports::MxHost& one : mx) found.hosts.push_back(std::move(one.host));
  return found;
}

}  // namespace

HostAddresses find_addresses(ports::Resolver& resolver, const std::string& host,
                             Deadline deadline) {
  HostAddresses found;
  for (const ports::DnsType type : {ports::DnsType::a, ports::DnsType::aaaa}) {
    const auto answer = resolver.query(host, type, deadline);
    if (!answer) {
      found.certain = false;
      found.why = shown(host) + ": " + printable(answer.error().what, kLongestNameShown);
      continue;
    }
    if (answer->status == Found::no_domain) break;
    found.addresses.insert(found.addresses.end(), answer->addresses.begin(),
                           answer->addresses.end());
  }
  if (found.addresses.empty() && found.why.empty()) found.why = shown(host) + ": no address";
  return found;
}

MailHosts find_mail_hosts(ports::Resolver& resolver, const std::string& domain, Deadline deadline) {
  if (auto itself = literal(domain)) return *itself;
  auto mx = resolver.query(domain, ports::DnsType::mx, deadline);
  if (!mx) {
    return unknown(shown(domain) + ": MX: " + printable(mx.error().what, kLongestNameShown));
  }
  switch (mx->status) {
    case Found::no_domain:
      return none(shown(domain) + ": no such domain");
    case Found::found:
      if (!mx->mx.empty()) return by_preference(std::move(mx->mx), domain);
      break;
    case Found::no_data:
      break;
  }
  HostAddresses itself = find_addresses(resolver, domain, deadline);
  if (!itself.addresses.empty()) {
    return {Status::takes_mail, "", {domain}, std::move(itself.addresses)};
  }
  if (!itself.certain) return unknown(itself.why);
  return none(shown(domain) + ": no MX and no address");
}

}  // namespace postern::sender_verify
