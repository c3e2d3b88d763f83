// Purpose:   one SMTP reply: code, enhanced status code, text.
// Source:    RFC 5321 4.2, RFC 3463.
#pragma once

#include <string>

namespace postern::mail {

struct Reply {
  int code = 250;        // 250, 4xx or 5xx
  std::string enhanced;  // "5.7.1"; its class equals the code's, or Postfix calls it malformed
  std::string text;      // printable ASCII, one line
  bool is_temporary() const { return code >= 400 && code < 500; }
  bool is_permanent() const { return code >= 500; }
  std::string to_string() const {
    return std::to_string(code) + " " + enhanced + (enhanced.empty() ? "" : " ") + text;
  }
  friend bool operator==(const Reply&, const Reply&) = default;
};

}  // namespace postern::mail
