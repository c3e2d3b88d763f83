// Purpose:   DKIM signatures with whatever tags a test wants, and a verifier over a DNS in memory.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adapters/dkim/canonical.h"
#include "adapters/opendkim/verifier.h"
#include "mail/message.h"
#include "policy/documents.h"
#include "support/fake_resolver.h"
#include "support/manual_clock.h"

namespace postern::test {

struct Tags {
  std::string algorithm = "rsa-sha256";
  std::string form = "relaxed/relaxed";
  std::string domain = "got.com";
  std::string selector = "rsa";
  std::string names = "from:subject";
  std::string others{};     // "; t=1; x=2": put before bh=
  std::string body_hash{};  // empty: the right one
  std::string hash_body{};  // what is hashed instead of the whole body; with `cut_body`
  bool cut_body = false;
};

// The message with a signature on top. The signature fits, whatever it claims.
mail::Message signed_message(const mail::Message& message, const policy::DkimKey& key,
                             const Tags& tags = {});

mail::Message letter(const std::string& body = "Winter is coming.\r\n");
// From its octets, CRLF line ends.
mail::Message parse_message(const std::string& octets);

class Verifying : public testing::Test {
 protected:
  Verifying();
  // "pass", "fail: the body has been altered", one per signature.
  std::vector<std::string> verify(const mail::Message& message,
                                  Milliseconds time = std::chrono::seconds(60));
  std::string verify_one(const mail::Message& message);

  static const policy::DkimKey& rsa();
  static const policy::DkimKey& ed25519();

  FakeResolver dns_;
  SystemClock clock_;
  opendkim::Verifier verifier_{dns_, clock_};
};

std::string shown(const decide::DkimSignature& signature);

}  // namespace postern::test
