#include "scenario/runner/scenario.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <set>
#include <stdexcept>

#include "base/text.h"
#include "base/units.h"

namespace postern::test {
namespace {

constexpr std::size_t kPadLine = 76;

[[noreturn]] void refuse(const std::string& file, const YAML::Node& node, const std::string& what) {
  throw std::runtime_error(file + ":" + std::to_string(node.Mark().line + 1) + ": " + what);
}

void check_members(const std::string& file, const YAML::Node& node,
                   const std::set<std::string>& known) {
  for (const auto& member : node) {
    const auto name = member.first.as<std::string>();
    if (!known.contains(name)) refuse(file, member.first, "unknown member " + name);
  }
}

std::string text_or(const YAML::Node& node, const std::string& otherwise) {
  return node && !node.IsNull() ? node.as<std::string>() : otherwise;
}

// "6MiB" of body in lines of 76 octets.
std::string padding(const std::string& size) {
  const auto octets = parse_size(size);
  if (!octets) throw std::runtime_error("pad: " + size);
  std::string text;
  while (text.size() < *octets) text += std::string(kPadLine, 'x') + "\r\n";
  return text;
}

std::string with_crlf(const std::string& text) {
  std::string wire;
  for (const char c : text) {
    if (c == '\n' && !wire.ends_with('\r')) wire += '\r';
    wire += c;
  }
  if (!wire.empty() && !wire.ends_with('\n')) wire += "\r\n";
  return wire;
}

std::vector<std::pair<std::string, std::string>> headers_of(const YAML::Node& node,
                                                            const Scenario& scenario) {
  std::vector<std::pair<std::string, std::string>> headers = {
      {"From", "<" + (scenario.from.empty() ? "MAILER-DAEMON@example.org" : scenario.from) + ">"},
      {"To", "<" + scenario.to.front() + ">"},
      {"Subject", "Hello"},
      {"Date", "Sun, 01 Mar 2026 00:00:00 +0000"},
      {"Message-ID", "<scenario@example.org>"}};
  if (headers.front().second.empty()) headers.erase(headers.begin());
  if (node["score"] && !node["score"].IsNull()) {
    headers.emplace_back("X-Spam-Score", node["score"].as<std::string>());
  }
  if (node["advert"] && node["advert"].as<bool>()) headers.emplace_back("X-Spam-Advert", "yes");
  if (node["virus"] && !node["virus"].IsNull()) {
    headers.emplace_back("X-Virus-Name", node["virus"].as<std::string>());
  }
  for (const auto& field : node["headers"]) {
    const auto name = field.first.as<std::string>();
    std::erase_if(headers,
                  [&](const auto& given) { return equals_ignoring_case(given.first, name); });
    if (!field.second.IsNull()) headers.emplace_back(name, field.second.as<std::string>());
  }
  return headers;
}

ExpectedDelivery delivery_of(const std::string& file, const YAML::Node& node) {
  check_members(file, node, {"subject", "decoded", "next_hop"});
  ExpectedDelivery delivery;
  if (node["subject"]) {
    delivery.subject_is_given = true;
    if (!node["subject"].IsNull()) delivery.subject = node["subject"].as<std::string>();
  }
  if (node["decoded"]) delivery.decoded = node["decoded"].as<std::string>();
  delivery.next_hop = text_or(node["next_hop"], "");
  return delivery;
}

void read_expectation(const std::string& file, const YAML::Node& node, Scenario& scenario) {
  check_members(file, node,
                {"refused", "mail", "rcpt", "reply", "delivered", "stored", "signed_by"});
  if (node["refused"]) scenario.refused = node["refused"].as<std::string>();
  scenario.mail = text_or(node["mail"], "250");
  scenario.reply = text_or(node["reply"], "250");
  for (const auto& row : node["rcpt"]) {
    scenario.rcpt[row.first.as<std::string>()] = row.second.as<std::string>();
  }
  for (const auto& row : node["delivered"]) {
    scenario.delivered[ascii_lower(row.first.as<std::string>())] = delivery_of(file, row.second);
  }
  for (const auto& row : node["stored"]) {
    for (const auto& copy : row.second) {
      check_members(file, copy, {"purpose", "class"});
      scenario.stored[ascii_lower(row.first.as<std::string>())].push_back(
          {copy["purpose"].as<std::string>(), copy["class"].as<std::string>()});
    }
  }
  if (node["signed_by"]) scenario.signed_by = node["signed_by"].as<std::vector<std::string>>();
}

Scenario read_one(const std::string& file, const YAML::Node& node) {
  check_members(file, node,
                {"name", "policies", "client", "sasl", "helo", "from", "to", "size", "score",
                 "advert", "virus", "headers", "body", "pad", "expect"});
  Scenario scenario;
  scenario.file = file;
  scenario.name = node["name"].as<std::string>();
  scenario.policies = node["policies"].as<std::string>();
  scenario.client = text_or(node["client"], scenario.client);
  scenario.sasl = text_or(node["sasl"], "");
  scenario.helo = text_or(node["helo"], scenario.helo);
  scenario.from = node["from"] ? node["from"].as<std::string>() : scenario.from;
  scenario.to = node["to"].as<std::vector<std::string>>();
  if (scenario.to.empty()) refuse(file, node, "no recipient");
  if (node["size"] && !node["size"].IsNull()) scenario.size = node["size"].as<std::string>();
  scenario.headers = headers_of(node, scenario);
  scenario.body = with_crlf(text_or(node["body"], "A line of text."));
  if (node["pad"] && !node["pad"].IsNull()) scenario.body += padding(node["pad"].as<std::string>());
  read_expectation(file, node["expect"], scenario);
  return scenario;
}

}  // namespace

std::vector<Scenario> read_scenarios(const std::string& path) {
  std::vector<Scenario> scenarios;
  const std::string file = std::filesystem::path(path).filename().string();
  for (const auto& node : YAML::LoadFile(path)) scenarios.push_back(read_one(file, node));
  return scenarios;
}

}  // namespace postern::test
