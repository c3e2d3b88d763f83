#include "policy/shrink_guard.h"

#include <charconv>

namespace postern::policy {
namespace {

// As the operator wrote it: "0.5", not "0.500000".
std::string shortest(double share) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), share);
  return std::string(text.data(), written.ptr);
}

}  // namespace

std::optional<std::string> refuse_shrink(const TypeCounts& before, const TypeCounts& after,
                                         double share) {
  std::string refused;
  for (const DocumentType type : kAllDocumentTypes) {
    const auto index = static_cast<std::size_t>(type);
    if (after[index] >= before[index]) continue;
    const auto lost = static_cast<double>(before[index] - after[index]);
    // A hair of tolerance: a share like 0.1 is not exact, and "exactly the share" is allowed.
    if (lost <= share * static_cast<double>(before[index]) + 1e-6) continue;
    if (!refused.empty()) refused += ", ";
    refused += std::string(to_string(type)) + ": " + std::to_string(after[index]) + " of " +
               std::to_string(before[index]) + " would remain";
  }
  if (refused.empty()) return std::nullopt;
  return refused + " (shrink_guard " + shortest(share) + ")";
}

}  // namespace postern::policy
