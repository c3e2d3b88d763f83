#include "support/dns_zone.h"

#include <algorithm>

#include "base/text.h"

namespace postern::test {
namespace {

using ports::DnsAnswer;
using ports::DnsType;

std::string key_of(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return ascii_lower(name);
}

bool is_a_name(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  if (std::any_of(name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; })) {
    return false;
  }
  const auto labels = split(name, '.');
  return std::all_of(labels.begin(), labels.end(),
                     [](std::string_view label) { return !label.empty() && label.size() <= 63; });
}

std::string join(const std::vector<std::string>& strings) {
  std::string joined;
  for (const auto& one : strings) joined += one;
  return joined;
}

void take_addresses(const DnsNode& node, IpAddress::Family family, DnsAnswer& answer) {
  std::copy_if(node.addresses.begin(), node.addresses.end(), std::back_inserter(answer.addresses),
               [family](const IpAddress& address) { return address.family() == family; });
}

DnsAnswer take(const DnsNode& node, DnsType type) {
  DnsAnswer answer;
  switch (type) {
    case DnsType::a:
      take_addresses(node, IpAddress::Family::v4, answer);
      break;
    case DnsType::aaaa:
      take_addresses(node, IpAddress::Family::v6, answer);
      break;
    case DnsType::mx:
      answer.mx = node.mx;
      break;
    case DnsType::txt:
      for (const auto& strings : node.texts) answer.texts.push_back(join(strings));
      break;
    case DnsType::ptr:
      answer.names = node.names;
      break;
  }
  const bool found = !answer.addresses.empty() || !answer.mx.empty() || !answer.texts.empty() ||
                     !answer.names.empty();
  answer.status = found ? DnsAnswer::Status::found : DnsAnswer::Status::no_data;
  return answer;
}

}  // namespace

DnsNode& DnsZone::at(const std::string& name) { return nodes_[key_of(name)]; }

const DnsNode* DnsZone::find(const std::string& name) const {
  const auto found = nodes_.find(key_of(name));
  return found == nodes_.end() ? nullptr : &found->second;
}

bool DnsZone::is_above_others(const std::string& name) const {
  const std::string end = "." + key_of(name);
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [&end](const auto& node) { return node.first.ends_with(end); });
}

DnsZone& DnsZone::address(const std::string& name, const std::string& text) {
  at(name).addresses.push_back(IpAddress::parse(text).value());
  return *this;
}
DnsZone& DnsZone::mx(const std::string& name, std::uint16_t preference, const std::string& host) {
  at(name).mx.push_back({preference, key_of(host)});
  return *this;
}
DnsZone& DnsZone::text(const std::string& name, const std::string& text) {
  at(name).texts.push_back({text});
  return *this;
}
DnsZone& DnsZone::ptr(const std::string& name, const std::string& target) {
  at(name).names.push_back(key_of(target));
  return *this;
}
DnsZone& DnsZone::alias(const std::string& name, const std::string& target) {
  at(name).alias = key_of(target);
  return *this;
}
DnsZone& DnsZone::fault(const std::string& name, DnsFault fault) {
  at(name).fault = fault;
  return *this;
}

Result<DnsAnswer> ZoneResolver::query(const std::string& name, DnsType type,
                                      Deadline /*deadline*/) {
  std::string asked = name;
  for (int hops = 0; hops < 16; ++hops) {
    DnsAnswer none;
    none.status = DnsAnswer::Status::no_domain;
    if (!is_a_name(asked)) return none;
    const DnsNode* const node = zone_.find(asked);
    if (node == nullptr) {
      if (zone_.is_above_others(asked)) none.status = DnsAnswer::Status::no_data;
      return none;
    }
    if (node->fault != DnsFault::none && node->fault != DnsFault::truncated) {
      return temporary_error(asked + ": a fault");
    }
    if (!node->alias) {
      auto answer = take(*node, type);
      if (answer.status != DnsAnswer::Status::found && node->silent_otherwise) {
        return temporary_error(asked + ": no answer");
      }
      return answer;
    }
    asked = *node->alias;
  }
  return temporary_error(name + ": aliases in a circle");
}

}  // namespace postern::test
