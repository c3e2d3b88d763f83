// EmailSetting: the body of the request that changes it, or of its answer.
#include <utility>

#include "base/text.h"
#include "dialects/readers.h"

namespace postern::dialects {

using policy::Json;

Result<Reading> read_hitachi(Json tree, const std::string& id_in_url, const std::string& as) {
  if (!std::holds_alternative<Json::Object>(tree.value)) {
    return permanent_error("expected one EmailSetting, found " +
                           std::string(policy::kind_of(tree)));
  }
  if (!has(tree, "hostname")) {
    if (auto error = error_answer(tree)) return *error;
    return permanent_error("/hostname: missing");
  }
  // The URL says which object is meant; request and answer may name it differently.
  std::string id = as;
  if (id.empty()) id = id_in_url;
  if (id.empty()) id = id_member(tree, "instanceID").value_or("");
  if (id.empty()) return permanent_error("/instanceID: missing; --as says which smarthost it is");
  const auto key = key_for(policy::DocumentType::smarthost, id);
  if (!key) return key.error();
  Reading reading;
  const auto security = text_member(tree, "secureConnection");
  const bool authenticates = is_true(tree, "authenticationEnabled");
  if (authenticates && security && equals_ignoring_case(*security, "Plain")) {
    reading.notes.emplace_back(
        "the password goes over the line in the clear: secureConnection is Plain");
  }
  if (key->name != "default") {
    reading.notes.push_back("smarthost:default relays all outgoing mail; this one is smarthost:" +
                            printable(key->name, 80));
  }
  reading.documents.push_back({*key, std::move(tree)});
  return reading;
}

}  // namespace postern::dialects
