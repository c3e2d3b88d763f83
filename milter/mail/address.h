// Purpose:   a mailbox address, as given and as the one identity it stands for.
// Ownership: a value.
// Failure:   parse() answers nothing for what is no mailbox; the null sender is not an Address.
// Source:    RFC 5321 4.1.2 (Mailbox, Quoted-string), RFC 6531 (UTF-8); one address, one identity:
//            quoting, case and sub-addressing never escape a rule.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

class Address {
 public:
  // "Joffrey@Lannister.NET", "\"joffrey\"@lannister.net", with or without < >. At most 512 octets
  // of local part and 1,000 in all.
  static std::optional<Address> parse(std::string_view text);

  // Unquoted, in the sender's spelling.
  const std::string& local() const { return local_; }
  // Lower-case A-label.
  const std::string& domain() const { return domain_; }

  // What every look-up uses: local part unquoted and lower-cased.
  std::string key() const;
  // As key(), with the sub-address cut at the first of `delimiters` (not at position 0).
  std::string key_without_extension(std::string_view delimiters) const;
  // Ready for an SMTP command, without < >: local part in its given case, quoted where RFC 5321
  // asks.
  std::string to_string() const;
  // The same local part in another domain.
  Address in_domain(std::string a_label) const;
  // Another mailbox of the same domain, or a part of this one.
  Address with_local(std::string local) const;

  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  Address(std::string local, std::string domain)
      : local_(std::move(local)), domain_(std::move(domain)) {}
  std::string local_;
  std::string domain_;
};

}  // namespace postern::mail
