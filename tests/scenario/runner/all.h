// Every scenario file, read in the order of their names.
#pragma once

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <vector>

#include "scenario/runner/scenario.h"

namespace postern::test {

inline const std::filesystem::path kTests = std::filesystem::path(POSTERN_SOURCE_DIR) / "tests";

inline std::vector<Scenario> all_scenarios() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kTests / "scenario")) {
    if (entry.path().extension() == ".yml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Scenario> scenarios;
  for (const auto& file : files) {
    auto read = read_scenarios(file.string());
    std::move(read.begin(), read.end(), std::back_inserter(scenarios));
  }
  return scenarios;
}

}  // namespace postern::test
