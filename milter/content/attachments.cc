#include <algorithm>

#include "base/utf8.h"
#include "content/archive.h"
#include "content/file_name.h"
#include "content/inspect.h"
#include "content/parse.h"
#include "content/type_detector.h"
#include "content/uuencode.h"

namespace postern::content {
namespace {

constexpr std::size_t kMostUuFiles = 1'000;

// What a mail program shows as the message itself.
bool is_body(const Part& part) {
  return part.fields.names.empty() && !part.fields.attachment &&
         (part.fields.type == "text/plain" || part.fields.type == "text/html");
}

class Collector {
 public:
  Collector(const Limits& limits, Attachments& found) : limits_(limits), found_(found) {}

  void add(const Part& part) {
    const bool is_uuencoded = part.fields.encoding == Encoding::uuencode;
    if (!is_body(part) && !is_uuencoded) {
      add_object(part.fields.names, part.fields.type, part.number, part.content());
    }
    if (part.is_message || !(part.is_text() || is_uuencoded)) return;
    bool any = false;
    std::size_t files = 0;
    for (const UuFile& file : find_uuencoded(part.content(), kMostUuFiles + 1)) {
      if (++files > kMostUuFiles) {
        limits_.stop("part " + part.number + ": more than " + std::to_string(kMostUuFiles) +
                     " uuencoded files");
      }
      if (limits_.hit()) return;
      std::vector<std::string> names = {file_name(file.name)};
      if (is_uuencoded) append_missing(part.fields.names, names);
      add_object(names, is_uuencoded ? part.fields.type : "", part.number, file.bytes);
      any = true;
    }
    if (is_uuencoded && !any && !is_body(part)) {
      add_object(part.fields.names, part.fields.type, part.number, part.content());
    }
  }

  const std::optional<std::string>& limit_hit() const { return limits_.hit(); }

 private:
  static void append_missing(const std::vector<std::string>& more,
                             std::vector<std::string>& names) {
    for (const std::string& name : more) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }

  // One object for each name that somebody may see it under.
  void add_object(const std::vector<std::string>& names, const std::string& type,
                  const std::string& number, std::string_view bytes) {
    if (!limits_.in_time()) return;
    Object object;
    object.declared_type = type;
    if (!bytes.empty() && limits_.take_detection()) object.detected_type = detect_type(bytes);
    std::optional<ArchiveKind> kind = archive_kind("", type, bytes);
    std::string archive_name;
    const std::size_t first = found_.objects.size();
    for (std::size_t i = 0; i == 0 || i < names.size(); ++i) {
      object.name = names.empty() ? std::string() : names[i];
      object.ascii_name = ascii_only(object.name);
      object.path = object.name.empty() ? "part " + number : object.name;
      found_.objects.push_back(object);
      if (!kind) kind = archive_kind(object.name, type, bytes);
    }
    if (!kind) return;
    Object archive = found_.objects[first];
    list_archive(*kind, bytes, archive, limits_, found_.objects);
    for (std::size_t i = 0; i < std::max<std::size_t>(names.size(), 1); ++i) {
      found_.objects[first + i].encrypted = archive.encrypted;
    }
  }

  ArchiveLimits limits_;
  Attachments& found_;
};

}  // namespace

Attachments find_attachments(const ParsedMessage& message, const Limits& limits) {
  Attachments found;
  Collector collector(limits, found);
  for (const Part& part : message.parse().parts) {
    if (collector.limit_hit()) break;
    collector.add(part);
  }
  found.bomb = collector.limit_hit();
  // What was not split off is seen by nobody here.
  if (!found.bomb && message.parse().limit) found.bomb = "the message: " + *message.parse().limit;
  return found;
}

}  // namespace postern::content
