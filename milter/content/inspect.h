// Purpose:   what is inside a message: attachments (and what is inside archives), the hosts its URIs
//            name, and how its header and its encoding are broken.
// Ownership: a ParsedMessage owns its parse; it borrows the message, which outlives it. The rest are
//            values.
// Threading: a ParsedMessage belongs to one thread at a time; the functions keep no state.
// Units:     octets.
// Failure:   none: hostile content ends in a finding (a defect, a limit that was hit), within the
//            Limits of memory and time.
// Source:    docs/semantics.md, "What is a bad attachment", "Bad headers", "Bad encoding"; RFC 2045,
//            RFC 2047, RFC 2231.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mail/message.h"

namespace postern::content {

struct Limits {
  std::size_t mime_depth = 50;
  std::size_t parts = 2'000;
  std::size_t archive_depth = 5;
  std::size_t archive_members = 5'000;         // of the whole message
  std::uint64_t archive_bytes = 256ULL << 20;  // unpacked, of the whole message
  std::uint64_t archive_ratio = 1'000;         // unpacked to packed, above 1 MiB
  bool detect_types = true;                    // false: no rule asks for a type by content
  std::size_t detections = 2'000;              // of the whole message; about 1 ms each
  std::size_t uri_hosts = 1'000;
  std::size_t uri_text = 2 << 20;  // of each part
  std::function<bool()> out_of_time = [] { return false; };
};

class ParsedMessage {
 public:
  ParsedMessage(const mail::Message& message, const Limits& limits);
  ~ParsedMessage();
  ParsedMessage(const ParsedMessage&) = delete;
  ParsedMessage& operator=(const ParsedMessage&) = delete;

  struct Parse;
  const Parse& parse() const { return *parse_; }

 private:
  std::unique_ptr<Parse> parse_;
};

// An attachment, or a member of an archive in one.
struct Object {
  std::string name;           // decoded UTF-8, the last path component; empty: it has none
  std::string ascii_name;     // the same with other than printable ASCII left out
  std::string declared_type;  // "application/zip", lower case; empty for a member
  std::string detected_type;  // by content; empty: could not be told (encrypted, over a limit)
  std::string path;           // for people: "invoice.zip/run.exe"
  bool in_archive = false;
  bool encrypted = false;
};

struct Attachments {
  std::vector<Object> objects;      // in the order of the message
  std::optional<std::string> bomb;  // the limit that was hit: "archive.zip: more than 5000 members"
};
Attachments find_attachments(const ParsedMessage& message, const Limits& limits);

// A-labels and IP literals ("192.0.2.1", "2001:db8::1"), without port, user and trailing dot, each
// once, those of a part in the order of appearance within its text and then within its markup. Of
// http, https and ftp, of names that begin with "www.", and of attributes that lead somewhere; names
// without a dot are left out, and so is mailto.
std::vector<std::string> find_uri_hosts(const ParsedMessage& message, const Limits& limits);

// "invalid base64 in part 1.2", "boundary is never closed"; empty: none.
std::vector<std::string> find_encoding_defects(const ParsedMessage& message);

// "Subject: unencoded 8-bit characters", "no Date", "two From fields"; empty: none.
// utf8_allowed: the message came with SMTPUTF8, and UTF-8 in its header is no defect.
std::vector<std::string> find_header_defects(const mail::Message& message,
                                             bool utf8_allowed = false);

}  // namespace postern::content
