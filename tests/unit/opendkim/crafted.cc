#include "crafted.h"

#include "adapters/dkim/crypto.h"
#include "base/text.h"
#include "unit/dkim/test_keys.h"

namespace postern::test {

mail::Message signed_message(const mail::Message& message, const policy::DkimKey& key,
                             const Tags& tags) {
  const auto how = [](bool relaxed) {
    return relaxed ? dkim::Canonicalization::relaxed : dkim::Canonicalization::simple;
  };
  const auto header_form = how(tags.form.starts_with("relaxed"));
  const auto body_form = how(tags.form.ends_with("/relaxed"));

  std::string hashed;
  std::vector<bool> used(message.headers().size());
  for (const std::string_view name : split(tags.names, ':')) {
    for (std::size_t at = message.headers().size(); at-- > 0;) {
      const auto& field = message.headers()[at];
      if (used[at] || !equals_ignoring_case(field.name, trim(name))) continue;
      used[at] = true;
      hashed += dkim::canonical_header(field.name, field.value, header_form) + "\r\n";
      break;
    }
  }
  const std::string& body = tags.cut_body ? tags.hash_body : message.body();
  const std::string hash =
      tags.body_hash.empty() ? *dkim::body_hash(body, body_form) : tags.body_hash;
  const std::string value = " v=1; a=" + tags.algorithm + "; c=" + tags.form +
                            "; d=" + tags.domain + ";\n\ts=" + tags.selector + "; h=" + tags.names +
                            tags.others + ";\n\tbh=" + hash + "; b=";
  hashed += dkim::canonical_header("DKIM-Signature", value, header_form);
  const auto parsed = dkim::SigningKey::parse(key);
  EXPECT_TRUE(parsed) << parsed.error().what;

  mail::Message result;
  result.add_header("DKIM-Signature", value + *(*parsed)->sign(hashed));
  for (const auto& field : message.headers()) result.add_header(field.name, field.value);
  result.set_body(message.body());
  return result;
}

mail::Message letter(const std::string& body) {
  mail::Message message;
  message.add_header("Received", " from x by y");
  message.add_header("From", " Jon Snow <jon@got.com>");
  message.add_header("Subject", " hello\n\tyou");
  message.set_body(body);
  return message;
}

mail::Message parse_message(const std::string& octets) {
  mail::Message message;
  const std::size_t blank = octets.find("\r\n\r\n");
  message.set_body(octets.substr(blank + 4));
  std::string header = octets.substr(0, blank + 2);
  std::erase(header, '\r');
  std::size_t start = 0;
  while (start < header.size()) {
    std::size_t end = header.find('\n', start);
    while (end + 1 < header.size() && (header[end + 1] == ' ' || header[end + 1] == '\t')) {
      end = header.find('\n', end + 1);
    }
    const std::string field = header.substr(start, end - start);
    const std::size_t colon = field.find(':');
    message.add_header(field.substr(0, colon), field.substr(colon + 1));
    start = end + 1;
  }
  return message;
}

std::string shown(const decide::DkimSignature& signature) {
  const std::string result(to_string(signature.result));
  return signature.problem.empty() ? result : result + ": " + signature.problem;
}

Verifying::Verifying() {
  dns_.add_txt("rsa._domainkey.got.com", txt_record(rsa()));
  dns_.add_txt("ed._domainkey.got.com", txt_record(ed25519()));
}

std::vector<std::string> Verifying::verify(const mail::Message& message, Milliseconds time) {
  const auto verdict = verifier_.verify(message, Deadline::after(time));
  EXPECT_TRUE(verdict) << verdict.error().what;
  std::vector<std::string> results;
  for (const auto& signature : verdict->signatures) results.push_back(shown(signature));
  return results;
}

std::string Verifying::verify_one(const mail::Message& message) {
  const auto results = verify(message);
  return results.size() == 1 ? results.front() : std::to_string(results.size()) + " signatures";
}

const policy::DkimKey& Verifying::rsa() {
  static const policy::DkimKey kKey = make_key(policy::DkimAlgorithm::rsa, "rsa");
  return kKey;
}

const policy::DkimKey& Verifying::ed25519() {
  static const policy::DkimKey kKey = make_key(policy::DkimAlgorithm::ed25519, "ed");
  return kKey;
}

}  // namespace postern::test
