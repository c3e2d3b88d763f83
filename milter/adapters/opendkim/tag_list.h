// Purpose:   "v=1; a=rsa-sha256; …": the form that DKIM signatures and keys are written in.
// Ownership: values.
// Failure:   nothing for what breaks the grammar; a tag twice breaks it, in whatever case.
// Source:    RFC 6376 3.2.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace postern::opendkim {

class TagList {
 public:
  // At most 100 tags. Values keep the white space inside them.
  static std::optional<TagList> parse(std::string_view text);

  const std::string* find(std::string_view tag) const;
  // The value without any white space, as names, numbers and base64 are read; empty: not there.
  std::string word(std::string_view tag) const;

 private:
  std::map<std::string, std::string, std::less<>> tags_;
};

}  // namespace postern::opendkim
