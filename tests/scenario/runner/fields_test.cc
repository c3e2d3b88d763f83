// What docs/fields.md says is shown by a scenario is shown by one that is there.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "scenario/runner/all.h"

namespace postern::test {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (const std::string_view cell : split(line, '|')) cells.emplace_back(trim(cell));
  return cells;
}

// "an expired block", "a denied …", "… with DKIM aligned": the pieces stand in the name, in their order.
bool fits(const std::string& wanted, const std::string& name) {
  const std::string dots = "…";
  std::size_t from = 0;
  for (std::size_t at = 0; at <= wanted.size();) {
    const std::size_t end = std::min(wanted.find(dots, at), wanted.size());
    const std::string piece(trim(wanted.substr(at, end - at)));
    const std::size_t found = name.find(piece, from);
    if (found == std::string::npos) return false;
    from = found + piece.size();
    at = end + dots.size();
  }
  return wanted.find(dots) != std::string::npos || wanted == name;
}

bool is_shown(const std::string& file, const std::string& wanted,
              const std::vector<Scenario>& scenarios) {
  return std::any_of(scenarios.begin(), scenarios.end(), [&](const Scenario& scenario) {
    return scenario.file == file && (wanted == "all" || fits(wanted, scenario.name));
  });
}

TEST(Fields, NameScenariosThatAreThere) {
  const auto scenarios = all_scenarios();
  std::ifstream page(std::string(POSTERN_SOURCE_DIR) + "/docs/fields.md");
  std::set<std::string> defined;
  std::set<std::string> used;
  for (std::string line; std::getline(page, line);) {
    const auto cells = cells_of(line);  // an empty one at each end
    if (cells.size() != 5) continue;
    if (!cells[2].ends_with(".yml")) {
      for (const std::string_view ref : split(cells[3], ',')) used.emplace(trim(ref));
      continue;
    }
    defined.insert(cells[1]);
    for (const std::string_view wanted : split(cells[3], ';')) {
      EXPECT_TRUE(is_shown(cells[2], std::string(trim(wanted)), scenarios))
          << cells[1] << ": " << cells[2] << " has no \"" << trim(wanted) << '"';
    }
  }
  EXPECT_GT(defined.size(), 60U);
  for (const std::string& ref : used) {
    if (ref.starts_with('S') && ref.size() <= 3) {
      EXPECT_TRUE(defined.contains(ref)) << ref;
    }
  }
}

}  // namespace
}  // namespace postern::test
