#include "base/submit_token.h"

#include <algorithm>

#include "base/text.h"

namespace postern {
namespace {

constexpr std::string_view kPurpose = "submit";

std::vector<std::string> proven_fields(const std::string& id, const std::string& sender,
                                       std::vector<std::string> recipients) {
  std::sort(recipients.begin(), recipients.end());
  std::vector<std::string> fields = {id, sender};
  fields.insert(fields.end(), recipients.begin(), recipients.end());
  return fields;
}

}  // namespace

std::string make_submit_token(const std::string& id, const std::string& sender,
                              std::vector<std::string> recipients, WallTime expires,
                              const std::vector<Secret>& keys) {
  return id + " " +
         make_token(kPurpose, proven_fields(id, sender, std::move(recipients)), expires, keys);
}

TokenVerdict verify_submit_token(std::string_view header_value, const std::string& sender,
                                 std::vector<std::string> recipients, WallTime now,
                                 const std::vector<Secret>& keys) {
  const std::string_view value = trim(header_value);
  const std::size_t blank = value.find(' ');
  if (blank == std::string_view::npos) return TokenVerdict::forged;
  return verify_token(
      value.substr(blank + 1), kPurpose,
      proven_fields(std::string(value.substr(0, blank)), sender, std::move(recipients)), now, keys);
}

}  // namespace postern
