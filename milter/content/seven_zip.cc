#include "content/seven_zip.h"

#include <cstddef>

namespace postern::content {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "7z\xbc\xaf\x27\x1c"sv;
constexpr std::size_t kSignatureHeader = 32;
constexpr unsigned kMostSignatures = 64;
constexpr std::uint64_t kMost =
    32;  // folders, coders and streams of a packed list: it has one or two

// Property ids.
constexpr std::uint8_t kEnd = 0x00;
constexpr std::uint8_t kPackInfo = 0x06;
constexpr std::uint8_t kUnpackInfo = 0x07;
constexpr std::uint8_t kSize = 0x09;
constexpr std::uint8_t kDigests = 0x0a;
constexpr std::uint8_t kFolder = 0x0b;
constexpr std::uint8_t kUnpackSizes = 0x0c;
constexpr std::uint8_t kEncodedHeader = 0x17;

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

// Reads on while it can; what cannot be read makes everything after it unreadable.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  void fail() { ok_ = false; }
  std::uint8_t octet() {
    if (!ok_ || bytes_.empty()) {
      ok_ = false;
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  void expect(std::uint8_t wanted) {
    if (octet() != wanted) ok_ = false;
  }
  void skip(std::uint64_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
    } else {
      bytes_.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  // The leading ones of the first octet say how many follow it.
  std::uint64_t number() {
    const std::uint8_t first = octet();
    std::uint64_t value = 0;
    std::uint8_t mask = 0x80;
    for (unsigned i = 0; i < 8; ++i, mask >>= 1U) {
      if ((first & mask) == 0) {
        return value | static_cast<std::uint64_t>(first & (mask - 1U)) << (8 * i);
      }
      value |= static_cast<std::uint64_t>(octet()) << (8 * i);
    }
    return value;
  }
  // A number of things of which there can be but a few.
  std::uint64_t count() {
    const std::uint64_t value = number();
    if (value > kMost) ok_ = false;
    return ok_ ? value : 0;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

void skip_digests(Reader& reader, std::uint64_t many) {
  const bool all = reader.octet() != 0;
  std::uint64_t defined = all ? many : 0;
  std::uint8_t bits = 0;
  for (std::uint64_t i = 0; !all && i < many; ++i) {
    if (i % 8 == 0) bits = reader.octet();
    if ((bits & 0x80U >> (i % 8)) != 0) ++defined;
  }
  reader.skip(4 * defined);
}

// How many streams the folder puts out.
std::uint64_t skip_folder(Reader& reader) {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  const std::uint64_t coders = reader.count();
  for (std::uint64_t i = 0; i < coders && reader.ok(); ++i) {
    const std::uint8_t flags = reader.octet();
    reader.skip(flags & 0x0fU);
    const bool is_complex = (flags & 0x10U) != 0;
    in += is_complex ? reader.count() : 1;
    out += is_complex ? reader.count() : 1;
    if ((flags & 0x20U) != 0) reader.skip(reader.number());
    if ((flags & 0xc0U) != 0) reader.fail();
  }
  if (out == 0 || out > kMost || in > kMost || in + 1 < out) {
    reader.fail();
    return 0;
  }
  const std::uint64_t bound = out - 1;
  for (std::uint64_t i = 0; i < 2 * bound; ++i) reader.number();
  const std::uint64_t packed = in - bound;
  for (std::uint64_t i = 0; packed > 1 && i < packed; ++i) reader.number();
  return out;
}

// Of a packed list, behind its kEncodedHeader.
bool unpacks_to_little(Reader reader) {
  reader.expect(kPackInfo);
  reader.number();  // where it stands
  const std::uint64_t packed_streams = reader.count();
  std::uint8_t id = reader.octet();
  if (id == kSize) {
    for (std::uint64_t i = 0; i < packed_streams; ++i) reader.number();
    id = reader.octet();
  }
  if (id == kDigests) {
    skip_digests(reader, packed_streams);
    id = reader.octet();
  }
  if (id != kEnd) return false;
  reader.expect(kUnpackInfo);
  reader.expect(kFolder);
  const std::uint64_t folders = reader.count();
  reader.expect(0);  // not in another stream
  std::uint64_t streams = 0;
  for (std::uint64_t i = 0; i < folders && reader.ok(); ++i) streams += skip_folder(reader);
  reader.expect(kUnpackSizes);
  for (std::uint64_t i = 0; i < streams && reader.ok(); ++i) {
    if (reader.number() > kLargestSevenZipHeader) return false;
  }
  return reader.ok();
}

bool is_readable(std::string_view archive) {
  if (archive.size() < kSignatureHeader) return true;
  const std::uint64_t offset = little_endian(archive, 12, 8);
  const std::uint64_t size = little_endian(archive, 20, 8);
  if (size > kLargestSevenZipHeader) return false;
  const std::string_view rest = archive.substr(kSignatureHeader);
  if (offset >= rest.size() || size == 0) return true;  // cut off
  const std::string_view header = rest.substr(static_cast<std::size_t>(offset));
  if (static_cast<std::uint8_t>(header.front()) != kEncodedHeader) return true;
  return unpacks_to_little(Reader(header.substr(1, static_cast<std::size_t>(size) - 1)));
}

}  // namespace

bool has_readable_seven_zip_header(std::string_view bytes) {
  if (bytes.starts_with(kSignature)) return is_readable(bytes);
  // A program that unpacks itself: the archive stands somewhere behind it.
  unsigned seen = 0;
  for (std::size_t at = bytes.find(kSignature); at != std::string_view::npos;
       at = bytes.find(kSignature, at + 1)) {
    if (++seen > kMostSignatures || !is_readable(bytes.substr(at))) return false;
  }
  return true;
}

}  // namespace postern::content
