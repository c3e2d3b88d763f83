#include "content/parse.h"

#include <cstring>

#include "base/text.h"

namespace postern::content {
namespace {

constexpr std::size_t kMostDefects = 20;
constexpr unsigned kTriesInATime = 4'096;  // to find a boundary
constexpr const char* kTooLong = "reading the parts took too long";
constexpr std::size_t kSmallDecoding = 1 << 20;

// Where the line that begins at `at` ends, and where the next one begins.
struct Line {
  std::string_view text;
  std::size_t next = 0;
};
Line line_at(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('\n', at);
  Line line{text.substr(at, end == std::string_view::npos ? end : end - at),
            end == std::string_view::npos ? text.size() : end + 1};
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

bool is_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  for (const char c : trim(line.substr(0, colon))) {
    if (c <= 0x20 || c == 0x7f) return false;
  }
  return true;
}

// Whether a Content-* field stands before the first empty line.
bool has_content_field(std::string_view entity) {
  std::size_t at = 0;
  while (at < entity.size()) {
    const Line line = line_at(entity, at);
    if (line.text.empty()) return false;
    if (starts_with_ignoring_case(line.text, "content-") && is_field(line.text)) return true;
    at = line.next;
  }
  return false;
}

// Reads the Content-* fields at the front and takes the whole header off. Lines that are no field are
// passed over. When the first line is none, programs differ: there is no header to some, others pass
// over it as well and show the attachment that it announces, and these are believed.
ContentFields take_header(std::string_view& entity, std::string_view default_type) {
  ContentFields fields;
  fields.type = default_type;
  std::size_t at = 0;
  Line line = line_at(entity, 0);
  if (!line.text.empty() && !is_field(line.text) && !has_content_field(entity)) return fields;
  while (at < entity.size()) {
    line = line_at(entity, at);
    if (line.text.empty()) {
      entity.remove_prefix(line.next);
      return fields;
    }
    std::size_t end = line.next;
    while (end < entity.size() && (entity[end] == ' ' || entity[end] == '\t')) {
      end = line_at(entity, end).next;
    }
    const std::string_view field = entity.substr(at, end - at);
    if (starts_with_ignoring_case(field, "content-") && is_field(line.text)) {
      const std::size_t colon = field.find(':');
      fields.read(field.substr(0, colon), field.substr(colon + 1));
    }
    at = end;
  }
  entity = {};
  return fields;
}

class Splitter {
 public:
  Splitter(ParsedMessage::Parse& parse, const Limits& limits, std::size_t size)
      : parse_(parse), limits_(limits), decoding_left_(2 * size + kSmallDecoding) {}

  void split(ContentFields fields, std::string_view body, const std::string& number,
             std::size_t depth) {
    // A name may be among what was left unread: it is said, and what was read is looked at.
    if (!fields.overflow.empty() && !parse_.limit) parse_.limit = fields.overflow;
    if (!has_room(depth)) return;
    if (fields.type.starts_with("multipart/")) {
      split_multipart(std::move(fields), body, number, depth);
    } else {
      add_leaf(std::move(fields), body, number.empty() ? "1" : number, depth);
    }
  }

 private:
  bool has_room(std::size_t depth) {
    if (stopped_) return false;
    if (depth > limits_.mime_depth) {
      stop("parts nested deeper than " + std::to_string(limits_.mime_depth));
    } else if (parse_.parts.size() >= limits_.parts || split_ >= limits_.parts) {
      stop("more than " + std::to_string(limits_.parts) + " parts");
    } else if (limits_.out_of_time()) {
      stop(kTooLong);
    }
    ++split_;
    return !stopped_;
  }
  void stop(std::string why) {
    stopped_ = true;
    parse_.defects.push_back(why);
    if (!parse_.limit) parse_.limit = std::move(why);
  }
  void add_defect(std::string what) {
    if (parse_.defects.size() < kMostDefects) parse_.defects.push_back(std::move(what));
  }

  void add_leaf(ContentFields fields, std::string_view body, const std::string& number,
                std::size_t depth) {
    const bool is_message = fields.type == "message/rfc822" || fields.type == "message/global";
    Part& part = parse_.parts.emplace_back();
    part.number = number;
    part.fields = std::move(fields);
    part.body = body;
    part.is_message = is_message;
    if (!is_message) return;
    std::string_view entity = body;
    if (part.fields.encoding != Encoding::identity) {
      // Each level that comes encoded is a copy of all that is in it.
      if (body.size() > decoding_left_) {
        stop("encoded messages in encoded messages of too many octets");
        return;
      }
      decoding_left_ -= body.size();
      entity = part.content();
    }
    ContentFields inner = take_header(entity, "text/plain");
    split(std::move(inner), entity, number + ".1", depth + 1);
  }

