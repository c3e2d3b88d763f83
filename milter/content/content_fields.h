// Purpose:   what the Content-* fields of one part say.
// Ownership: values.
// Threading: pure functions.
// Failure:   none: a field that cannot be read is read as far as mail programs would.
// Source:    RFC 2045 5, RFC 2183, RFC 2231, RFC 2047 (in parameters, as mail programs write them).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "content/transfer_encoding.h"

namespace postern::content {

struct ContentFields {
  std::string type = "text/plain";  // lower case
  std::string charset;
  std::string boundary;
  bool attachment = false;         // Content-Disposition: attachment
  std::vector<std::string> names;  // of every field and spelling, as file_name() writes them
  Encoding encoding = Encoding::identity;
  std::string encoding_name;  // as it was written
  bool has_type = false;
  std::string overflow;  // what was left unread: "more than 8 names"; empty: nothing

  // One field; a second Content-Type or Content-Transfer-Encoding adds names only.
  void read(std::string_view name, std::string_view value);

 private:
  void read_type(const std::string& value);
  void read_disposition(const std::string& value);
  void add_name(std::string_view raw);
  std::string one_line(std::string_view value);
  bool has_encoding_ = false;
  unsigned fields_read_ = 0;
};

}  // namespace postern::content
