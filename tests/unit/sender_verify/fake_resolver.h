// The DNS, played from a table: what is not in it does not exist.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "ports/resolver.h"

namespace postern::test {

class FakeResolver final : public ports::Resolver {
 public:
  using Found = ports::DnsAnswer::Status;

  void mx(const std::string& name, std::vector<ports::MxHost> hosts) {
    ports::DnsAnswer answer;
    answer.status = Found::found;
    answer.mx = std::move(hosts);
    put(name, ports::DnsType::mx, answer);
  }
  void address(const std::string& name, std::initializer_list<const char*> addresses) {
    for (const char* const text : addresses) {
      const IpAddress address = *IpAddress::parse(text);
      const auto type =
          address.family() == IpAddress::Family::v4 ? ports::DnsType::a : ports::DnsType::aaaa;
      table_.with([&](auto& table) {
        auto [at, is_new] = table.try_emplace({name, type}, ports::DnsAnswer{});
        at->second.value().status = Found::found;
        at->second.value().addresses.push_back(address);
      });
    }
  }
  void fails(const std::string& name, ports::DnsType type) {
    put(name, type, temporary_error("SERVFAIL"));
  }

  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline /*deadline*/) override {
    return table_.with([&](const auto& table) -> Result<ports::DnsAnswer> {
      if (const auto at = table.find({name, type}); at != table.end()) return at->second;
      ports::DnsAnswer nothing;
      const auto next = table.lower_bound({name, ports::DnsType::a});
      const bool exists = next != table.end() && next->first.first == name;
      nothing.status = exists ? Found::no_data : Found::no_domain;
      return nothing;
    });
  }

 private:
  void put(const std::string& name, ports::DnsType type, Result<ports::DnsAnswer> answer) {
    table_.with([&](auto& table) { table.insert_or_assign({name, type}, std::move(answer)); });
  }

  Guarded<std::map<std::pair<std::string, ports::DnsType>, Result<ports::DnsAnswer>>> table_;
};

}  // namespace postern::test
