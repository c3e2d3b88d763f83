#include "manual/mdoc.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <vector>

namespace postern::manual {
namespace {

constexpr std::size_t kWidth = 78;

// UTF-8 as \[uXXXX], so that no reader of the page has to guess the encoding; `at` moves on. An octet
// that begins nothing is a question mark.
std::string beyond_ascii(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at]);
  std::size_t more = 0;
  unsigned code = 0;
  if (first >= 0xC2 && first < 0xE0) {
    more = 1;
    code = first & 0x1FU;
  } else if (first >= 0xE0 && first < 0xF0) {
    more = 2;
    code = first & 0x0FU;
  } else if (first >= 0xF0 && first < 0xF5) {
    more = 3;
    code = first & 0x07U;
  } else {
    return "?";
  }
  if (text.size() - at <= more) return "?";
  for (std::size_t i = 1; i <= more; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0U) != 0x80U) return "?";
    code = code << 6U | (next & 0x3FU);
  }
  at += more;
  if (code == 0x2026) return "...";
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "\\[u%04X]", code);
  return name.data();
}

// `exact`: what a person may copy, so no hyphen or quote may become a prettier one.
std::string escaped(std::string_view text, bool exact) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((static_cast<unsigned char>(c) & 0x80U) != 0) {
      result += beyond_ascii(text, i);
    } else if (c == '\\') {
      result += "\\e";
    } else if (exact && c == '-') {
      result += "\\-";
    } else if (c == '\'' && exact) {
      result += "\\(aq";
    } else if (c == '`') {
      result += "\\(ga";
    } else if (c == '"' && exact) {
      result += "\\(dq";
    } else if (c == '~') {
      result += "\\(ti";
    } else if (c == '^') {
      result += "\\(ha";
    } else if (std::iscntrl(static_cast<unsigned char>(c)) != 0) {
      result += ' ';
    } else {
      result += c;
    }
  }
  return result;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t begin = line.find_first_not_of(' ', at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    words.push_back(escaped(line.substr(begin, end - begin), false));
    at = end;
  }
  return words;
}

bool ends_sentence(const std::string& word) {
  return !word.empty() && (word.back() == '.' || word.back() == '?' || word.back() == '!');
}

// A line that begins with one of these would be a request.
std::string as_text(const std::string& line) {
  return line.starts_with('.') || line.starts_with('\'') ? "\\&" + line : line;
}

}  // namespace

std::string literal(std::string_view text) {
  const std::string result = escaped(text, true);
  // Macros begin with a capital or a percent sign, and marks such as "." are set apart from words.
  const bool plain =
      !text.empty() && (std::islower(static_cast<unsigned char>(text.front())) != 0 ||
                        std::isdigit(static_cast<unsigned char>(text.front())) != 0);
  return plain ? result : "\\&" + result;
}

std::string prose(std::string_view text) {
  std::string result;
  std::string line;
  const auto end_line = [&result, &line] {
    if (!line.empty()) result += as_text(line) + "\n";
    line.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    for (const std::string& word : words_of(text.substr(0, end))) {
      if (!line.empty() && line.size() + 1 + word.size() > kWidth) end_line();
      line += (line.empty() ? "" : " ") + word;
      if (ends_sentence(word)) end_line();
    }
    end_line();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string stopped(std::string_view text) {
  std::string result(text);
  if (!result.empty() && !ends_sentence(result)) result += '.';
  return result;
}

std::string sentence(std::string_view text) {
  std::string result = stopped(text);
  if (result.empty()) return result;
  result.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(result.front())));
  return result;
}

}  // namespace postern::manual
