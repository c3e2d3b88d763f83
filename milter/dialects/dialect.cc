#include "dialects/dialect.h"

#include <utility>

#include "base/text.h"
#include "dialects/readers.h"

namespace postern::dialects {

using policy::DocumentKey;
using policy::Json;

std::string_view to_string(Dialect dialect) {
  switch (dialect) {
    case Dialect::cleanmail:
      return "cleanmail";
    case Dialect::opensrs:
      return "opensrs";
    case Dialect::ses:
      return "ses";
    case Dialect::fujitsu:
      return "fujitsu";
    case Dialect::hitachi:
      return "hitachi";
  }
  return {};
}

std::optional<Dialect> dialect_named(std::string_view name) {
  for (const Dialect dialect : kAllDialects) {
    if (to_string(dialect) == name) return dialect;
  }
  return std::nullopt;
}

bool has(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  return member != nullptr && !member->is_null();
}

bool is_true(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  if (member == nullptr) return false;
  if (const auto* flag = std::get_if<bool>(&member->value)) return *flag;
  return equals_ignoring_case(text_member(object, name).value_or(""), "true");
}

std::optional<std::string> text_member(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  const auto* text = member == nullptr ? nullptr : std::get_if<std::string>(&member->value);
  if (text == nullptr || trim(*text).empty()) return std::nullopt;
  return std::string(trim(*text));
}

std::optional<std::string> id_member(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  if (member == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<std::int64_t>(&member->value)) {
    return std::to_string(*number);
  }
  return text_member(object, name);
}

Result<DocumentKey> key_for(policy::DocumentType type, const std::string& name) {
  const std::string prefix = std::string(policy::to_string(type)) + ":";
  return DocumentKey::parse(name.starts_with(prefix) ? name : prefix + name);
}

std::optional<Error> error_answer(const Json& tree) {
  for (const std::string_view name : {"detailCode", "error", "message", "errorCode"}) {
    if (const auto said = text_member(tree, name)) {
      return permanent_error("this is an answer that says what went wrong (" + std::string(name) +
                             ": " + printable(*said, 120) + "), not a document");
    }
  }
  return std::nullopt;
}

namespace {

Result<Reading> read_json(Dialect dialect, const Unwrapped& unwrapped, const std::string& as) {
  auto tree = policy::parse_json(unwrapped.body);
  if (!tree) return tree.error();
  switch (dialect) {
    case Dialect::cleanmail:
      return read_cleanmail(std::move(*tree), as);
    case Dialect::opensrs:
      return read_opensrs(std::move(*tree), as);
    case Dialect::ses:
      return read_ses(std::move(*tree), as);
    case Dialect::hitachi:
      return read_hitachi(std::move(*tree), unwrapped.last_of_path, as);
    case Dialect::fujitsu:
      break;
  }
  return permanent_error("no such dialect");
}

}  // namespace

Result<Reading> read(Dialect dialect, std::string_view text, const std::string& as) {
  if (text.size() > policy::kMaxDocumentSize) {
    return permanent_error("larger than 16 MiB");
  }
  const Unwrapped unwrapped = unwrap(text);
  if (trim(unwrapped.body).empty()) return permanent_error("empty");
  if (dialect == Dialect::fujitsu) {
    if (!as.empty()) return permanent_error("--as: the answer names each identity itself");
    return read_fujitsu(unwrapped.body);
  }
  return read_json(dialect, unwrapped, as);
}

}  // namespace postern::dialects
