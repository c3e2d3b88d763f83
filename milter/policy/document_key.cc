#include "policy/document_key.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "mail/address.h"
#include "mail/domain_name.h"

namespace postern::policy {
namespace {

constexpr std::size_t kMaxNameSize = 320;  // the longest address, quoted, and room to spare
constexpr std::string_view kEveryDomain = "*";

std::optional<DocumentType> type_named(std::string_view text) {
  for (const DocumentType type : kAllDocumentTypes) {
    if (to_string(type) == text) return type;
  }
  return std::nullopt;
}

std::optional<std::string> address_key(std::string_view name) {
  const auto address = mail::Address::parse(name);
  if (!address) return std::nullopt;
  return address->key();
}

std::string without_blanks(std::string_view text) {
  std::string kept(text);
  std::erase_if(kept, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return kept;
}

std::optional<std::string> domain_or_address(std::string_view name) {
  return name.find('@') == std::string_view::npos ? mail::to_a_label(name) : address_key(name);
}

std::optional<std::string> opaque_id(std::string_view name) {
  const bool visible =
      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (name.empty() || !visible) return std::nullopt;
  return std::string(name);
}

std::optional<std::string> canonical_name(DocumentType type, std::string_view name) {
  switch (type) {
    case DocumentType::domain:
    case DocumentType::dkim:
    case DocumentType::uris:
    case DocumentType::groups:
    case DocumentType::opensrs:
      return mail::to_a_label(name);
    case DocumentType::attachments:
      return name == kEveryDomain ? std::string(name) : mail::to_a_label(name);
    case DocumentType::user:
      return address_key(name);
    case DocumentType::identity:
      return domain_or_address(without_blanks(name));  // one service writes "user@ example.com"
    case DocumentType::wblist:
    case DocumentType::mailfrom:
      return domain_or_address(name);
    case DocumentType::policy:
    case DocumentType::platform:
      return opaque_id(name);
    case DocumentType::smarthost: {
      // A domain's is found whatever its spelling; every other name is an id.
      const auto domain =
          name.find('.') == std::string_view::npos ? std::nullopt : mail::to_a_label(name);
      return domain ? domain : opaque_id(name);
    }
  }
  return std::nullopt;
}

std::string_view what_it_should_be(DocumentType type) {
  switch (type) {
    case DocumentType::domain:
    case DocumentType::dkim:
    case DocumentType::uris:
    case DocumentType::groups:
    case DocumentType::opensrs:
      return "a domain name";
    case DocumentType::attachments:
      return "a domain name or *";
    case DocumentType::user:
      return "a mail address";
    case DocumentType::wblist:
    case DocumentType::mailfrom:
    case DocumentType::identity:
      return "a domain name or a mail address";
    case DocumentType::policy:
    case DocumentType::platform:
    case DocumentType::smarthost:
      return "an id of visible ASCII characters";
  }
  return {};
}

}  // namespace

std::string_view to_string(DocumentType type) {
  switch (type) {
    case DocumentType::domain:
      return "domain";
    case DocumentType::user:
      return "user";
    case DocumentType::policy:
      return "policy";
    case DocumentType::platform:
      return "platform";
    case DocumentType::wblist:
      return "wblist";
    case DocumentType::attachments:
      return "attachments";
    case DocumentType::uris:
      return "uris";
    case DocumentType::groups:
      return "groups";
    case DocumentType::dkim:
      return "dkim";
    case DocumentType::opensrs:
      return "opensrs";
    case DocumentType::mailfrom:
      return "mailfrom";
    case DocumentType::identity:
      return "identity";
    case DocumentType::smarthost:
      return "smarthost";
  }
  return {};
}

Result<DocumentKey> DocumentKey::parse(std::string_view text) {
  const std::string shown = printable(text, 80);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return permanent_error("key \"" + shown + "\": expected <type>:<name>");
  }
  const auto type = type_named(text.substr(0, colon));
  if (!type) {
    return permanent_error("key \"" + shown + "\": there is no document type \"" +
                           printable(text.substr(0, colon), 40) + "\"");
  }
  const std::string_view name = text.substr(colon + 1);
  auto canonical = name.size() > kMaxNameSize ? std::nullopt : canonical_name(*type, name);
  if (!canonical) {
    return permanent_error("key \"" + shown + "\": the name is not " +
                           std::string(what_it_should_be(*type)));
  }
  return DocumentKey{*type, std::move(*canonical)};
}

std::string DocumentKey::to_string() const {
  return std::string(policy::to_string(type)) + ":" + name;
}

}  // namespace postern::policy
