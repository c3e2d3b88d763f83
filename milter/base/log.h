// Purpose:   structured log lines: one event, its message and named fields.
// Ownership: the process has one log (a log is where a process talks); fields are copied out before
//            the call returns.
// Threading: safe from any thread; a line is written whole.
// Failure:   a log that cannot be written is dropped; mail goes on.
// Formats:   journal (sd_journal fields POSTERN_<NAME> when the journal listens, else "<prio>"
//            lines on standard error), json (one object a line), text (for people).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::log {

enum class Level { debug, info, warning, error };
enum class Format { journal, json, text };

void configure(Level level, Format format);
Level level();

struct Field {
  // Names are lower-case words with underscores: queue_id, generation, recipient.
  Field(std::string_view name_in, std::string_view value_in) : name(name_in), value(value_in) {}
  Field(std::string_view name_in, const char* value_in) : name(name_in), value(value_in) {}
  Field(std::string_view name_in, const std::string& value_in) : name(name_in), value(value_in) {}
  Field(std::string_view name_in, std::int64_t value_in)
      : name(name_in), value(std::to_string(value_in)), is_number(true) {}
  Field(std::string_view name_in, std::uint64_t value_in)
      : name(name_in), value(std::to_string(value_in)), is_number(true) {}
  Field(std::string_view name_in, int value_in)
      : Field(name_in, static_cast<std::int64_t>(value_in)) {}

  std::string name;
  std::string value;  // control characters are escaped on output: one event stays one line
  bool is_number = false;
};
using Fields = std::vector<Field>;

void write(Level level, std::string_view message, const Fields& fields);

inline void debug(std::string_view message, const Fields& fields = {}) {
  if (level() <= Level::debug) write(Level::debug, message, fields);
}
inline void info(std::string_view message, const Fields& fields = {}) {
  write(Level::info, message, fields);
}
inline void warning(std::string_view message, const Fields& fields = {}) {
  write(Level::warning, message, fields);
}
inline void error(std::string_view message, const Fields& fields = {}) {
  write(Level::error, message, fields);
}

}  // namespace postern::log
