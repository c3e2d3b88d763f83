#include "scenario/runner/zone.h"

#include <yaml-cpp/yaml.h>

#include <sstream>
#include <stdexcept>

namespace postern::test {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& kind) {
  throw std::runtime_error("zone.yml: " + name + ": unknown record " + kind);
}

void read_node(const std::string& name, const YAML::Node& records, DnsZone& zone) {
  for (const auto& row : records) {
    const auto kind = row.first.as<std::string>();
    if (kind == "fault" && row.second.as<std::string>() == "servfail") {
      zone.fault(name, DnsFault::servfail);
      continue;
    }
    for (const auto& value : row.second) {
      const auto text = value.as<std::string>();
      if (kind == "a" || kind == "aaaa") {
        zone.address(name, text);
      } else if (kind == "txt") {
        zone.text(name, text);
      } else if (kind == "mx") {
        std::uint16_t preference = 0;
        std::string host;
        std::istringstream(text) >> preference >> host;
        zone.mx(name, preference, host == "." ? "" : host);
      } else {
        refuse(name, kind);
      }
    }
  }
}

}  // namespace

DnsZone read_zone(const std::string& path) {
  DnsZone zone;
  for (const auto& row : YAML::LoadFile(path)) {
    read_node(row.first.as<std::string>(), row.second, zone);
  }
  return zone;
}

}  // namespace postern::test
