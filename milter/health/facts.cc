#include "health/facts.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace postern::health {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

json parsed(const std::optional<std::string>& text) {
  return text ? json::parse(*text, nullptr, false) : json();
}

policy::TransportType type_of(const std::string& name) {
  if (name == "SMTPS_MAY") return policy::TransportType::smtps_may;
  if (name == "SMTPS_ENCRYPT") return policy::TransportType::smtps_encrypt;
  return policy::TransportType::smtp;
}

std::uint16_t port_of(const json& object, const char* name) {
  constexpr std::uint16_t kSmtp = 25;
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint16_t>() : kSmtp;
}

policy::Platform read_platform(const json& object) {
  policy::Platform platform;
  platform.id = text_of(object, "id");
  platform.primary = {text_of(object, "transportDest"), port_of(object, "transportPort"),
                      type_of(text_of(object, "transportType"))};
  const std::string fallback = text_of(object, "fallbackTransportDest");
  if (fallback.empty()) return platform;
  const std::string type = text_of(object, "fallbackTransportType");
  platform.fallback = policy::Hop{fallback, port_of(object, "fallbackTransportPort"),
                                  type.empty() ? platform.primary.type : type_of(type)};
  return platform;
}

void read_key(const json& object, Facts& facts) {
  policy::DkimKey key;
  key.selector = text_of(object, "selector");
  key.public_key = text_of(object, "publicKey");
  if (text_of(object, "algorithm") == "ed25519") key.algorithm = policy::DkimAlgorithm::ed25519;
  // One that is retiring may have left the DNS already.
  if (!key.selector.empty() && text_of(object, "state") != "retiring") facts.keys.push_back(key);
}

// "10 feedback-smtp.us-east-1.amazonses.com": the host.
std::string host_of(const std::string& record) {
  std::string host = ascii_lower(trim(record));
  const std::size_t blank = host.rfind(' ');
  if (blank != std::string::npos) host.erase(0, blank + 1);
  if (host.ends_with('.')) host.pop_back();
  return host;
}

std::string include_of(const std::string& record) {
  for (const std::string_view term : split(record, ' ')) {
    if (starts_with_ignoring_case(term, "include:")) return ascii_lower(term.substr(8));
  }
  return "";
}

}  // namespace

postern::Result<Facts> read_facts(const std::string& domain, const Documents& documents) {
  const json document = parsed(documents("domain:" + domain));
  if (!document.is_object()) return permanent_error("domain:" + domain + ": no such document");
  Facts facts;
  facts.name = domain;
  facts.id = text_of(document, "id");
  for (const json& alias : document.value("domainAliases", json::array())) {
    if (alias.is_object()) facts.aliases.push_back(text_of(alias, "name"));
  }
  for (const json& platform : document.value("platforms", json::array())) {
    if (platform.is_object()) facts.platforms.push_back(read_platform(platform));
  }
  if (const std::string id = text_of(document, "platformId"); !id.empty()) {
    const json platform = parsed(documents("platform:" + id));
    if (platform.is_object()) facts.platforms.push_back(read_platform(platform));
  }
  const json keys = parsed(documents("dkim:" + domain));
  if (keys.is_object()) read_key(keys, facts);
  if (keys.is_array()) {
    for (const json& key : keys) read_key(key, facts);
  }
  const json mail_from = parsed(documents("mailfrom:" + domain));
  if (mail_from.is_object() && !text_of(mail_from, "mailFromDomain").empty()) {
    facts.mail_from = Facts::MailFrom{ascii_lower(text_of(mail_from, "mailFromDomain")),
                                      host_of(text_of(mail_from, "mxRecord")),
                                      include_of(text_of(mail_from, "txtRecord"))};
  }
  const json identity = parsed(documents("identity:" + domain));
  if (identity.is_object() && !text_of(identity, "VerificationToken").empty()) {
    facts.identity_token = text_of(identity, "VerificationToken");
  }
  return facts;
}

std::string report_json(const std::string& id, const std::string& name, const std::string& type,
                        WallTime performed_at, const std::vector<Entry>& entries) {
  json list = json::array();
  for (const Entry& entry : entries) {
    json one = {{"type", to_string(entry.type)},
                {"result", to_string(entry.result)},
                {"output", entry.output}};
    if (!entry.ref.empty()) one["ref"] = entry.ref;
    list.push_back(std::move(one));
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(performed_at.time_since_epoch()).count();
  const json report = {
      {"id", id.empty() ? json() : json(id)},
      {"name", name},
      {"type", type},
      {"health",
       {{"performedAt", seconds},
        {"report", {{"status", is_well(entries)}, {"entries", std::move(list)}}}}}};
  return report.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace postern::health
