// Purpose:   a message as the MTA handed it over: header fields in order, and the body.
// Ownership: owns its bytes; a transaction has one.
// Threading: written by the transaction's thread before evidence is gathered, read-only (and then
//            safe to share) while it is.
// Source:    RFC 5322; with SMFIP_HDR_LEADSPC a milter sees values byte for byte after the colon.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mail {

struct HeaderField {
  std::string name;
  std::string value;  // everything after the colon, leading space kept; folds are LF + WSP
};

class Message {
 public:
  void add_header(std::string name, std::string value) {
    headers_.push_back({std::move(name), std::move(value)});
  }
  void append_body(std::string_view chunk) { body_.append(chunk); }
  // So many octets are about to come: room for them at once costs less than growing.
  void expect_body(std::size_t size) { body_.reserve(size); }
  void set_body(std::string body) { body_ = std::move(body); }

  const std::vector<HeaderField>& headers() const { return headers_; }
  const std::string& body() const { return body_; }  // CRLF line ends

  // Names compare without regard to case. Nullptr: no such field. The first one, where several.
  const HeaderField* find(std::string_view name) const;
  std::size_t count(std::string_view name) const;

  // Octets on the wire: header fields and blank line with CRLF, body.
  std::uint64_t size() const;
  // Byte for byte what the MTA holds, CRLF line ends.
  std::string to_bytes() const;
  // The header block alone with its blank line, CRLF line ends: for those who then stream body().
  std::string header_bytes() const;

 private:
  std::vector<HeaderField> headers_;
  std::string body_;
};

}  // namespace postern::mail
