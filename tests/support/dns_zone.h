// Purpose:   names and what the DNS says of them, for tests: served as real packets by DnsServer, or
//            asked directly through ZoneResolver.
// Ownership: values.
// Threading: built by one thread; read by any number.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/resolver.h"

namespace postern::test {

enum class DnsFault {
  none,
  silence,  // never answers
  servfail,
  refused,
  garbage,         // octets that are no message behind a right header
  wrong_question,  // answers what was not asked
  wrong_id,        // answers, but not us
  cut_short,       // a record that says it is longer than the message
  truncated,       // over UDP: "ask again over TCP", whatever its size
};

struct DnsNode {
  std::vector<IpAddress> addresses;  // A and AAAA
  std::vector<ports::MxHost> mx;
  std::vector<std::vector<std::string>> texts;             // the strings of each record
  std::vector<std::string> names;                          // PTR
  std::optional<std::string> alias;                        // CNAME
  std::vector<std::pair<std::uint16_t, std::string>> raw;  // type and data of records as they are
  DnsFault fault = DnsFault::none;
  bool silent_otherwise = false;  // never answers for types it has nothing of
};

class DnsZone {
 public:
  // "A.example" and "a.example" are one name.
  DnsNode& at(const std::string& name);
  const DnsNode* find(const std::string& name) const;
  // No node of its own, but there are names below it.
  bool is_above_others(const std::string& name) const;

  DnsZone& address(const std::string& name, const std::string& text);
  DnsZone& mx(const std::string& name, std::uint16_t preference, const std::string& host);
  DnsZone& text(const std::string& name, const std::string& text);
  DnsZone& ptr(const std::string& name, const std::string& target);
  DnsZone& alias(const std::string& name, const std::string& target);
  DnsZone& fault(const std::string& name, DnsFault fault);

  std::uint32_t ttl = 300;
  std::uint32_t negative_ttl = 60;
  bool follows_aliases = true;  // as a recursive server does; else it answers the CNAME alone
  bool gives_soa = true;        // with a "no"

  const std::map<std::string, DnsNode>& nodes() const { return nodes_; }

 private:
  std::map<std::string, DnsNode> nodes_;
};

// Answers from a zone without a packet. Any fault is a temporary Error.
class ZoneResolver final : public ports::Resolver {
 public:
  explicit ZoneResolver(const DnsZone& zone) : zone_(zone) {}
  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline deadline) override;

 private:
  const DnsZone& zone_;
};

}  // namespace postern::test
