#include "base/log.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/utf8.h"

namespace postern::log {
namespace {

constexpr std::size_t kMaxLine = 32UL * 1024;
constexpr std::size_t kMaxFields = 64;
constexpr std::size_t kMaxName = 48;
// How much of the message and of each value is kept: the first of these with which the line fits.
// The last always does: 64 fields of 16 bytes, each byte escaped into six.
constexpr std::array<std::size_t, 6> kValueSizes = {16'384, 4'096, 1'024, 256, 64, 16};

std::atomic<Level> current_level = Level::info;
std::atomic<Format> current_format = Format::text;
std::atomic<bool> journal_takes_fields = false;

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

int priority_of(Level level) {
  switch (level) {
    case Level::debug:
      return LOG_DEBUG;
    case Level::info:
      return LOG_INFO;
    case Level::warning:
      return LOG_WARNING;
    case Level::error:
      return LOG_ERR;
  }
  return LOG_ERR;
}

// A name is written without quotes and becomes part of a journal field's name.
std::string clean_name(std::string_view name) {
  std::string clean(name.substr(0, kMaxName));
  for (char& c : clean) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '_';
  }
  return clean.empty() ? "_" : clean;
}

std::string text_value(const Field& field, std::size_t max_size) {
  std::string value = single_line(field.value, max_size);
  const bool plain = !value.empty() && value.find_first_of(" \"=") == std::string::npos;
  if (plain) return value;
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string people_line(std::string_view message, const Fields& fields, std::size_t max_size) {
  std::string line = single_line(message, max_size);
  for (std::size_t i = 0; i < std::min(fields.size(), kMaxFields); ++i) {
    line += ' ' + clean_name(fields[i].name) + '=' + text_value(fields[i], max_size);
  }
  return line;
}

std::string now_rfc3339() {
  const auto now = std::chrono::system_clock::now();
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(since_epoch).count();
  std::tm civil{};
  gmtime_r(&seconds, &civil);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &civil);
  std::string millis = std::to_string(1000 + since_epoch.count() % 1000);
  millis.front() = '.';
  return std::string(text, length) + millis + 'Z';
}

template <typename Number>
std::optional<Number> parse_whole(const std::string& text) {
  Number number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last) return std::nullopt;
  return number;
}

nlohmann::ordered_json json_value(const Field& field, std::size_t max_size) {
  if (field.is_number) {
    if (const auto number = parse_whole<std::int64_t>(field.value)) return *number;
    if (const auto number = parse_whole<std::uint64_t>(field.value)) return *number;
  }
  return valid_utf8(field.value, max_size);
}

std::string json_line(Level level, std::string_view message, const Fields& fields,
                      std::size_t max_size) {
  nlohmann::ordered_json object = {{"time", now_rfc3339()},
                                   {"level", name_of(level)},
                                   {"message", valid_utf8(message, max_size)}};
  for (std::size_t i = 0; i < std::min(fields.size(), kMaxFields); ++i) {
    std::string name = clean_name(fields[i].name);
    // A field can replace neither one of the three above nor an earlier field.
    while (object.contains(name)) name += '_';
    object[name] = json_value(fields[i], max_size);
  }
  // ASCII only: what a terminal could obey is escaped with the rest.
  return object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

template <typename Render>
std::string bounded(Render&& render) {
  std::string line;
  for (const std::size_t max_size : kValueSizes) {
    line = render(max_size);
    if (line.size() < kMaxLine) break;
  }
  return line;
}

// systemd says in $JOURNAL_STREAM which device and inode it gave us as standard error. If that is
// still what file descriptor 2 is, the journal listens and takes fields; if somebody redirected us,
// he wants to read lines.
bool journal_listens() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  if (stream != std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)) return false;
  return access("/run/systemd/journal/socket", W_OK) == 0;
}

void send_to_journal(Level level, std::string_view message, const Fields& fields) {
  // MESSAGE is what journalctl shows by default, so it says everything; the fields are for asking.
  const auto line = [&](std::size_t max_size) { return people_line(message, fields, max_size); };
  std::vector<std::string> entries = {"MESSAGE=" + bounded(line),
                                      "PRIORITY=" + std::to_string(priority_of(level)),
                                      "POSTERN_EVENT=" + single_line(message, kValueSizes[1])};
  for (std::size_t i = 0; i < std::min(fields.size(), kMaxFields); ++i) {
    std::string name = clean_name(fields[i].name);
    for (char& c : name) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    entries.push_back("POSTERN_" + name + '=' + single_line(fields[i].value, kValueSizes[2]));
  }
  std::vector<iovec> parts;
  parts.reserve(entries.size());
  for (std::string& entry : entries) parts.push_back({entry.data(), entry.size()});
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

// One write(2) can be cut short on a pipe, and two threads' halves would then mix: hence the mutex.
void write_line(std::string line) {
  static std::mutex one_line_at_a_time;
  line += '\n';
  const std::lock_guard lock(one_line_at_a_time);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_anywhere(Level level, std::string_view message, const Fields& fields) {
  switch (current_format.load(std::memory_order_relaxed)) {
    case Format::journal: {
      if (journal_takes_fields.load(std::memory_order_relaxed))
        return send_to_journal(level, message, fields);
      const std::string prefix = "<" + std::to_string(priority_of(level)) + ">";
      return write_line(bounded(
          [&](std::size_t max_size) { return prefix + people_line(message, fields, max_size); }));
    }
    case Format::json:
      return write_line(bounded(
          [&](std::size_t max_size) { return json_line(level, message, fields, max_size); }));
    case Format::text:
      return write_line(bounded([&](std::size_t max_size) {
        return now_rfc3339() + ' ' + std::string(name_of(level)) + ' ' +
               people_line(message, fields, max_size);
      }));
  }
}

}  // namespace

void configure(Level level, Format format) {
  journal_takes_fields = format == Format::journal && journal_listens();
  current_level = level;
  current_format = format;
}

Level level() { return current_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message, const Fields& fields) {
  if (level < log::level()) return;
  try {
    write_anywhere(level, message, fields);
  } catch (const std::exception&) {
    // Out of memory for a log line: mail goes on without it.
    return;
  }
}

}  // namespace postern::log
