#include "adapters/dkim/signer.h"

#include <algorithm>
#include <string_view>

#include "adapters/dkim/crypto.h"
#include "adapters/dkim/signature_field.h"
#include "base/text.h"

namespace postern::dkim {
namespace {

constexpr std::size_t kMostSignedFields =
    500;  // h= stays well below what an MTA takes as one field

const char* tag_of(policy::DkimAlgorithm algorithm) {
  switch (algorithm) {
    case policy::DkimAlgorithm::rsa:
      return "rsa-sha256";
    case policy::DkimAlgorithm::ed25519:
      return "ed25519-sha256";
  }
  return "";
}

// Domain and selector come from documents: nothing in them may end a tag or a line.
bool is_dns_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

}  // namespace

std::vector<std::string> default_sign_headers() {
  return {"From",
          "Sender",
          "Reply-To",
          "Subject",
          "Date",
          "To",
          "Cc",
          "Message-ID",
          "In-Reply-To",
          "References",
          "MIME-Version",
          "Content-Type",
          "Content-Transfer-Encoding",
          "Content-Disposition",
          "Content-ID",
          "Content-Description",
          "Resent-Date",
          "Resent-From",
          "Resent-Sender",
          "Resent-To",
          "Resent-Cc",
          "Resent-Message-ID",
          "List-Id",
          "List-Help",
          "List-Unsubscribe",
          "List-Unsubscribe-Post",
          "List-Subscribe",
          "List-Post",
          "List-Owner",
          "List-Archive"};
}

Signer::Signer(const SignerOptions& options, const Clock& clock)
    : header_canonicalization_(options.header_canonicalization),
      body_canonicalization_(options.body_canonicalization),
      clock_(clock) {
  const auto add = [this](const std::string& name, bool oversigned) {
    const auto known = std::find_if(names_.begin(), names_.end(), [&](const Name& other) {
      return equals_ignoring_case(other.text, name);
    });
    if (known == names_.end()) {
      names_.push_back({name, oversigned});
    } else {
      known->oversigned = known->oversigned || oversigned;
    }
  };
  add("From", false);  // RFC 6376 5.4: it must be signed
  for (const std::string& name : options.sign_headers) add(name, false);
  for (const std::string& name : options.oversign) add(name, true);
}

Result<Signer::Selection> Signer::select(const mail::Message& message) const {
  if (message.find("From") == nullptr)
    return permanent_error("DKIM: the message has no From field");
  Selection selection;
  for (const Name& name : names_) {
    // A verifier counts instances from the bottom up (RFC 6376 5.4.2).
    const auto& fields = message.headers();
    for (std::size_t i = fields.size(); i-- > 0;) {
      const mail::HeaderField& field = fields[i];
      if (!equals_ignoring_case(field.name, name.text)) continue;
      if (selection.names.size() == kMostSignedFields) {
        return permanent_error("DKIM: too many header fields to sign");
      }
      selection.names.push_back(name.text);
      selection.canonical += canonical_header(field.name, field.value, header_canonicalization_);
      selection.canonical += "\r\n";
    }
    if (name.oversigned) selection.names.push_back(name.text);
  }
  return selection;
}

Result<std::vector<std::string>> Signer::sign(const mail::Message& message,
                                              const std::string& domain,
                                              const std::vector<const policy::DkimKey*>& keys) {
  std::vector<std::string> values;
  if (keys.empty()) return values;
  if (!is_dns_name(domain)) return temporary_error("DKIM: domain is not a DNS name");

  auto selection = select(message);
  if (!selection) return selection.error();
  auto hash = body_hash(message.body(), body_canonicalization_);
  if (!hash) return hash.error();

  SignatureTags tags;
  tags.canonicalization = std::string(to_string(header_canonicalization_)) + '/' +
                          std::string(to_string(body_canonicalization_));
  tags.domain = domain;
  tags.time =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
  tags.body_hash = std::move(*hash);
  tags.header_names = std::move(selection->names);

  for (const policy::DkimKey* key : keys) {
    if (!is_dns_name(key->selector)) return temporary_error("DKIM: selector is not a DNS name");
    const auto signing_key = keys_.get(*key);
    if (!signing_key) return signing_key.error();
    tags.algorithm = tag_of(key->algorithm);
    tags.selector = key->selector;
    const std::string value = unsigned_value(tags);
    const auto signature =
        (*signing_key)
            ->sign(selection->canonical +
                   canonical_header(kSignatureField, value, header_canonicalization_));
    if (!signature) return signature.error();
    values.push_back(signed_value(value, *signature));
  }
  return values;
}

}  // namespace postern::dkim
