#include "content/zip_directory.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace postern::content {
namespace {

constexpr std::size_t kEntry = 46;
constexpr std::size_t kEnd = 22;
constexpr std::size_t kEnd64 = 56;
constexpr std::size_t kLocal = 30;
constexpr std::string_view kEndRecord = "PK\x05\x06";
constexpr std::uint64_t kIn64 = 0xffffffff;  // the number stands in the 64-bit form
constexpr std::size_t kReach64 = 4'096;
constexpr unsigned kMostOthers = 64;

// Little-endian; 0 behind the end.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  if (at > bytes.size() || bytes.size() - at < size) return 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// One directory and where its archive begins.
struct Place {
  std::size_t directory = 0;
  std::size_t archive = 0;
};

// The directory stands right before its end record, whatever stands before the archive. `reach`: how
// far before the end record its 64-bit form is looked for.
std::optional<Place> place_of(std::string_view bytes, std::size_t end, std::size_t reach) {
  if (bytes.size() - end < kEnd) return std::nullopt;
  std::size_t directory_end = end;
  std::uint64_t size = number(bytes, end + 12, 4);
  std::uint64_t offset = number(bytes, end + 16, 4);
  if (size == kIn64 || offset == kIn64) {
    const std::size_t from = end - std::min(end, reach);
    const std::size_t end64 = bytes.substr(from, end - from).rfind("PK\x06\x06");
    if (end64 != std::string_view::npos && bytes.size() - from - end64 >= kEnd64) {
      directory_end = from + end64;
      size = number(bytes, directory_end + 40, 8);
      offset = number(bytes, directory_end + 48, 8);
    }
  }
  if (size > directory_end) return std::nullopt;
  Place place;
  place.directory = directory_end - static_cast<std::size_t>(size);
  if (bytes.substr(place.directory, 4) != "PK\x01\x02") return std::nullopt;
  place.archive =
      place.directory - static_cast<std::size_t>(std::min<std::uint64_t>(offset, place.directory));
  return place;
}

// What the members of the last archive take up: a zip in there is a member.
class Members {
 public:
  void add(std::string_view bytes, std::uint64_t header, std::uint64_t packed) {
    if (packed == kIn64 || header + kLocal > bytes.size()) return;
    const auto at = static_cast<std::size_t>(header);
    const std::uint64_t begin =
        header + kLocal + number(bytes, at + 26, 2) + number(bytes, at + 28, 2);
    spans_.emplace_back(begin, begin + packed);
  }
  // No more is added: each then reaches as far as any that begins before it.
  void close() {
    std::sort(spans_.begin(), spans_.end());
    std::uint64_t end = 0;
    for (auto& span : spans_) end = span.second = std::max(end, span.second);
  }
  bool hold(std::size_t begin, std::size_t end) const {
    const auto after =
        std::upper_bound(spans_.begin(), spans_.end(), begin,
                         [](std::size_t at, const auto& span) { return at < span.first; });
    return after != spans_.begin() && std::prev(after)->second > end;
  }

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> spans_;
};

// `members`: where to note what they take up, if anywhere.
void read_entries(std::string_view bytes, const Place& place, std::size_t max_entries,
                  std::vector<ZipEntry>& entries, Members* members) {
  std::size_t at = place.directory;
  while (entries.size() < max_entries && at + kEntry <= bytes.size() &&
         bytes.substr(at, 4) == "PK\x01\x02") {
    const std::string_view rest = bytes.substr(at);
    const auto name_size = static_cast<std::size_t>(number(rest, 28, 2));
    ZipEntry entry;
    entry.name = rest.substr(kEntry, name_size);
    entry.size = number(rest, 24, 4);
    entry.encrypted = (number(rest, 8, 2) & 1U) != 0;
    entries.push_back(entry);
    if (members != nullptr) {
      members->add(bytes, place.archive + number(rest, 42, 4), number(rest, 20, 4));
    }
    at += kEntry + name_size + static_cast<std::size_t>(number(rest, 30, 2) + number(rest, 32, 2));
  }
}

}  // namespace

ZipDirectory read_zip_directory(std::string_view bytes, std::size_t max_entries) {
  ZipDirectory found;
  const std::size_t last = bytes.rfind(kEndRecord);
  if (last == std::string_view::npos) return found;
  Members members;
  if (const auto place = place_of(bytes, last, last)) {
    read_entries(bytes, *place, max_entries, found.entries, &members);
  }
  members.close();
  unsigned others = 0;
  for (std::size_t end = bytes.find(kEndRecord); end < last;
       end = bytes.find(kEndRecord, end + 1)) {
    const auto place = place_of(bytes, end, kReach64);
    if (!place || members.hold(place->archive, end)) continue;
    if (++others > kMostOthers) {
      found.too_many = true;
      break;
    }
    read_entries(bytes, *place, max_entries, found.entries, nullptr);
  }
  return found;
}

}  // namespace postern::content
