#include "content/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <clocale>
#include <memory>
#include <unordered_map>

#include "base/utf8.h"
#include "content/file_name.h"
#include "content/seven_zip.h"
#include "content/type_detector.h"
#include "content/zip_directory.h"

namespace postern::content {
namespace {

constexpr std::uint64_t kRatioMatters = 1 << 20;  // a small file may be anything
constexpr std::size_t kLargestNested = 16 << 20;  // an archive in an archive is held in memory
constexpr std::size_t kLongestPath = 512;

// libarchive converts names to the locale's charset: without UTF-8 it would lose them.
class Utf8Locale {
 public:
  Utf8Locale() : before_(::uselocale(utf8())) {}
  ~Utf8Locale() { ::uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t kLocale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kLocale;  // none: uselocale(nullptr) leaves things as they are
  }
  locale_t before_;
};

struct FreeArchive {
  void operator()(archive* reader) const { ::archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeArchive>;

// One filter and no more: left to itself, libarchive undoes up to 25 in a row, and what the ones in
// between produce is counted by nobody.
int filter_of(ArchiveKind kind) {
  switch (kind) {
    case ArchiveKind::gzip:
      return ARCHIVE_FILTER_GZIP;
    case ArchiveKind::bzip2:
      return ARCHIVE_FILTER_BZIP2;
    case ArchiveKind::xz:
      return ARCHIVE_FILTER_XZ;
    case ArchiveKind::zstd:
      return ARCHIVE_FILTER_ZSTD;
    case ArchiveKind::zip:
    case ArchiveKind::rar:
    case ArchiveKind::seven_zip:
    case ArchiveKind::tar:
      return ARCHIVE_FILTER_NONE;
  }
  return ARCHIVE_FILTER_NONE;
}

// Which way to read it: what the format says first, or what is left when that finds nothing.
enum class Attempt { first, second };

bool support(archive* reader, ArchiveKind kind, Attempt attempt) {
  switch (kind) {
    case ArchiveKind::zip:
      return (attempt == Attempt::first
                  ? ::archive_read_support_format_zip_seekable(reader)
                  : ::archive_read_support_format_zip_streamable(reader)) == ARCHIVE_OK;
    case ArchiveKind::rar:
      ::archive_read_support_format_rar(reader);
      return ::archive_read_support_format_rar5(reader) == ARCHIVE_OK;
    case ArchiveKind::seven_zip:
      return ::archive_read_support_format_7zip(reader) == ARCHIVE_OK;
    case ArchiveKind::tar:
      return ::archive_read_support_format_tar(reader) == ARCHIVE_OK;
    case ArchiveKind::gzip:
    case ArchiveKind::bzip2:
    case ArchiveKind::xz:
    case ArchiveKind::zstd:
      if (attempt == Attempt::first) ::archive_read_support_format_tar(reader);
      ::archive_read_support_format_raw(reader);
      // A warning: it would start another program for that.
      return ::archive_read_append_filter(reader, filter_of(kind)) == ARCHIVE_OK;
  }
  return false;
}

std::string name_of(archive_entry* entry) {
  if (const char* const utf8 = ::archive_entry_pathname_utf8(entry)) return utf8;
  const char* const raw = ::archive_entry_pathname(entry);
  return raw == nullptr ? std::string() : raw;
}

class Lister {
 public:
  Lister(ArchiveKind kind, Object& parent, ArchiveLimits& limits, std::vector<Object>& objects)
      : kind_(kind), parent_(parent), limits_(limits), objects_(objects) {}

  // Whether anything was found.
  bool list(std::string_view bytes, Attempt attempt) {
    by_directory_ = attempt == Attempt::first && kind_ == ArchiveKind::zip;
    if (!open(bytes, attempt)) return false;
    bool broken = false;
    bool any = false;
    while (!limits_.hit() && limits_.in_time()) {
      archive_entry* entry = nullptr;
      const int status = ::archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_RETRY) {
        if (!limits_.add_member()) break;
        continue;
      }
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        if (!any && ::archive_read_has_encrypted_entries(reader_.get()) > 0) {
          parent_.encrypted = true;
          any = true;
        }
        broken = status != ARCHIVE_EOF;
        break;
      }
      any = true;
      ++headers_;
      if (!take_member(entry)) {
        broken = true;
        break;
      }
    }
    if (broken && headers_ > 0 && !limits_.hit()) list_the_rest(bytes, attempt);
    if (by_directory_ && !limits_.hit()) any = add_directory(bytes) || any;
    return any;
  }

 private:
  bool open(std::string_view bytes, Attempt attempt) {
    reader_.reset(::archive_read_new());
    return reader_ && support(reader_.get(), kind_, attempt) &&
           ::archive_read_open_memory(reader_.get(), bytes.data(), bytes.size()) == ARCHIVE_OK;
  }

