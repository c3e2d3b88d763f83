#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "mail/address.h"
#include "policy/decode_parts.h"
#include "policy/smarthost.h"

namespace postern::policy {
namespace {

constexpr std::size_t kMaxPasswordText = 4096;
constexpr std::size_t kMaxUser = 255;
constexpr std::int64_t kMaxPort = 65535;
constexpr std::uint16_t kSmtpPort = 25;
constexpr std::uint16_t kWrapperPort = 465;

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// The API's text spells its booleans as strings, its examples do not.
bool read_switch(const ObjectReader& object, std::string_view member) {
  const Json* given = object.value(member);
  const auto* word = given == nullptr ? nullptr : std::get_if<std::string>(&given->value);
  if (word == nullptr) return object.flag(member, false);
  if (equals_ignoring_case(*word, "true")) return true;
  if (!word->empty() && !equals_ignoring_case(*word, "false")) object.wrong(member, "a boolean");
  return false;
}

std::uint16_t read_port(const ObjectReader& object, SmarthostSecurity security) {
  const Json* given = object.value("portNumber");
  const std::uint16_t usual = security == SmarthostSecurity::tls ? kWrapperPort : kSmtpPort;
  if (given == nullptr) return usual;
  if (const auto* digits = std::get_if<std::string>(&given->value)) {
    std::uint16_t port = 0;
    const char* const end = digits->data() + digits->size();
    const auto [at, error] = std::from_chars(digits->data(), end, port);
    if (error != std::errc() || at != end || port == 0) object.wrong("portNumber", "a port");
    return port;
  }
  return static_cast<std::uint16_t>(object.whole_number("portNumber", 1, kMaxPort).value_or(usual));
}

// As it stands in a URL, "mailServerSetting%230" is "mailServerSetting#0".
Id read_instance(const ObjectReader& object) {
  const Id given = object.id("instanceID").value_or("");
  Id plain;
  for (std::size_t i = 0; i < given.size(); ++i) {
    unsigned octet = 0;
    const char* const digits = given.data() + i + 1;
    if (given[i] == '%' && i + 2 < given.size() &&
        std::from_chars(digits, digits + 2, octet, 16).ptr == digits + 2 && octet >= 0x20 &&
        octet < 0x7f) {
      plain += static_cast<char>(octet);
      i += 2;
    } else {
      plain += given[i];
    }
  }
  return plain;
}

std::optional<Secret> from_base64(std::string_view text) {
  const std::string_view digits = trim(text);
  const std::size_t padding = digits.ends_with("==") ? 2 : digits.ends_with('=') ? 1 : 0;
  if (digits.size() % 4 != 0 || digits.find('=') < digits.size() - padding) return std::nullopt;
  std::string bytes(digits.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(digits.data()),
                                   static_cast<int>(digits.size()));
  if (size >= 0) bytes.resize(static_cast<std::size_t>(size) - padding);
  Secret decoded(std::move(bytes));
  if (size < 0) return std::nullopt;
  return decoded;
}

void read_password(const ObjectReader& object, const DecodeOptions& options, Smarthost& smarthost) {
  const auto [text, left_sealed] = read_sealable(object, "password", kMaxPasswordText, options);
  const bool updates = read_switch(object, "updatePassword");
  if (left_sealed) return;
  if (!updates) {
    if (!smarthost.authenticates) return;
    smarthost.faults.emplace_back(
        "/password: updatePassword is not true, so it is not read, and none is in force that could "
        "be kept: mail through this server waits");
    return;
  }
  if (text.empty()) return object.note("password", "missing, and updatePassword is true");
  const auto password = from_base64(text.reveal());
  if (!password || password->empty()) return object.note("password", "not base64");
  // What Postfix is answered is a line of text.
  if (has_control(password->reveal())) return object.note("password", "holds a control character");
  smarthost.password = *password;
  smarthost.written_password = Secret(object.secret("password", kMaxPasswordText).value_or(""));
}

std::string read_user(const ObjectReader& object, bool authenticates) {
  std::string user = object.text("userId", kMaxUser).value_or("");
  if (!authenticates) return user;
  if (user.empty()) object.note("userId", "missing, and authenticationEnabled is true");
  // "user:password" is what Postfix reads.
  if (has_control(user) || user.find(':') != std::string::npos) {
    object.note("userId", "holds a colon or a control character");
  }
  return user;
}

std::string read_sender(const ObjectReader& object) {
  const std::string given = object.text("senderAddress", kMaxAddressSize).value_or("");
  if (trim(given).empty()) return {};
  const auto address = mail::Address::parse(trim(given));
  if (!address) object.wrong("senderAddress", "a mailbox address");
  return address ? address->key() : "";
}

}  // namespace

Smarthost read_smarthost(const ObjectReader& object, const std::string& id,
                         const DecodeOptions& options) {
  Smarthost smarthost;
  smarthost.id = id;
  smarthost.instance_id = read_instance(object);
  smarthost.host = read_host(object, "hostname", object.required_text("hostname", kMaxAddressSize));
  object.required_text("secureConnection", kMaxLabelSize);
  smarthost.security =
      object.choice("secureConnection", kSmarthostSecurities, SmarthostSecurity::starttls);
  smarthost.port = read_port(object, smarthost.security);
  smarthost.authenticates = read_switch(object, "authenticationEnabled");
  smarthost.user = read_user(object, smarthost.authenticates);
  smarthost.sender = read_sender(object);
  read_password(object, options, smarthost);
  if (smarthost.risks_its_password() && !options.allow_plain_auth) {
    object.note("secureConnection",
                "Plain, and authenticationEnabled is true (outgoing.allow_plain_auth)");
  }
  return smarthost;
}

std::string with_kept_password(std::string_view json, const Smarthost& in_force) {
  std::string unchanged(json);
  if (in_force.written_password.empty()) return unchanged;
  Result<Json> tree = parse_json(json);
  if (!tree || !std::holds_alternative<Json::Object>(tree->value)) return unchanged;
  Faults faults;
  if (read_switch(ObjectReader(*tree, "", faults), "updatePassword") || faults.first()) {
    wipe_texts(*tree);
    return unchanged;
  }
  tree->set("password", Json{std::string(in_force.written_password.reveal())});
  tree->set("updatePassword", Json{true});
  std::string text = dump_json(*tree);
  wipe_texts(*tree);
  return text;
}

}  // namespace postern::policy
