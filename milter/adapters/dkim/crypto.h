// Purpose:   what the adapter asks of OpenSSL: hashes, and a private key ready to sign.
// Ownership: a SigningKey owns its key; the library wipes it when the last reference goes.
// Threading: all of it is safe from many threads at once, one SigningKey included.
// Failure:   temporary (a better key may come with the next policy); texts never hold key material.
// Source:    RFC 6376 3.3.3 (RSA with SHA-256), RFC 8463 3 (Ed25519 over the SHA-256 of the
//            header).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapters/dkim/canonical.h"
#include "base/result.h"
#include "policy/documents.h"

namespace postern::dkim {

Result<std::string> sha256(std::string_view data);

// What stands in bh=: SHA-256 of the whole canonical body, in base64.
Result<std::string> body_hash(std::string_view body, Canonicalization how);

class SigningKey {
 public:
  static Result<std::shared_ptr<const SigningKey>> parse(const policy::DkimKey& key);
  ~SigningKey();
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;

  // The signature over `data`, in base64.
  Result<std::string> sign(std::string_view data) const;

 private:
  struct Impl;
  explicit SigningKey(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace postern::dkim
