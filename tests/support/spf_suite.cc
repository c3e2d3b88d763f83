#include "support/spf_suite.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace postern::test {
namespace {

constexpr const char* kSuite = "/usr/share/doc/python3-spf/rfc7208-tests.yml.gz";

std::string unpacked() {
  const std::string command = std::string("gzip -dc ") + kSuite;
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::string text;
  std::array<char, 65536> buffer{};
  while (pipe) {
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe.get());
    if (got == 0) break;
    text.append(buffer.data(), got);
  }
  if (text.empty()) {
    throw std::runtime_error(std::string(kSuite) + " is missing: install python3-spf");
  }
  return text;
}

std::vector<std::string> strings_of(const YAML::Node& value) {
  if (value.IsSequence()) return value.as<std::vector<std::string>>();
  return {value.as<std::string>()};
}

// A name's records. "SPF" stands for TXT as well, unless the name says what its TXT records are.
void read_name(DnsZone& zone, const std::string& name, const YAML::Node& records) {
  zone.at(name);
  bool has_txt = false;
  std::vector<std::vector<std::string>> spf;
  for (const auto& record : records) {
    if (record.IsScalar()) {  // TIMEOUT
      zone.at(name).silent_otherwise = true;
      continue;
    }
    for (const auto& field : record) {
      const auto type = field.first.as<std::string>();
      const auto& value = field.second;
      if (type == "SPF") {
        spf.push_back(strings_of(value));
      } else if (type == "TXT") {
        has_txt = true;
        if (value.IsSequence() || value.as<std::string>() != "NONE") {
          zone.at(name).texts.push_back(strings_of(value));
        }
      } else if (type == "MX") {
        zone.mx(name, value[0].as<std::uint16_t>(), value[1].as<std::string>());
      } else if (type == "PTR") {
        zone.ptr(name, value.as<std::string>());
      } else if (type == "CNAME") {
        zone.alias(name, value.as<std::string>());
      } else if (type == "A" || type == "AAAA") {
        zone.address(name, value.as<std::string>());
      } else {
        throw std::runtime_error("unknown record type in the suite: " + type);
      }
    }
  }
  if (!has_txt) zone.at(name).texts = std::move(spf);
}

SpfCase read_case(const std::string& name, const YAML::Node& node) {
  SpfCase one;
  one.name = name;
  one.client = node["host"].as<std::string>();
  one.helo = node["helo"].as<std::string>();
  one.mail_from = node["mailfrom"].as<std::string>();
  for (const auto& result : strings_of(node["result"])) one.accepted.insert(result);
  return one;
}

}  // namespace

std::vector<SpfScenario> load_spf_suite() {
  std::vector<SpfScenario> scenarios;
  for (const auto& document : YAML::LoadAll(unpacked())) {
    if (!document.IsMap()) continue;
    SpfScenario scenario;
    scenario.description = document["description"].as<std::string>();
    for (const auto& name : document["zonedata"]) {
      read_name(scenario.zone, name.first.as<std::string>(), name.second);
    }
    for (const auto& one : document["tests"]) {
      scenario.cases.push_back(read_case(one.first.as<std::string>(), one.second));
    }
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace postern::test
