// Documents as the APIs write them, read, and what became of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dialects/dialect.h"
#include "policy/decode.h"
#include "support/temp_dir.h"

namespace postern::dialects {

inline std::string fixture(const std::string& name) {
  return test::read_file(std::string(POSTERN_SOURCE_DIR "/tests/fixtures/") + name);
}

// The keys in order, or the Error's text.
inline std::vector<std::string> keys_of(const Result<Reading>& reading) {
  if (!reading) return {reading.error().what};
  std::vector<std::string> keys;
  for (const auto& document : reading->documents) keys.push_back(document.key.to_string());
  return keys;
}

// "" where the document that the daemon would read is good.
inline std::string judgement_of(const ReadDocument& document) {
  const auto decoded = policy::decode(document.key, policy::dump_json(document.json), {});
  return decoded ? "" : decoded.error().what;
}

}  // namespace postern::dialects
