// A sample of our own signatures is verified again.
#include "adapters/opendkim/self_check.h"

#include <gtest/gtest.h>

#include "../dkim/test_keys.h"
#include "adapters/dkim/signer.h"
#include "base/metrics.h"

namespace postern::opendkim {
namespace {

using policy::DkimAlgorithm;
using policy::DkimKey;

const test::FixedClock kClock;

mail::Message letter() {
  mail::Message message;
  message.add_header("From", " Jon <jon@got.com>");
  message.add_header("Subject", " Winter\n is coming");
  message.set_body("Hold the door.\r\n\r\n");
  return message;
}

// Signs something else than it is given, as a fault of ours would.
class WrongSigner final : public ports::Signer {
 public:
  Result<std::vector<std::string>> sign(const mail::Message& message, const std::string& domain,
                                        const std::vector<const DkimKey*>& keys) override {
    mail::Message other;
    for (const auto& field : message.headers()) other.add_header(field.name, field.value);
    other.set_body(message.body() + "changed\r\n");
    return signer_.sign(other, domain, keys);
  }

 private:
  dkim::Signer signer_{{}, kClock};
};

double checks(const std::string& result) {
  const std::string series = "postern_dkim_self_checks_total{result=\"" + result + "\"} ";
  const std::string text = metrics::render();
  const std::size_t at = text.find(series);
  return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size()));
}

struct Seen {
  double pass = checks("pass");
  double fail = checks("fail");
  std::string since() const {
    return std::to_string(static_cast<int>(checks("pass") - pass)) + " pass, " +
           std::to_string(static_cast<int>(checks("fail") - fail)) + " fail";
  }
};

TEST(SelfCheck, GoodSignaturesPassEachByItsKey) {
  const DkimKey rsa = test::make_key(DkimAlgorithm::rsa, "protect");
  const DkimKey ed = test::make_key(DkimAlgorithm::ed25519, "fire");
  const auto signer =
      with_self_check(std::make_unique<dkim::Signer>(dkim::SignerOptions{}, kClock), 1, kClock);
  const Seen before;
  const auto values = signer->sign(letter(), "got.com", {&rsa, &ed});
  ASSERT_TRUE(values) << values.error().what;
  EXPECT_EQ(values->size(), 2U);
  EXPECT_EQ(before.since(), "2 pass, 0 fail");
}

TEST(SelfCheck, AMessageThatSomebodyElseSignedToo) {
  const DkimKey ed = test::make_key(DkimAlgorithm::ed25519, "fire");
  const auto signer =
      with_self_check(std::make_unique<dkim::Signer>(dkim::SignerOptions{}, kClock), 1, kClock);
  mail::Message message = letter();
  message.add_header("DKIM-Signature",
                     " v=1; a=rsa-sha256; d=else.org; s=x; h=From; bh=YQ==; b=YQ==");
  const Seen before;
  ASSERT_TRUE(signer->sign(message, "got.com", {&ed}));
  EXPECT_EQ(before.since(), "1 pass, 0 fail");
}

TEST(SelfCheck, AnAlarmForEachThatFailsAndTheMailGoesOn) {
  const DkimKey rsa = test::make_key(DkimAlgorithm::rsa, "protect");
  const DkimKey ed = test::make_key(DkimAlgorithm::ed25519, "fire");
  const auto signer = with_self_check(std::make_unique<WrongSigner>(), 1, kClock);
  const Seen before;
  const auto values = signer->sign(letter(), "got.com", {&rsa, &ed});
  ASSERT_TRUE(values) << values.error().what;
  EXPECT_EQ(values->size(), 2U);
  EXPECT_EQ(before.since(), "0 pass, 2 fail");
}

TEST(SelfCheck, OneInSoManyTheFirstIncluded) {
  const DkimKey ed = test::make_key(DkimAlgorithm::ed25519, "fire");
  const auto signer =
      with_self_check(std::make_unique<dkim::Signer>(dkim::SignerOptions{}, kClock), 10, kClock);
  const Seen before;
  for (int i = 0; i < 21; ++i) ASSERT_TRUE(signer->sign(letter(), "got.com", {&ed}));
  EXPECT_EQ(before.since(), "3 pass, 0 fail");
}

TEST(SelfCheck, NoneIsAskedForNoneIsMade) {
  const DkimKey ed = test::make_key(DkimAlgorithm::ed25519, "fire");
  const auto signer = with_self_check(std::make_unique<WrongSigner>(), 0, kClock);
  const Seen before;
  ASSERT_TRUE(signer->sign(letter(), "got.com", {&ed}));
  EXPECT_EQ(before.since(), "0 pass, 0 fail");
}

}  // namespace
}  // namespace postern::opendkim
