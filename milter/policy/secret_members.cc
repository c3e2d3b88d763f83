#include "policy/secret_members.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/result.h"
#include "base/text.h"
#include "policy/decode.h"

namespace postern::policy {
namespace {

constexpr std::array<std::string_view, 10> kSecretMembers = {
    "privatekey", "password",   "bindpassword", "clientsecret", "dkimkey",
    "secret",     "passphrase", "passwd",       "token",        "apikey"};

// Both may be a text instead of an object: then nobody knows what in it is secret.
constexpr std::array<std::string_view, 2> kCredentialMembers = {"authdata", "apidata"};

// "bind_password", "bindPassword" and "bind_ password" are one name.
std::string plain_name(std::string_view name) {
  std::string plain = ascii_lower(name);
  std::erase_if(plain, [](char c) { return c == '_' || c == '-' || c == ' '; });
  return plain;
}

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool looks_like_a_private_key(std::string_view text) {
  return text.find("PRIVATE KEY-----") != std::string_view::npos;
}

// An empty or null secret says that there is none, which is worth seeing.
bool says_nothing(const Json& json) {
  const auto* text = std::get_if<std::string>(&json.value);
  return json.is_null() || (text != nullptr && text->empty());
}

void redact_member(JsonMember& member) {
  const std::string name = plain_name(member.name);
  const bool is_text = std::holds_alternative<std::string>(member.value.value);
  const bool secret =
      contains(kSecretMembers, name) || (contains(kCredentialMembers, name) && is_text);
  if (!secret) {
    redact(member.value);
  } else if (!says_nothing(member.value)) {
    wipe_texts(member.value);
    member.value = Json{std::string(kRedacted)};
  }
}

}  // namespace

bool is_secret_member(std::string_view name) {
  const std::string plain = plain_name(name);
  return contains(kSecretMembers, plain) || contains(kCredentialMembers, plain);
}

void redact(Json& json) {
  std::visit(Overloaded{
                 [](std::string& text) {
                   if (looks_like_a_private_key(text)) text = kRedacted;
                 },
                 [](Json::Array& array) {
                   for (auto& element : array) redact(element);
                 },
                 [](Json::Object& object) {
                   for (auto& member : object) redact_member(member);
                 },
                 [](auto&) {},
             },
             json.value);
}

std::string redacted(std::string_view json) {
  Result<Json> tree = parse_json(json);
  // What cannot be read cannot be searched for secrets either.
  if (!tree) return "(" + std::to_string(json.size()) + " octets, " + tree.error().what + ")";
  redact(*tree);
  return dump_json(*tree);
}

}  // namespace postern::policy
