#include "scenario/runner/scenario.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <set>
#include <stdexcept>

#include "base/text.h"
#include "scenario/runner/body.h"

namespace postern::test {
namespace {

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
    if (field.second.IsSequence()) {
      for (const auto& value : field.second) headers.emplace_back(name, value.as<std::string>());
    } else if (!field.second.IsNull()) {
      headers.emplace_back(name, field.second.as<std::string>());
    }
  }
  if (node["attach"]) {
    headers.emplace_back("MIME-Version", "1.0");
    headers.emplace_back("Content-Type", kMultipart);
  }
  return headers;
}

Attachment attachment_of(const std::string& file, const YAML::Node& node) {
  check_members(file, node, {"name", "type", "text", "base64"});
  Attachment attachment;
  attachment.name = text_or(node["name"], "");
  attachment.type = text_or(node["type"], attachment.type);
  attachment.text = text_or(node["text"], "");
  attachment.base64 = text_or(node["base64"], "");
  return attachment;
}

ExpectedDelivery delivery_of(const std::string& file, const YAML::Node& node) {
  check_members(file, node, {"subject", "decoded", "next_hop", "sender", "headers"});
  ExpectedDelivery delivery;
  if (node["subject"]) {
    delivery.subject_is_given = true;
    if (!node["subject"].IsNull()) delivery.subject = node["subject"].as<std::string>();
  }
  if (node["decoded"]) delivery.decoded = node["decoded"].as<std::string>();
  delivery.next_hop = text_or(node["next_hop"], "");
  if (node["sender"]) delivery.sender = node["sender"].as<std::string>();
  for (const auto& row : node["headers"]) {
    auto& texts = delivery.headers[row.first.as<std::string>()];
    if (row.second.IsSequence()) {
      texts = row.second.as<std::vector<std::string>>();
    } else if (!row.second.IsNull()) {
      texts.push_back(row.second.as<std::string>());
    }
  }
  return delivery;
}

void read_expectation(const std::string& file, const YAML::Node& node, Scenario& scenario) {
  check_members(file, node,
                {"refused", "mail", "rcpt", "reply", "delivered", "stored", "each", "signed_by"});
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
  for (const auto& row : node["each"]) {
    scenario.each[ascii_lower(row.first.as<std::string>())] = row.second.as<std::string>();
  }
  if (node["signed_by"]) scenario.signed_by = node["signed_by"].as<std::vector<std::string>>();
}

Scenario read_one(const std::string& file, const YAML::Node& node) {
  check_members(file, node,
                {"name", "policies", "settings", "client", "sasl", "helo", "from", "to", "size",
                 "score", "advert", "virus", "headers", "body", "pad", "attach", "dkim", "expect"});
  Scenario scenario;
  scenario.file = file;
  scenario.name = node["name"].as<std::string>();
  scenario.policies = node["policies"].as<std::string>();
  scenario.settings = text_or(node["settings"], "");
  scenario.client = text_or(node["client"], scenario.client);
  scenario.sasl = text_or(node["sasl"], "");
  scenario.helo = text_or(node["helo"], scenario.helo);
  scenario.from = node["from"] ? node["from"].as<std::string>() : scenario.from;
  scenario.to = node["to"].as<std::vector<std::string>>();
  if (scenario.to.empty()) refuse(file, node, "no recipient");
  if (node["size"] && !node["size"].IsNull()) scenario.size = node["size"].as<std::string>();
  scenario.headers = headers_of(node, scenario);
  scenario.body = text_or(node["body"], "A line of text.");
  if (node["attach"]) {
    std::vector<Attachment> attachments;
    for (const auto& one : node["attach"]) attachments.push_back(attachment_of(file, one));
    scenario.body = multipart(scenario.body, attachments);
  }
  scenario.body = with_eicar(with_crlf(scenario.body));
  if (node["pad"] && !node["pad"].IsNull()) scenario.body += padding(node["pad"].as<std::string>());
  scenario.dkim_domain = text_or(node["dkim"], "");
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