  // Something could not be read, which programs that unpack may read all the same, or pass over: the
  // names of the members behind it, without looking into any.
  void list_the_rest(std::string_view bytes, Attempt attempt) {
    const bool has_names =
        kind_ != ArchiveKind::zip && ::archive_format(reader_.get()) != ARCHIVE_FORMAT_RAW;
    if (!has_names || !open(bytes, attempt)) return;
    for (std::size_t seen = 0; !limits_.hit() && limits_.in_time();) {
      archive_entry* entry = nullptr;
      const int status = ::archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_EOF) return;
      if (status == ARCHIVE_RETRY) {
        if (!limits_.add_member()) return;
      } else if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        break;
      } else if (!pass_over(entry, ++seen > headers_)) {
        return;
      }
    }
    if (limits_.hit()) return;
    if (::archive_read_has_encrypted_entries(reader_.get()) > 0) {
      parent_.encrypted = true;
    } else {
      limits_.stop(parent_.path + ": could not be read to its end");
    }
  }
  bool pass_over(archive_entry* entry, bool is_new) {
    // The way to the next member of a solid RAR leads through all that is in this one.
    if (kind_ == ArchiveKind::rar && !charge(entry, 0)) return false;
    if (!is_new) return true;
    if (!limits_.add_member()) return false;
    const std::string whole = name_of(entry);
    if (::archive_entry_filetype(entry) == AE_IFDIR || whole.ends_with('/')) return true;
    objects_.push_back(described(whole));
    objects_.back().encrypted = ::archive_entry_is_encrypted(entry) != 0;
    return true;
  }

  // False: nothing more can be read.
  bool take_member(archive_entry* entry) {
    if (!limits_.add_member()) return false;
    const std::string whole = name_of(entry);
    if (by_directory_) ++listed_[whole];
    if (::archive_entry_filetype(entry) == AE_IFDIR || whole.ends_with('/')) {
      return charge(entry, 0);
    }
    Object member = described(whole);
    if (is_compressed_stream(kind_) && ::archive_format(reader_.get()) == ARCHIVE_FORMAT_RAW) {
      add_stream_names(member);
    }
    member.encrypted = ::archive_entry_is_encrypted(entry) != 0;
    const std::size_t at = objects_.size();
    objects_.push_back(std::move(member));
    if (objects_[at].encrypted) return kind_ == ArchiveKind::zip ? charge(entry, 0) : true;
    return read_member(entry, at);
  }

  // What the directory has beyond the members that were read: other names for them, more entries that
  // mean the same octets, and those that could not be read.
  bool add_directory(std::string_view bytes) {
    const auto directory = read_zip_directory(bytes, limits_.limits().archive_members + 1);
    for (const ZipEntry& entry : directory.entries) {
      const auto seen = listed_.find(std::string(entry.name));
      if (seen != listed_.end() && seen->second > 0) {
        --seen->second;
        continue;
      }
      if (!limits_.add_member() || !limits_.add_bytes(entry.size)) return true;
      if (seen != listed_.end() || entry.name.empty() || entry.name.ends_with('/')) continue;
      listed_.emplace(entry.name, 0);
      Object member = described(std::string(entry.name));
      member.encrypted = entry.encrypted;
      objects_.push_back(std::move(member));
    }
    if (directory.too_many) limits_.stop(parent_.path + ": too many zip files in a row");
    return !directory.entries.empty();
  }

  Object described(const std::string& whole) const {
    Object member;
    member.in_archive = true;
    member.name = file_name(whole);
    member.ascii_name = ascii_only(member.name);
    member.path = valid_utf8(parent_.path + "/" + (whole.empty() ? "?" : whole), kLongestPath);
    return member;
  }

  // A single compressed file has a name of its own at most in gzip; unpacking programs make one.
  void add_stream_names(Object& member) {
    const std::string made(without_compression_suffix(parent_.name));
    if (member.name != "data" && member.name != made && !member.name.empty()) {
      objects_.push_back(member);
    }
    member = described(made);
  }

  // Not all of each member is read; whoever unpacks the archive will, and so does the library on its
  // way to the next member of a 7z or a RAR.
  bool charge(archive_entry* entry, std::uint64_t read) {
    const bool says_sizes =
        by_directory_ || kind_ == ArchiveKind::seven_zip || kind_ == ArchiveKind::rar;
    if (!says_sizes || ::archive_entry_size_is_set(entry) == 0) return true;
    const auto declared = static_cast<std::uint64_t>(::archive_entry_size(entry));
    return declared <= read || limits_.add_bytes(declared - read);
  }

