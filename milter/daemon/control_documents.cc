#include "daemon/control_documents.h"

#include <nlohmann/json.hpp>

#include "policy/document_key.h"

namespace postern::daemon {

using nlohmann::json;

std::string document_keys(const policy::Snapshot& snapshot) {
  json keys = json::array();
  snapshot.for_each_key(
      [&keys](const policy::DocumentKey& key) { keys.push_back(key.to_string()); });
  return json{{"generation", snapshot.generation()}, {"keys", std::move(keys)}}.dump();
}

Result<std::string> document_texts(const keeper::Keeper& keeper,
                                   const std::vector<std::string>& keys) {
  json documents = json::object();
  for (const std::string& name : keys) {
    const auto key = policy::DocumentKey::parse(name);
    if (!key) return key.error();
    auto text = keeper.document(*key);
    if (!text) return text.error();
    if (*text) documents[name] = std::move(**text);
  }
  return json{{"documents", std::move(documents)}}.dump();
}

}  // namespace postern::daemon
