// MAIL FROM attributes of an SES identity, as the request that changes them is answered.
#include <utility>

#include "base/text.h"
#include "dialects/readers.h"

namespace postern::dialects {

using policy::Json;

Result<Reading> read_ses(Json tree, const std::string& as) {
  if (!std::holds_alternative<Json::Object>(tree.value)) {
    return permanent_error("expected the MAIL FROM attributes of one identity, found " +
                           std::string(policy::kind_of(tree)));
  }
  if (auto error = error_answer(tree)) return *error;
  if (!has(tree, "mailFromDomain")) return permanent_error("/mailFromDomain: missing");
  const auto identity = text_member(tree, "identity");
  if (!identity && as.empty()) return permanent_error("/identity: missing; --as says whose it is");
  const auto key = key_for(policy::DocumentType::mailfrom, as.empty() ? *identity : as);
  if (!key) {
    return as.empty()
               ? permanent_error("/identity: " + key.error().what + "; --as says whose it is")
               : key.error();
  }
  Reading reading;
  // Whose it is, is said by whoever imports it: pages print addresses so that nobody can collect them.
  if (!as.empty()) tree.set("identity", Json{key->name});
  if (!has(tree, "mailFromDomainStatus")) {
    reading.notes.emplace_back(
        "no mailFromDomainStatus: the domain is not used until one is written");
  }
  reading.documents.push_back({*key, std::move(tree)});
  return reading;
}

}  // namespace postern::dialects
