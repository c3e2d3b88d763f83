#include "content/html_links.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace postern::content {
namespace {

struct Reference {
  std::string_view name;
  std::string_view character;
};
constexpr Reference kReferences[] = {
    {"amp", "&"},           {"lt", "<"},    {"gt", ">"},     {"quot", "\""},    {"apos", "'"},
    {"nbsp", " "},          {"colon", ":"}, {"period", "."}, {"sol", "/"},      {"bsol", "\\"},
    {"commat", "@"},        {"num", "#"},   {"quest", "?"},  {"percnt", "%"},   {"lowbar", "_"},
    {"hyphen", "-"},        {"dash", "-"},  {"Tab", "\t"},   {"NewLine", "\n"}, {"shy", ""},
    {"ZeroWidthSpace", ""}, {"lsqb", "["},  {"rsqb", "]"},   {"equals", "="},
};

void append_utf8(std::string& out, std::uint32_t code) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) code = 0xfffd;
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kLead[more] | code >> (6 * more));
  for (unsigned i = more; i-- > 0;) out += static_cast<char>(0x80U | (code >> (6 * i) & 0x3fU));
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

// "#104;", "#x68": how much of the text it takes; 0: it is none.
std::size_t append_number(std::string_view text, std::string& out) {
  const bool hex = text.size() > 1 && ascii_lower(text[1]) == 'x';
  const int base = hex ? 16 : 10;
  const std::size_t begin = hex ? 2 : 1;
  std::size_t at = begin;
  std::uint32_t code = 0;
  for (; at < text.size() && digit_value(text[at]) < base; ++at) {
    if (code <= 0x10ffff) {
      code = code * static_cast<std::uint32_t>(base) +
             static_cast<std::uint32_t>(digit_value(text[at]));
    }
  }
  if (at == begin) return 0;
  append_utf8(out, code);
  return at < text.size() && text[at] == ';' ? at + 1 : at;
}