  void split_multipart(ContentFields fields, std::string_view body, const std::string& number,
                       std::size_t depth) {
    const std::string where = number.empty() ? std::string() : " in part " + number;
    std::string boundary = fields.boundary;
    while (boundary.ends_with(' ') || boundary.ends_with('\t')) boundary.pop_back();
    if (boundary.empty()) {
      add_defect("multipart without a boundary" + where);
      add_leaf(std::move(fields), body, number.empty() ? "1" : number, depth);
      return;
    }
    const std::string default_type =
        fields.type == "multipart/digest" ? "message/rfc822" : "text/plain";
    Delimiter delimiter = next_delimiter(body, 0, boundary);
    if (!delimiter.found && stopped_) return;
    if (!delimiter.found) {
      add_defect("boundary never appears" + where);
      add_leaf(std::move(fields), body, number.empty() ? "1" : number, depth);
      return;
    }
    bool closed = delimiter.closes;
    for (std::size_t child = 1; delimiter.found && !stopped_;) {
      const Delimiter next = next_delimiter(body, delimiter.after, boundary);
      // What follows the last delimiter is nothing; parts behind it are read all the same, because
      // some mail programs show them.
      if (!delimiter.closes) {
        std::string_view entity = body.substr(delimiter.after, next.before - delimiter.after);
        ContentFields inner = take_header(entity, default_type);
        std::string inner_number = number;
        if (!inner_number.empty()) inner_number += '.';
        inner_number += std::to_string(child++);
        split(std::move(inner), entity, inner_number, depth + 1);
      }
      delimiter = next;
      closed = closed || (next.found && next.closes);
    }
    if (!closed && !stopped_) add_defect("boundary is never closed" + where);
  }

  struct Delimiter {
    bool found = false;
    bool closes = false;
    std::size_t before = 0;  // the end of the part before it
    std::size_t after = 0;   // the beginning of the part after it
  };
  // A line of "--", the boundary, perhaps "--", and blanks; its line end belongs to it, and so does
  // the one before.
  Delimiter next_delimiter(std::string_view body, std::size_t from, const std::string& boundary) {
    const std::string mark = "\n--" + boundary;
    // The line that begins at `from` has its line end before it, or none at all.
    const bool line_begins = from == 0 || body[from - 1] == '\n';
    if (line_begins && body.substr(from).starts_with(std::string_view(mark).substr(1))) {
      const Delimiter delimiter = delimiter_at(body, from, from, mark.size() - 1);
      if (delimiter.found) return delimiter;
    }
    std::size_t at = from;
    for (unsigned tries = 1; at < body.size(); ++tries) {
      const void* const found =
          ::memmem(body.data() + at, body.size() - at, mark.data(), mark.size());
      if (found == nullptr) break;
      at = static_cast<std::size_t>(static_cast<const char*>(found) - body.data()) + 1;
      const Delimiter delimiter = delimiter_at(body, from, at, mark.size() - 1);
      if (delimiter.found) return delimiter;
      if (tries % kTriesInATime == 0 && limits_.out_of_time()) {
        stop(kTooLong);
        break;
      }
    }
    return {false, false, body.size(), body.size()};
  }
  static Delimiter delimiter_at(std::string_view body, std::size_t from, std::size_t at,
                                std::size_t mark) {
    Delimiter delimiter = read_delimiter(body.substr(at + mark));
    if (!delimiter.found) return delimiter;
    delimiter.after += at + mark;
    delimiter.before = at;
    if (delimiter.before > from) --delimiter.before;
    if (delimiter.before > from && body[delimiter.before - 1] == '\r') --delimiter.before;
    return delimiter;
  }
  static Delimiter read_delimiter(std::string_view rest) {  // what follows the boundary
    const std::size_t end = rest.find_first_not_of(" \t\r-");
    if (end != std::string_view::npos && rest[end] != '\n') return {};
    std::string_view tail = rest.substr(0, end);
    const bool closes = tail.starts_with("--");
    if (closes) tail.remove_prefix(2);
    if (tail.find('-') != std::string_view::npos) return {};
    return {true, closes, 0, end == std::string_view::npos ? rest.size() : end + 1};
  }

  ParsedMessage::Parse& parse_;
  const Limits& limits_;
  std::size_t split_ = 0;
  bool stopped_ = false;
  std::size_t decoding_left_;  // octets of enclosed messages
};

}  // namespace

void Part::decode() const {
  if (decoded_) return;
  switch (fields.encoding) {
    case Encoding::base64:
      decoded_ = decode_base64(body);
      break;
    case Encoding::quoted_printable:
      decoded_ = decode_quoted_printable(body);
      break;
    case Encoding::identity:
    case Encoding::uuencode:  // find_uuencoded() has the name as well
    case Encoding::unknown:
      decoded_.emplace();
      break;
  }
}

std::string_view Part::content() const {
  decode();
  const bool is_decoded =
      fields.encoding == Encoding::base64 || fields.encoding == Encoding::quoted_printable;
  return is_decoded ? std::string_view(decoded_->bytes) : body;
}

bool Part::is_valid() const {
  decode();
  return decoded_->valid;
}

bool Part::is_text() const {
  return fields.type.starts_with("text/") || fields.type.starts_with("multipart/");
}

ParsedMessage::ParsedMessage(const mail::Message& message, const Limits& limits)
    : parse_(std::make_unique<Parse>()) {
  ContentFields fields;
  for (const mail::HeaderField& field : message.headers()) fields.read(field.name, field.value);
  Splitter(*parse_, limits, message.body().size()).split(std::move(fields), message.body(), "", 0);
}

ParsedMessage::~ParsedMessage() = default;

}  // namespace postern::content
