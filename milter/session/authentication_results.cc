#include "session/authentication_results.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "mail/domain_name.h"

namespace postern::session {
namespace {

constexpr std::size_t kFoldAt = 76;
constexpr std::size_t kLongestValue = 320;  // 64 octets of local part, @, 255 of domain
constexpr std::size_t kLongestReason = 200;
constexpr std::size_t kMostSignatures = 10;

bool is_token_character(char c) {
  return c > ' ' && c < 0x7f &&
         std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

// RFC 8601 2.2: [local-part "@"] domain-name may stand bare; whatever is less plain than this is quoted.
bool is_plain_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && is_token(text.substr(0, at)) &&
         is_token(text.substr(at + 1));
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string pvalue(std::string_view text) {
  const std::string shown = printable(text, kLongestValue);
  return is_token(shown) || is_plain_address(shown) ? shown : quoted(shown);
}

// Writes words with folds between them where the line grows long; a word itself is never broken.
class FoldedValue {
 public:
  void add(std::string_view word) {
    if (column_ > 1 && column_ + 1 + word.size() > kFoldAt) {
      begin_line();
    } else {
      text_ += ' ';
      ++column_;
    }
    write(word);
  }
  void add_on_new_line(std::string_view word) {
    text_ += ';';
    begin_line();
    write(word);
  }
  void add_property(std::string_view name, std::string_view value) {
    if (!value.empty()) add(std::string(name) + '=' + pvalue(value));
  }
  void add_reason(std::string_view problem) {
    if (!problem.empty()) add("reason=" + quoted(printable(problem, kLongestReason)));
  }
  std::string take() { return std::move(text_); }

 private:
  void begin_line() {
    text_ += "\n\t";
    column_ = 8;
  }
  void write(std::string_view word) {
    text_ += word;
    column_ += word.size();
  }

  std::string text_;
  std::size_t column_ = sizeof("Authentication-Results:") - 1;
};

void add_spf(const decide::SpfVerdict& spf, const std::string& mail_from, FoldedValue& value) {
  value.add_on_new_line("spf=" + std::string(to_string(spf.result)));
  value.add_reason(spf.problem);
  if (spf.by_helo) {
    value.add_property("smtp.helo", spf.domain);
  } else {
    value.add_property("smtp.mailfrom", mail_from.empty() ? spf.domain : mail_from);
  }
}

void add_dkim(const decide::DkimVerdict& dkim, FoldedValue& value) {
  if (dkim.signatures.empty()) value.add_on_new_line("dkim=none");
  const std::size_t shown = std::min(dkim.signatures.size(), kMostSignatures);
  for (std::size_t at = 0; at < shown; ++at) {
    const decide::DkimSignature& signature = dkim.signatures[at];
    value.add_on_new_line("dkim=" + std::string(to_string(signature.result)));
    if (signature.result != decide::DkimResult::pass) value.add_reason(signature.problem);
    value.add_property("header.d", signature.domain);
    value.add_property("header.s", signature.selector);
    value.add_property("header.a", signature.algorithm);
  }
}

void add_dmarc(const decide::DmarcVerdict& dmarc, FoldedValue& value) {
  value.add_on_new_line("dmarc=" + std::string(to_string(dmarc.result)));
  value.add_reason(dmarc.problem);
  const bool has_policy =
      dmarc.result == decide::DmarcResult::pass || dmarc.result == decide::DmarcResult::fail;
  if (has_policy) value.add("(p=" + std::string(to_string(dmarc.published)) + ")");
  value.add_property("header.from", dmarc.domain);
}

// --- reading ---

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Reads over a field value; every step says whether it kept to the grammar.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  char next() const { return text_[at_]; }

  // [CFWS]; false: a comment that does not end.
  bool skip_comments() {
    while (!at_end()) {
      if (is_white(next())) {
        ++at_;
      } else if (next() != '(') {
        return true;
      } else if (!skip_comment()) {
        return false;
      }
    }
    return true;
  }

  std::string token() {
    const std::size_t start = at_;
    while (!at_end() && is_token_character(next())) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  // After the opening quote has been seen. Nothing: it does not end.
  std::optional<std::string> quoted_string() {
    std::string content;
    for (++at_; !at_end(); ++at_) {
      if (next() == '"') {
        ++at_;
        return content;
      }
      if (next() == '\\' && at_ + 1 < text_.size()) ++at_;
      if (next() != '\r' && next() != '\n') content += next();
    }
    return std::nullopt;
  }

 private:
  bool skip_comment() {
    std::size_t depth = 0;
    for (; !at_end(); ++at_) {
      if (next() == '\\') {
        if (at_ + 1 < text_.size()) ++at_;
      } else if (next() == '(') {
        ++depth;
      } else if (next() == ')' && --depth == 0) {
        ++at_;
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// authserv-id [CFWS authres-version] and then ";" or the end. Nothing: it is not written so.
std::optional<std::string> strictly_read_id(std::string_view value) {
  Reader reader(value);
  if (!reader.skip_comments() || reader.at_end()) return std::nullopt;
  auto id = reader.next() == '"' ? reader.quoted_string() : std::make_optional(reader.token());
  if (!id || id->empty() || !reader.skip_comments()) return std::nullopt;
  if (!reader.at_end() && reader.next() != ';') {
    const std::string version = reader.token();
    const bool is_number =
        !version.empty() &&
        std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number || !reader.skip_comments()) return std::nullopt;
  }
  return reader.at_end() || reader.next() == ';' ? id : std::nullopt;
}

std::string comparable(std::string_view name) {
  if (const auto label = mail::to_a_label(trim(name))) return *label;
  return ascii_lower(trim(name));
}

// Only what a name is made of, in lower case: what is left when quotes, escapes, folds and comments'
// parentheses are taken for nothing.
std::string squeezed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const char lower = ascii_lower(c);
    const bool is_name = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ||
                         lower == '.' || lower == '-' || lower == '_';
    if (is_name) result += lower;
  }
  return result;
}

bool might_be_read_as(std::string_view value, std::string_view authserv_id) {
  // Names in other letters, and encoded words, may turn into anything.
  const bool is_opaque = value.find("=?") != std::string_view::npos ||
                         std::any_of(value.begin(), value.end(), [](char c) {
                           return c < 0 || c == 0x7f || (c < ' ' && !is_white(c));
                         });
  if (is_opaque) return true;
  return squeezed(value).find(squeezed(comparable(authserv_id))) != std::string::npos;
}

bool names_nobody(std::string_view value) {
  Reader reader(value);
  return reader.skip_comments() && (reader.at_end() || reader.next() == ';');
}

}  // namespace

std::string authentication_results(std::string_view authserv_id,
                                   const AuthenticationFindings& findings) {
  FoldedValue value;
  value.add(pvalue(authserv_id));
  if (findings.spf) add_spf(*findings.spf, findings.mail_from, value);
  if (findings.dkim) add_dkim(*findings.dkim, value);
  if (findings.dmarc) add_dmarc(*findings.dmarc, value);
  std::string text = value.take();
  if (!findings.spf && !findings.dkim && !findings.dmarc) text += "; none";
  return text;
}

bool speaks_for(std::string_view value, std::string_view authserv_id) {
  if (authserv_id.empty()) return false;
  const auto id = strictly_read_id(value);
  if (id && comparable(*id) == comparable(authserv_id)) return true;
  if (id && mail::to_a_label(trim(*id))) return false;  // clearly another's
  return names_nobody(value) || might_be_read_as(value, authserv_id);
}

}  // namespace postern::session