std::size_t append_named(std::string_view text, std::string& out) {
  for (const Reference& reference : kReferences) {
    if (text.starts_with(reference.name) && text.size() > reference.name.size() &&
        text[reference.name.size()] == ';') {
      out += reference.character;
      return reference.name.size() + 1;
    }
  }
  return 0;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

bool leads_somewhere(std::string_view attribute) {
  for (const std::string_view name : {"href", "src", "action", "formaction", "background", "data",
                                      "poster", "xlink:href", "lowsrc", "longdesc", "cite"}) {
    if (equals_ignoring_case(attribute, name)) return true;
  }
  return false;
}

class TagReader {
 public:
  TagReader(std::string_view html, std::size_t at, const HostSink& sink)
      : html_(html), at_(at), sink_(sink) {}

  // From behind the "<" to behind the ">", or to the end.
  bool read() {
    while (at_ < html_.size() && !is_blank(html_[at_]) && html_[at_] != '>' && html_[at_] != '/') {
      ++at_;
    }
    while (at_ < html_.size() && html_[at_] != '>') {
      if (is_blank(html_[at_]) || html_[at_] == '/') {
        ++at_;
      } else if (!read_attribute()) {
        return false;
      }
    }
    return true;
  }
  std::size_t at() const { return at_; }

 private:
  bool read_attribute() {
    const std::size_t begin = at_++;
    while (at_ < html_.size() && !is_blank(html_[at_]) && html_[at_] != '=' && html_[at_] != '>' &&
           html_[at_] != '/') {
      ++at_;
    }
    const std::string_view name = html_.substr(begin, at_ - begin);
    skip_blanks();
    if (at_ >= html_.size() || html_[at_] != '=') return true;
    ++at_;
    skip_blanks();
    return offer(name, read_value());
  }

  std::string_view read_value() {
    if (at_ >= html_.size() || html_[at_] == '>') return {};
    const char quote = html_[at_];
    if (quote == '"' || quote == '\'') {
      const std::size_t begin = ++at_;
      at_ = std::min(html_.find(quote, begin), html_.size());
      const std::string_view value = html_.substr(begin, at_ - begin);
      if (at_ < html_.size()) ++at_;
      return value;
    }
    const std::size_t begin = at_;
    while (at_ < html_.size() && !is_blank(html_[at_]) && html_[at_] != '>') ++at_;
    return html_.substr(begin, at_ - begin);
  }

  bool offer(std::string_view name, std::string_view value) {
    const bool has_references = value.find('&') != std::string_view::npos;
    if (!has_references && !leads_somewhere(name)) return true;
    const std::string decoded = has_references ? without_references(value) : std::string(value);
    if (leads_somewhere(name)) {
      if (!sink_(host_of_url(decoded))) return false;
    }
    return !has_references || scan_text(decoded, false, sink_);
  }

  void skip_blanks() {
    while (at_ < html_.size() && is_blank(html_[at_])) ++at_;
  }

  std::string_view html_;
  std::size_t at_;
  const HostSink& sink_;
};

// What a browser reads as text up to its own end tag, quotes and tags and all.
std::string_view raw_text_element(std::string_view tag) {
  for (const std::string_view name :
       {"style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}) {
    if (!starts_with_ignoring_case(tag, name)) continue;
    if (tag.size() == name.size() || is_blank(tag[name.size()]) || tag[name.size()] == '>' ||
        tag[name.size()] == '/') {
      return name;
    }
  }
  return {};
}

std::size_t end_of_raw_text(std::string_view html, std::size_t at, std::string_view name) {
  while ((at = html.find("</", at)) != std::string_view::npos) {
    if (starts_with_ignoring_case(html.substr(at + 2), name)) return at;
    at += 2;
  }
  return html.size();
}

// From behind a "<!" or "<?": the end of the comment, of whichever kind.
std::size_t end_of_comment(std::string_view html, std::size_t at) {
  if (!html.substr(at).starts_with("!--")) return std::min(html.find('>', at), html.size());
  at += 3;
  if (html.substr(at).starts_with(">")) return at;
  if (html.substr(at).starts_with("->")) return at + 1;
  while ((at = html.find("--", at)) != std::string_view::npos) {
    if (html.substr(at + 2).starts_with(">")) return at + 2;
    if (html.substr(at + 2).starts_with("!>")) return at + 3;
    ++at;
  }
  return html.size();
}

// Programs differ in what is markup: to some there are tags in comments, to others the quotes in
// those are nothing that a tag behind them could be swallowed by.
enum class Reading { comments_too, as_browsers };

bool scan_tags(std::string_view html, Reading reading, const HostSink& sink) {
  std::size_t at = 0;
  while (at < html.size()) {
    const std::size_t tag = std::min(html.find('<', at), html.size());
    const std::string_view text = html.substr(at, tag - at);
    if (text.find('&') != std::string_view::npos &&
        !scan_text(without_references(text), false, sink)) {
      return false;
    }
    at = tag + 1;
    if (at >= html.size()) break;
    if (reading == Reading::as_browsers) {
      if (html[at] == '!' || html[at] == '?') {
        at = end_of_comment(html, at);
        continue;
      }
      if (html[at] == '/' && at + 1 < html.size()) ++at;
    }
    const char first = ascii_lower(html[at]);
    if (first < 'a' || first > 'z') continue;
    const bool opens = html[at - 1] == '<';
    const std::string_view raw = opens ? raw_text_element(html.substr(at)) : std::string_view();
    TagReader reader(html, at, sink);
    if (!reader.read()) return false;
    at = reader.at();
    if (reading == Reading::as_browsers && !raw.empty()) at = end_of_raw_text(html, at, raw);
  }
  return true;
}

}  // namespace

std::string without_references(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t ampersand = text.find('&');
    out.append(text.substr(0, ampersand));
    if (ampersand == std::string_view::npos) break;
    text.remove_prefix(ampersand + 1);
    const std::size_t taken =
        text.starts_with('#') ? append_number(text, out) : append_named(text, out);
    if (taken == 0) out += '&';
    text.remove_prefix(taken);
  }
  return out;
}

bool scan_html(std::string_view html, const HostSink& sink) {
  // All of it as text first: styles, scripts, comments and what stands between the tags.
  if (!scan_text(html, true, sink)) return false;
  return scan_tags(html, Reading::comments_too, sink) &&
         scan_tags(html, Reading::as_browsers, sink);
}

}  // namespace postern::content
