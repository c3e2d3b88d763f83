// The answer of GetIdentityVerificationAttributes. AWS SES writes the same, with a namespace.
#include <algorithm>
#include <cstring>
#include <pugixml.hpp>
#include <set>
#include <string_view>

#include "base/text.h"
#include "dialects/readers.h"

namespace postern::dialects {
namespace {

using policy::Json;

constexpr std::size_t kMaxXml = std::size_t{1} << 20;
constexpr std::size_t kMostEntries = 1000;  // the service answers 100 at a time
constexpr std::size_t kMaxValue = 1024;

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  return parent.find_child([name](const pugi::xml_node& node) { return local_name(node) == name; });
}

std::string text_of(const pugi::xml_node& node) { return std::string(trim(node.text().get())); }

// "user@ example.com": an address holds no white space, wherever the service puts it.
std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return text;
}

Result<ReadDocument> read_entry(const pugi::xml_node& entry) {
  const std::string written = text_of(child(entry, "key"));
  const std::string shown = printable(written, 80);
  if (written.empty()) return permanent_error("an entry without a key");
  const auto key = key_for(policy::DocumentType::identity, without_blanks(written));
  if (!key) return permanent_error("entry \"" + shown + "\": " + key.error().what);
  const pugi::xml_node value = child(entry, "value");
  const std::string status = text_of(child(value, "VerificationStatus"));
  const std::string token = text_of(child(value, "VerificationToken"));
  if (status.empty()) return permanent_error("entry \"" + shown + "\": no VerificationStatus");
  if (status.size() > kMaxValue || token.size() > kMaxValue) {
    return permanent_error("entry \"" + shown + "\": a value of more than 1,024 octets");
  }
  Json document{Json::Object{}};
  document.set("VerificationStatus", Json{status});
  if (!token.empty()) document.set("VerificationToken", Json{token});
  return ReadDocument{*key, std::move(document)};
}

}  // namespace

Result<Reading> read_fujitsu(std::string_view xml) {
  if (xml.size() > kMaxXml) return permanent_error("larger than 1 MiB");
  // Entities beyond the five of XML need a document type; nothing here has one.
  if (xml.find("<!DOCTYPE") != std::string_view::npos) {
    return permanent_error("a document type is not read");
  }
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return permanent_error("not XML: " + std::string(parsed.description()) + " at octet " +
                           std::to_string(parsed.offset));
  }
  const pugi::xml_node root = document.document_element();
  if (local_name(root) == "ErrorResponse") {
    return permanent_error("this is an answer that says what went wrong, not a document");
  }
  if (local_name(root) != "GetIdentityVerificationAttributesResponse") {
    return permanent_error("expected GetIdentityVerificationAttributesResponse, found \"" +
                           printable(local_name(root), 80) + "\"");
  }
  const pugi::xml_node attributes =
      child(child(root, "GetIdentityVerificationAttributesResult"), "VerificationAttributes");
  if (!attributes) return permanent_error("no VerificationAttributes in it");
  Reading reading;
  std::set<policy::DocumentKey> known;
  for (const pugi::xml_node& entry : attributes.children()) {
    if (local_name(entry) != "entry") continue;
    if (reading.documents.size() == kMostEntries) {
      return permanent_error("more than " + std::to_string(kMostEntries) + " entries");
    }
    auto read = read_entry(entry);
    if (!read) return read.error();
    if (!known.insert(read->key).second) {
      return permanent_error(read->key.to_string() + ": there twice");
    }
    const std::string written = text_of(child(entry, "key"));
    if (without_blanks(written) != written) {
      reading.notes.push_back("\"" + printable(written, 80) + "\" is read as " + read->key.name);
    }
    reading.documents.push_back(std::move(*read));
  }
  if (reading.documents.empty()) return permanent_error("no entry in it");
  return reading;
}

}  // namespace postern::dialects
