// Purpose:   the key of a policy document: its type and its name, as in Redis after the prefix
//            ("domain:got.com") and in a directory as <type>/<name>.json.
// Failure:   parse() answers an Error naming the key for an unknown type or an impossible name.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::policy {

enum class DocumentType {
  domain,
  user,
  policy,
  platform,
  wblist,
  attachments,
  uris,
  groups,
  dkim,
  opensrs,
  mailfrom,
  identity,
  smarthost,
};
inline constexpr std::array kAllDocumentTypes = {
    DocumentType::domain,   DocumentType::user,     DocumentType::policy,
    DocumentType::platform, DocumentType::wblist,   DocumentType::attachments,
    DocumentType::uris,     DocumentType::groups,   DocumentType::dkim,
    DocumentType::opensrs,  DocumentType::mailfrom, DocumentType::identity,
    DocumentType::smarthost};

std::string_view to_string(DocumentType type);

struct DocumentKey {
  DocumentType type;
  // Canonical: domains as A-labels, addresses as Address::key(), ids as they are.
  std::string name;

  static Result<DocumentKey> parse(std::string_view text);
  std::string to_string() const;
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

}  // namespace postern::policy

template <>
struct std::hash<postern::policy::DocumentKey> {
  std::size_t operator()(const postern::policy::DocumentKey& key) const noexcept {
    return std::hash<std::string>{}(key.name) * 31 + static_cast<std::size_t>(key.type);
  }
};