  bool read_member(archive_entry* entry, std::size_t at) {
    std::string content;
    std::optional<ArchiveKind> nested;
    bool judged = false;
    std::size_t wanted = octets_for_detection({});
    std::uint64_t read = 0;
    while (limits_.in_time()) {
      const void* block = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int status = ::archive_read_data_block(reader_.get(), &block, &size, &offset);
      if (status == ARCHIVE_EOF) break;
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        if (content.empty()) return status != ARCHIVE_FATAL;
        break;
      }
      read += size;
      if (!limits_.add_bytes(size)) return false;
      if (content.size() < wanted || nested) {
        content.append(static_cast<const char*>(block), size);
        wanted = octets_for_detection(content);
      }
      if (!judged && content.size() >= wanted) {
        nested = archive_kind(objects_[at].name, "", content);
        judged = true;
      }
      if (nested && content.size() > kLargestNested) {
        return limits_.stop(objects_[at].path + ": an archive of more than 16 MiB in an archive");
      }
      if (judged && !nested && by_directory_) break;  // the next one is found without the rest
    }
    if (!charge(entry, read)) return false;
    if (!judged) nested = archive_kind(objects_[at].name, "", content);
    if (!content.empty() && limits_.take_detection()) {
      objects_[at].detected_type = detect_type(content);
    }
    if (nested) {
      Object inner = objects_[at];  // the list grows meanwhile
      list_archive(*nested, content, inner, limits_, objects_);
      objects_[at].encrypted = inner.encrypted;
    }
    return !limits_.hit();
  }

  ArchiveKind kind_;
  Object& parent_;
  ArchiveLimits& limits_;
  std::vector<Object>& objects_;
  Reader reader_;
  std::size_t headers_ = 0;                              // members that were come to
  bool by_directory_ = false;                            // a zip, by its directory
  std::unordered_map<std::string, std::size_t> listed_;  // of a zip: names, and how often
};

}  // namespace

bool ArchiveLimits::stop(const std::string& what) {
  if (!hit_) hit_ = single_line(what, kLongestPath);
  return false;
}

bool ArchiveLimits::enter(const std::string& path, std::size_t packed_size) {
  if (open_.size() >= limits_.archive_depth) {
    return stop(path + ": archives nested deeper than " + std::to_string(limits_.archive_depth));
  }
  open_.push_back({path, packed_size, bytes_});
  return true;
}

bool ArchiveLimits::add_member() {
  if (++members_ <= limits_.archive_members) return true;
  return stop(open_.front().path + ": more than " + std::to_string(limits_.archive_members) +
              " members");
}

bool ArchiveLimits::add_bytes(std::uint64_t bytes) {
  const std::uint64_t room = limits_.archive_bytes - std::min(bytes_, limits_.archive_bytes);
  if (bytes > room) {
    return stop(open_.front().path + ": unpacks to more than " +
                std::to_string(limits_.archive_bytes >> 20U) + " MiB");
  }
  bytes_ += bytes;
  for (const Open& open : open_) {
    const std::uint64_t unpacked = bytes_ - open.unpacked_before;
    if (unpacked > kRatioMatters && unpacked / limits_.archive_ratio > open.packed) {
      return stop(open.path + ": unpacks to more than " + std::to_string(limits_.archive_ratio) +
                  " times its size");
    }
  }
  return true;
}

bool ArchiveLimits::in_time() {
  if (!limits_.out_of_time()) return true;
  return stop((open_.empty() ? std::string("the message") : open_.front().path) +
              ": looking inside took too long");
}

bool ArchiveLimits::take_detection() {
  return limits_.detect_types && detections_++ < limits_.detections;
}

void list_archive(ArchiveKind kind, std::string_view bytes, Object& archive, ArchiveLimits& limits,
                  std::vector<Object>& objects) {
  if (!limits.enter(archive.path, bytes.size())) return;
  if (kind == ArchiveKind::seven_zip && !has_readable_seven_zip_header(bytes)) {
    limits.stop(archive.path + ": its list of members unpacks to more than " +
                std::to_string(kLargestSevenZipHeader >> 20U) + " MiB");
    limits.leave();
    return;
  }
  const Utf8Locale locale;
  Lister lister(kind, archive, limits, objects);
  const bool listed = lister.list(bytes, Attempt::first);
  // A zip whose directory is lost: some programs unpack it all the same. A compressed file of zeros:
  // the end of a tar, or just zeros.
  const bool has_second = kind == ArchiveKind::zip || is_compressed_stream(kind);
  if (!listed && has_second && !limits.hit()) lister.list(bytes, Attempt::second);
  limits.leave();
}

}  // namespace postern::content
