#include "content/content_fields.h"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "content/file_name.h"
#include "mail/mime_library.h"

namespace postern::content {
namespace {

constexpr std::size_t kLongestValue = 8'192;  // of a longer one, its beginning and its end
constexpr std::size_t kMostNames = 8;
constexpr unsigned kMostFields = 100;  // of those that are read

// Splits at semicolons outside of quotes; a quote that is never closed counts as none.
std::vector<std::string_view> segments_of(std::string_view value) {
  std::vector<std::string_view> segments;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (quoted && value[at] == '\\') {
      ++at;
    } else if (value[at] == '"') {
      quoted = quoted ? false : value.find('"', at + 1) != std::string_view::npos;
    } else if (value[at] == ';' && !quoted) {
      segments.push_back(value.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  segments.push_back(value.substr(begin));
  return segments;
}

bool is_parameter(std::string_view segment) {
  const std::size_t equals = segment.find('=');
  return equals != std::string_view::npos && !trim(segment.substr(0, equals)).empty();
}

// "attachment filename=x" has lost its semicolon: where the parameter begins, or npos.
std::size_t lost_semicolon(std::string_view first) {
  const std::size_t equals = first.find('=');
  if (equals == std::string_view::npos) return equals;
  const std::size_t blank = first.find_last_of(" \t", equals);
  return blank == std::string_view::npos || trim(first.substr(0, blank)).empty()
             ? std::string_view::npos
             : blank;
}

// GMime stops at the first parameter that it cannot read, mail programs go on: what is no parameter
// is taken out, and a first word that is missing or is one itself is made good.
std::string repaired(std::string_view value, std::string_view default_word) {
  const auto segments = segments_of(value);
  std::string_view first = trim(segments.front());
  std::string text;
  if (const std::size_t lost = lost_semicolon(first); lost != std::string_view::npos) {
    text.append(first.substr(0, lost)).append(";").append(first.substr(lost));
  } else if (first.empty() || is_parameter(first)) {
    text.append(default_word);
    if (!first.empty()) text.append("; ").append(first);
  } else {
    text.append(first);
  }
  for (std::size_t i = 1; i < segments.size(); ++i) {
    if (is_parameter(segments[i])) text.append(";").append(segments[i]);
  }
  return text;
}

template <typename Use>
void for_each_parameter(GMimeParamList* list, Use use) {
  const int length = g_mime_param_list_length(list);
  for (int i = 0; i < length; ++i) {
    GMimeParam* const parameter = g_mime_param_list_get_parameter_at(list, i);
    const char* const value = g_mime_param_get_value(parameter);
    if (value != nullptr) use(ascii_lower(g_mime_param_get_name(parameter)), value);
  }
}

template <typename T>
using Owned = std::unique_ptr<T, decltype(&g_object_unref)>;

}  // namespace

void ContentFields::add_name(std::string_view raw) {
  std::string name = file_name(raw);
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  if (names.size() >= kMostNames) {
    overflow = "a part with more than " + std::to_string(kMostNames) + " names";
    return;
  }
  names.push_back(std::move(name));
}

// For C functions: no NUL, no line ends, bounded.
std::string ContentFields::one_line(std::string_view value) {
  std::string text(value.substr(0, kLongestValue));
  if (value.size() > 2 * kLongestValue) {
    overflow = "a part with a field of more than " + std::to_string(2 * kLongestValue) + " octets";
    text += ';';
    text.append(value.substr(value.size() - kLongestValue));
  } else {
    text.append(value.substr(text.size()));
  }
  for (char& c : text) {
    if (c == '\0' || c == '\r' || c == '\n') c = ' ';
  }
  return std::string(trim(text));
}

void ContentFields::read_type(const std::string& value) {
  std::string text = repaired(value, "text/plain");
  const std::string_view word = std::string_view(text).substr(0, text.find(';'));
  const std::size_t slash = word.find('/');
  // "text", "plain text": RFC 2045 5.2 takes what is no type as text/plain.
  if (slash == std::string_view::npos || trim(word.substr(0, slash)).empty() ||
      trim(word.substr(slash + 1)).empty()) {
    text = "text/plain" + text.substr(word.size());
  }
  const Owned<GMimeContentType> parsed(g_mime_content_type_parse(nullptr, text.c_str()),
                                       &g_object_unref);
  if (!parsed) return;
  if (!has_type) {
    type = ascii_lower(std::string(g_mime_content_type_get_media_type(parsed.get())) + "/" +
                       g_mime_content_type_get_media_subtype(parsed.get()));
  }
  for_each_parameter(g_mime_content_type_get_parameters(parsed.get()),
                     [this](const std::string& name, std::string_view parameter) {
                       if (name == "name") {
                         add_name(parameter);
                       } else if (!has_type && name == "charset" && charset.empty()) {
                         charset = trim(parameter);
                       } else if (!has_type && name == "boundary" && boundary.empty()) {
                         boundary = parameter;
                       }
                     });
  has_type = true;
}

void ContentFields::read_disposition(const std::string& value) {
  const std::string text = repaired(value, "attachment");
  const Owned<GMimeContentDisposition> disposition(
      g_mime_content_disposition_parse(nullptr, text.c_str()), &g_object_unref);
  if (!disposition) return;
  const char* const word = g_mime_content_disposition_get_disposition(disposition.get());
  attachment = attachment || (word != nullptr && !equals_ignoring_case(trim(word), "inline"));
  for_each_parameter(g_mime_content_disposition_get_parameters(disposition.get()),
                     [this](const std::string& name, std::string_view parameter) {
                       if (name == "filename" || name == "name") add_name(parameter);
                     });
}

void ContentFields::read(std::string_view name, std::string_view value) {
  name = trim(name);  // "Content-Type : x"
  const bool is_type = equals_ignoring_case(name, "Content-Type");
  const bool is_disposition = equals_ignoring_case(name, "Content-Disposition");
  const bool is_encoding = equals_ignoring_case(name, "Content-Transfer-Encoding");
  if (!is_type && !is_disposition && !is_encoding) return;
  if (++fields_read_ > kMostFields) {
    overflow = "a part with more than " + std::to_string(kMostFields) + " Content fields";
    return;
  }
  mail::ensure_mime_library();
  if (is_type) {
    read_type(one_line(value));
  } else if (is_disposition) {
    read_disposition(one_line(value));
  } else if (!has_encoding_) {
    has_encoding_ = true;
    encoding_name = one_line(value);
    encoding = parse_encoding(encoding_name);
  }
}

}  // namespace postern::content
