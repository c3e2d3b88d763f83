#include "adapters/dkim/signature_field.h"

namespace postern::dkim {
namespace {

constexpr std::size_t kLineLimit = 78;  // RFC 5322 2.1.1, without CRLF

class Folder {
 public:
  explicit Folder(std::size_t already_on_line) : column_(already_on_line) {}

  // A whole tag, on this line if it fits.
  void add_tag(std::string_view tag) {
    if (column_ + 1 + tag.size() > kLineLimit) {
      fold();
    } else {
      append(" ");
    }
    append(tag);
  }
  // A piece that may begin a line but has no white space before it otherwise.
  void add_piece(std::string_view piece) {
    if (column_ + piece.size() > kLineLimit) {
      fold();
      append(" ");
    }
    append(piece);
  }
  void fold() {
    text_ += "\n\t";
    column_ = 1;
  }
  void append(std::string_view text) {
    text_ += text;
    column_ += text.size();
  }
  std::size_t room() const { return column_ < kLineLimit ? kLineLimit - column_ : 0; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::size_t column_;
};

}  // namespace

std::string unsigned_value(const SignatureTags& tags) {
  Folder folder(kSignatureField.size() + 1);
  folder.add_tag("v=1;");
  folder.add_tag("a=" + tags.algorithm + ";");
  folder.add_tag("c=" + tags.canonicalization + ";");
  folder.add_tag("d=" + tags.domain + ";");
  folder.add_tag("s=" + tags.selector + ";");
  folder.add_tag("t=" + std::to_string(tags.time) + ";");
  folder.add_tag("bh=" + tags.body_hash + ";");
  folder.fold();
  folder.append("h=");
  for (std::size_t at = 0; at < tags.header_names.size(); ++at) {
    const bool is_last = at + 1 == tags.header_names.size();
    folder.add_piece(tags.header_names[at] + (is_last ? ";" : ":"));
  }
  folder.fold();
  folder.append("b=");
  return folder.take();
}

std::string signed_value(const std::string& unsigned_value, std::string_view signature) {
  Folder folder(3);  // the tab and "b="
  while (!signature.empty()) {
    const std::string_view piece = signature.substr(0, folder.room());
    folder.append(piece);
    signature.remove_prefix(piece.size());
    if (signature.empty()) break;
    folder.fold();
    folder.append(" ");
  }
  return unsigned_value + folder.take();
}

}  // namespace postern::dkim
