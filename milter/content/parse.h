// Purpose:   a message split into its parts, without copying it: what ParsedMessage holds. Private to
//            this room.
// Ownership: views into the message, and into the decoded texts that its parts keep.
// Threading: one thread at a time: a part decodes itself when first asked and remembers.
// Failure:   none: a message that is no valid MIME is split as mail programs would, and its defects
//            are written down.
// Source:    RFC 2045, RFC 2046 5. GMime reads the fields; it does not split, because it makes an
//            object of each part without a limit on how many and goes 1,024 levels deep.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/content_fields.h"
#include "content/inspect.h"

namespace postern::content {

struct Part {
  std::string number;  // "1.2"; "1" of a message that has but one
  ContentFields fields;
  std::string_view body;    // as it stands in the message
  bool is_message = false;  // message/rfc822: its content follows as parts of their own

  // The content without its transfer encoding.
  std::string_view content() const;
  bool is_valid() const;  // in its transfer encoding
  bool is_text() const;   // text/*, or a multipart without a boundary that opens it

 private:
  void decode() const;
  mutable std::optional<Decoded> decoded_;
};

struct ParsedMessage::Parse {
  std::deque<Part> parts;            // leaves and enclosed messages, in order; none ever moves
  std::vector<std::string> defects;  // of the structure
  std::optional<std::string> limit;  // what was left unread: "more than 2000 parts"
};

}  // namespace postern::content
