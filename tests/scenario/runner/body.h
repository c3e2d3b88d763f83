// The body of a scenario's message. tests/support/scenario.py builds the same octets.
#pragma once

#include <string>
#include <vector>

namespace postern::test {

inline constexpr const char* kMultipart = "multipart/mixed; boundary=\"=_scenario\"";

struct Attachment {
  std::string name;  // empty: none
  std::string type = "application/octet-stream";
  std::string text;
  std::string base64;  // instead of the text
};

std::string multipart(const std::string& text, const std::vector<Attachment>& attachments);
std::string with_crlf(const std::string& text);
// The EICAR test file where the text says %EICAR%: so no scanner takes a scenario for infected.
std::string with_eicar(std::string text);
// "6MiB" in lines of 76 octets.
std::string padding(const std::string& size);

}  // namespace postern::test
