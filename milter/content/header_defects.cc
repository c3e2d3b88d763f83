#include <algorithm>
#include <array>

#include "base/text.h"
#include "content/charset.h"
#include "content/inspect.h"
#include "mail/line_length.h"

namespace postern::content {
namespace {

constexpr std::size_t kMostDefects = 20;

enum class Octet : std::uint8_t { plain, line_feed, carriage_return, nul, control, eight_bit };

constexpr std::array<Octet, 256> make_octets() {
  std::array<Octet, 256> octets{};
  for (std::size_t i = 0; i < 0x20; ++i) octets[i] = Octet::control;
  for (std::size_t i = 0x80; i < 0x100; ++i) octets[i] = Octet::eight_bit;
  octets[0x7f] = Octet::control;
  octets['\t'] = Octet::plain;
  octets['\n'] = Octet::line_feed;
  octets['\r'] = Octet::carriage_return;
  octets['\0'] = Octet::nul;
  return octets;
}
constexpr auto kOctets = make_octets();

class Defects {
 public:
  void add(std::string defect) {
    if (found_.size() >= kMostDefects) return;
    if (std::find(found_.begin(), found_.end(), defect) == found_.end()) {
      found_.push_back(std::move(defect));
    }
  }
  void add(const mail::HeaderField& field, std::string_view what) {
    if (found_.size() < kMostDefects)
      add(printable(trim(field.name), 64) + ": " + std::string(what));
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

// Blanks before the colon are obsolete syntax (RFC 5322 4.5) and no defect.
bool is_field_name(std::string_view name) {
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
}

void judge_lines(const mail::HeaderField& field, Defects& defects) {
  std::string_view rest = field.value;
  std::size_t before = field.name.size() + 1;  // the first line has the name and the colon
  for (bool first = true;; first = false) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (before + line.size() > mail::kSmtpLineLimit) {
      defects.add(field, "a line longer than 998 characters");
    }
    if (!first && !line.starts_with(' ') && !line.starts_with('\t')) {
      defects.add(field, "syntax error: a line that belongs to no field");
    } else if (!first && trim(line).empty()) {
      defects.add(field, "a folded line of white space only");
    }
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
    before = 0;
  }
}

void judge_octets(const mail::HeaderField& field, bool utf8_allowed, Defects& defects) {
  const std::string& value = field.value;
  bool eight_bit = false;
  bool folded = false;
  for (std::size_t at = 0; at < value.size(); ++at) {
    switch (kOctets[static_cast<unsigned char>(value[at])]) {
      case Octet::plain:
        break;
      case Octet::line_feed:
        folded = true;
        break;
      case Octet::carriage_return:
        if (at + 1 == value.size() || value[at + 1] != '\n') {
          defects.add(field, "a bare carriage return");
        }
        break;
      case Octet::nul:
        defects.add(field, "a NUL character");
        break;
      case Octet::control:
        defects.add(field, "control characters");
        break;
      case Octet::eight_bit:
        eight_bit = true;
        break;
    }
  }
  if (eight_bit && !(utf8_allowed && is_utf8(value))) {
    defects.add(field,
                utf8_allowed ? "characters that are not UTF-8" : "unencoded 8-bit characters");
  }
  if (folded || field.name.size() + 1 + value.size() > mail::kSmtpLineLimit) {
    judge_lines(field, defects);
  }
}

// RFC 5322 3.6: how often these may and must stand.
struct Counted {
  std::string_view name;
  bool required;
  std::size_t count = 0;
};

}  // namespace

std::vector<std::string> find_header_defects(const mail::Message& message, bool utf8_allowed) {
  Defects defects;
  std::array<Counted, 5> counted = {{{"From", true, 0},
                                     {"Date", true, 0},
                                     {"Subject", false, 0},
                                     {"To", false, 0},
                                     {"Message-ID", false, 0}}};
  for (const mail::HeaderField& field : message.headers()) {
    if (!is_field_name(field.name)) {
      defects.add("syntax error: \"" + printable(field.name, 64) + "\" is not a field name");
    }
    judge_octets(field, utf8_allowed, defects);
    const std::string_view name = trim(field.name);
    for (Counted& entry : counted) {
      if (equals_ignoring_case(name, entry.name)) ++entry.count;
    }
  }
  for (const Counted& entry : counted) {
    if (entry.count == 0 && entry.required) defects.add("no " + std::string(entry.name));
    if (entry.count > 1) {
      defects.add((entry.count == 2 ? "two" : std::to_string(entry.count)) + " " +
                  std::string(entry.name) + " fields");
    }
  }
  return defects.take();
}

}  // namespace postern::content
