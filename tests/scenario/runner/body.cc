#include "scenario/runner/body.h"

#include <stdexcept>

#include "base/units.h"

namespace postern::test {
namespace {

constexpr std::size_t kLine = 76;

std::string part(const Attachment& attachment) {
  const std::string name = attachment.name.empty() ? "" : "; filename=\"" + attachment.name + "\"";
  std::string part = "--=_scenario\nContent-Type: " + attachment.type +
                     "\nContent-Disposition: attachment" + name + "\n";
  if (attachment.base64.empty()) return part + "\n" + attachment.text + "\n";
  part += "Content-Transfer-Encoding: base64\n\n";
  for (std::size_t at = 0; at < attachment.base64.size(); at += kLine) {
    part += attachment.base64.substr(at, kLine) + "\n";
  }
  return part;
}

}  // namespace

std::string multipart(const std::string& text, const std::vector<Attachment>& attachments) {
  std::string body = "--=_scenario\nContent-Type: text/plain\n\n" + text + "\n";
  for (const Attachment& attachment : attachments) body += part(attachment);
  return body + "--=_scenario--\n";
}

std::string with_crlf(const std::string& text) {
  std::string wire;
  for (const char c : text) {
    if (c == '\n' && !wire.ends_with('\r')) wire += '\r';
    wire += c;
  }
  if (!wire.empty() && !wire.ends_with('\n')) wire += "\r\n";
  return wire;
}

std::string with_eicar(std::string text) {
  const std::string mark = "%EICAR%";
  const std::string eicar = std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$") +
                            "EICAR-STANDARD-ANTIVIRUS-" + "TEST-FILE!$H+H*";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), eicar);
    at += eicar.size();
  }
  return text;
}

std::string padding(const std::string& size) {
  const auto octets = parse_size(size);
  if (!octets) throw std::runtime_error("pad: " + size);
  std::string text;
  while (text.size() < *octets) text += std::string(kLine, 'x') + "\r\n";
  return text;
}

}  // namespace postern::test
