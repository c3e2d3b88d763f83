// The request of change_domain, whole.
#include <algorithm>

#include "base/text.h"
#include "dialects/readers.h"

namespace postern::dialects {
namespace {

using policy::Json;

// "service_ smtprelay", as the API's own pages print it.
void strip_blanks_from_names(Json& object) {
  for (policy::JsonMember& member : std::get<Json::Object>(object.value)) {
    std::erase_if(member.name, [](char c) { return c == ' ' || c == '\t'; });
  }
}

bool is_object(const Json* json) {
  return json != nullptr && std::holds_alternative<Json::Object>(json->value);
}

bool is_answer(const Json& tree) { return tree.find("success") != nullptr; }

}  // namespace

Result<Reading> read_opensrs(Json tree, const std::string& as) {
  if (!is_object(&tree)) {
    return permanent_error("expected the request of change_domain, found " +
                           std::string(policy::kind_of(tree)));
  }
  strip_blanks_from_names(tree);
  if (is_answer(tree)) {
    const auto error = text_member(tree, "error");
    return permanent_error("this is an answer of change_domain" +
                           (error ? " (" + printable(*error, 120) + ")" : std::string()) +
                           ", not the request: it says nothing about the domain");
  }
  auto domain = text_member(tree, "domain");
  if (!domain) domain = text_member(tree, "domains");
  if (!domain && as.empty()) return permanent_error("/domain: missing");
  const auto key = key_for(policy::DocumentType::opensrs, domain.value_or(as));
  if (!key) return key.error();
  Json* attributes = tree.find("attributes");
  if (!is_object(attributes)) {
    return permanent_error(
        "/attributes: expected an object, found " +
        std::string(attributes == nullptr ? "nothing" : policy::kind_of(*attributes)));
  }
  strip_blanks_from_names(*attributes);
  Reading reading;
  const bool only_new = is_true(tree, "create_only");
  if (has(tree, "credentials")) {
    reading.notes.emplace_back("credentials are left out: who asked is no part of the document");
  }
  Json document{Json::Object{}};
  document.set("domain", Json{key->name});
  document.set("attributes", std::move(*attributes));
  policy::wipe_texts(tree);
  reading.documents.push_back({*key, std::move(document), only_new});
  return reading;
}

}  // namespace postern::dialects
