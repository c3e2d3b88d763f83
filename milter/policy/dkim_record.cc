#include "policy/dkim_record.h"

#include <algorithm>

#include "base/text.h"
#include "policy/dkim_key_material.h"

namespace postern::policy {
namespace {

constexpr std::size_t kLongestString = 255;

bool is_key_record(std::string_view text) {
  const auto tags = split(text, ';');
  return std::any_of(tags.begin(), tags.end(), [](std::string_view tag) {
    const std::size_t equals = tag.find('=');
    return equals != std::string_view::npos && trim(tag.substr(0, equals)) == "p";
  });
}

}  // namespace

std::string dkim_record_name(std::string_view selector, std::string_view domain) {
  return std::string(selector) + "._domainkey." + std::string(domain);
}

std::string dkim_record_text(const DkimKey& key) {
  switch (key.algorithm) {
    case DkimAlgorithm::rsa:
      return "v=DKIM1; p=" + key.public_key;
    case DkimAlgorithm::ed25519:
      return "v=DKIM1; k=ed25519; p=" + key.public_key;
  }
  return {};
}

std::string dkim_zone_line(const std::string& name, std::string_view text) {
  std::string line = name + ". IN TXT (";
  while (!text.empty()) {
    line += " \"" + std::string(text.substr(0, kLongestString)) + "\"";
    text.remove_prefix(std::min(text.size(), kLongestString));
  }
  return line + " )";
}

std::string_view to_string(DkimHealth health) {
  switch (health) {
    case DkimHealth::ok:
      return "OK";
    case DkimHealth::error:
      return "ERROR";
    case DkimHealth::missing_entry:
      return "ERROR_DKIM_MISSING_ENTRY";
    case DkimHealth::invalid_couple:
      return "ERROR_DKIM_INVALID_COUPLE";
  }
  return {};
}

DkimRecordVerdict judge_dkim_record(const DkimKey& key, const std::vector<std::string>& texts) {
  std::vector<std::string_view> records;
  for (const std::string& text : texts) {
    if (is_key_record(text)) records.push_back(text);
  }
  if (records.empty()) return {DkimHealth::missing_entry, "there is no key of this name"};
  // A verifier may take any of them, or none.
  if (records.size() > 1)
    return {DkimHealth::invalid_couple, "there are several keys of this name"};
  const Result<PublicKey> published = read_public_key(records.front());
  if (!published) return {DkimHealth::invalid_couple, published.error().what};
  if (published->public_key != key.public_key) {
    return {DkimHealth::invalid_couple, "another key is published"};
  }
  return {};
}

}  // namespace postern::policy
