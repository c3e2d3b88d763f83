#include "base/utf8.h"
#include "content/charset.h"
#include "content/inspect.h"
#include "content/parse.h"

namespace postern::content {
namespace {

constexpr std::size_t kMostDefects = 20;

std::string in_part(const Part& part) { return " in part " + part.number; }

void judge(const Part& part, std::vector<std::string>& defects) {
  switch (part.fields.encoding) {
    case Encoding::unknown:
      defects.push_back("unknown transfer encoding \"" +
                        single_line(part.fields.encoding_name, 40) + "\"" + in_part(part));
      return;
    case Encoding::base64:
      if (!part.is_valid()) defects.push_back("invalid base64" + in_part(part));
      break;
    case Encoding::quoted_printable:
      if (!part.is_valid()) defects.push_back("invalid quoted-printable" + in_part(part));
      break;
    case Encoding::identity:
    case Encoding::uuencode:
      break;
  }
  const bool has_text = part.fields.type.starts_with("text/") && !part.fields.charset.empty();
  if (has_text && is_impossible(part.content(), part.fields.charset)) {
    defects.push_back("text" + in_part(part) + " is not " + single_line(part.fields.charset, 40));
  }
}

}  // namespace

std::vector<std::string> find_encoding_defects(const ParsedMessage& message) {
  std::vector<std::string> defects = message.parse().defects;
  for (const Part& part : message.parse().parts) {
    if (defects.size() >= kMostDefects) break;
    judge(part, defects);
  }
  return defects;
}

}  // namespace postern::content
