// Purpose:   what the tests of this room share: the API's own examples, and decoding in one line.
#pragma once

#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/decode.h"
#include "policy/snapshot.h"

namespace postern::policy::test {

inline std::string fixture(const std::string& name, const std::string& api = "cleanmail") {
  std::ifstream file(std::string(POSTERN_SOURCE_DIR) + "/tests/fixtures/" + api + "/" + name +
                     ".json");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline DocumentKey key(std::string_view text) { return *DocumentKey::parse(text); }

// What is wrong with the document; empty: nothing.
inline std::string fault(std::string_view document_key, std::string_view json,
                         DecodeOptions options = {}) {
  const auto decoded = decode(key(document_key), json, options);
  return decoded ? "" : decoded.error().what;
}

// The decoded document, which is expected to be sound.
template <typename T>
std::shared_ptr<const T> shared_decoded(std::string_view document_key, std::string_view json,
                                        DecodeOptions options = {}) {
  const auto document = decode(key(document_key), json, options);
  if (!document) throw std::runtime_error(document.error().what);  // fails the test that asked
  return std::get<std::shared_ptr<const T>>(*document);
}

template <typename T>
T decoded(std::string_view document_key, std::string_view json, DecodeOptions options = {}) {
  return *shared_decoded<T>(document_key, json, options);
}

// The set of these documents, each expected to be sound.
inline SnapshotPtr set_of(const std::vector<std::pair<std::string, std::string>>& documents,
                          const Snapshot& base = {}) {
  SnapshotEditor editor(base, {});
  for (const auto& [document_key, json] : documents) {
    const auto put = editor.put(key(document_key), json);
    if (!put) throw std::runtime_error(document_key + ": " + put.error().what);
  }
  return editor.finish(1);
}

}  // namespace postern::policy::test
