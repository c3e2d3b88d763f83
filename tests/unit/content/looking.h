// Purpose:   messages for the tests of content, written as they would stand in a file.
#pragma once

#include <string>
#include <vector>

#include "content/inspect.h"
#include "support/eml.h"

namespace postern::content {

inline const std::string kHead =
    "From: jon@got.com\r\nTo: arya@stark.net\r\nDate: Tue, 10 Mar 2026 10:00:00 +0000\r\n";

inline std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned word = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      word = word << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += i + j > bytes.size() ? '=' : kAlphabet[word >> (18 - 6 * j) & 63U];
    }
    if (i % 57 == 54) text += "\r\n";
  }
  return text;
}

// A multipart of one part with these fields and this body.
inline std::string with_part(const std::string& fields, const std::string& body,
                             const std::string& boundary = "b") {
  return kHead + "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
         "\r\n" + fields + "\r\n" + body + "\r\n--" + boundary + "--\r\n";
}
inline std::string with_file(const std::string& name, std::string_view bytes,
                             const std::string& type = "application/octet-stream") {
  return with_part("Content-Type: " + type + "\r\nContent-Disposition: attachment; filename=\"" +
                       name + "\"\r\nContent-Transfer-Encoding: base64\r\n",
                   base64(bytes));
}

inline Attachments attachments_of(std::string_view eml, const Limits& limits = {}) {
  const mail::Message message = test::message_from(eml);
  return find_attachments(ParsedMessage(message, limits), limits);
}
inline std::vector<std::string> names_of(const Attachments& found) {
  std::vector<std::string> names;
  for (const Object& object : found.objects) names.push_back(object.name);
  return names;
}
inline std::vector<std::string> hosts_of(std::string_view eml, const Limits& limits = {}) {
  const mail::Message message = test::message_from(eml);
  return find_uri_hosts(ParsedMessage(message, limits), limits);
}
inline std::vector<std::string> encoding_of(std::string_view eml, const Limits& limits = {}) {
  const mail::Message message = test::message_from(eml);
  return find_encoding_defects(ParsedMessage(message, limits));
}

}  // namespace postern::content
