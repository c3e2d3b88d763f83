// Mail that was written to hurt a verifier: it must come to an end, in time and with nothing held back.
#include <gmock/gmock.h>

#include <random>

#include "crafted.h"
#include "unit/dkim/test_keys.h"

namespace postern::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class Hostile : public Verifying {};

std::string many(const std::string& text, int count) {
  std::string result;
  for (int round = 0; round < count; ++round) result += text;
  return result;
}

TEST_F(Hostile, TenThousandFields) {
  mail::Message message;
  for (int count = 0; count < 10'000; ++count) message.add_header("a", " " + std::to_string(count));
  message.add_header("From", " jon@got.com");
  message.set_body("text\r\n");
  Tags tags;
  tags.names = "from:" + many("a:", 480) + "a";
  for (int count = 0; count < 10; ++count) message = signed_message(message, rsa(), tags);
  EXPECT_THAT(verify(message), ElementsAre("pass", "pass", "pass", "pass", "pass", "pass", "pass",
                                           "pass", "pass", "pass"));
}

TEST_F(Hostile, TenThousandSignatures) {
  mail::Message message = letter();
  for (int count = 0; count < 10'000; ++count)
    message.add_header("DKIM-Signature", " v=1; a=rsa-sha256; d=got.com");
  EXPECT_THAT(verify(message), SizeIs(10));
  message = signed_message(message, rsa());
  EXPECT_THAT(verify(message), Contains("pass"));
}

TEST_F(Hostile, EveryFieldIsUsedUpAndStillMoreAreNamed) {
  // What makes the library by itself write past its array.
  mail::Message message;
  message.add_header("From", " jon@got.com");
  Tags tags;
  tags.names = "from:dkim-signature:" + many("from:", 400) + "x";
  EXPECT_THAT(verify(signed_message(message, rsa(), tags)), SizeIs(1));
}

TEST_F(Hostile, ConditionalSignaturesAreNotFollowed) {
  mail::Message message = letter();
  for (const char* value :
       {" v=2; a=rsa-sha256; d=got.com; s=rsa; h=from; bh=AAAA; b=AAAA; !cd=evil.net",
        " v=2; !cd=got.com; a=rsa-sha256; s=rsa; h=from; bh=AAAA; b=AAAA; d="}) {
    message.add_header("DKIM-Signature", value);
  }
  EXPECT_THAT(verify(message), Each(StartsWith("neutral: ")));
}

TEST_F(Hostile, SignaturesThatAreNone) {
  const std::string start = " v=1; a=rsa-sha256; d=got.com; s=rsa; h=from; bh=AAAA; b=";
  for (const std::string& value :
       {start + "!", start + "A", start + std::string(30'000, 'A'),
        start + "AAAA; z=" + std::string(30'000, '='),
        start + "AAAA; i=" + many("=40", 70) + "@got.com", start + "AAAA; i=@@@@got.com",
        start + "AAAA; i==", start + "===="}) {
    mail::Message message = letter();
    message.add_header("DKIM-Signature", value);
    EXPECT_THAT(verify(message), Not(Contains("pass"))) << value.substr(0, 200);
  }
}

TEST_F(Hostile, AuthorsThatAreNone) {
  for (const std::string& author :
       {std::string(), std::string(" "), std::string(" ("), many("(", 10'000), many("<", 10'000),
        std::string(" \"jon"), std::string(" jon@"), std::string(" @"), many("a@b,", 10'000),
        std::string(" \\"), std::string(" \xff<\xff@\xff>")}) {
    mail::Message message;
    message.add_header("From", author);
    message.set_body("text\r\n");
    EXPECT_THAT(
        verify(signed_message(message, ed25519(),
                              {.algorithm = "ed25519-sha256", .selector = "ed", .names = "from"})),
        SizeIs(1))
        << author.substr(0, 50);
  }
}

TEST_F(Hostile, LargeFieldsAndBodies) {
  mail::Message message;
  message.add_header("From", " jon@got.com");
  message.add_header("Subject", " " + std::string(3'000'000, 'x'));
  message.set_body(std::string(3'000'000, 'y') + "\r\n" + many("z \t z\r\n", 200'000));
  EXPECT_EQ(verify_one(signed_message(message, rsa())), "pass");
  Tags tags;
  tags.form = "simple/simple";
  EXPECT_EQ(verify_one(signed_message(message, rsa(), tags)), "pass");
}

TEST_F(Hostile, NulsAreNotReadPast) {
  mail::Message message;
  message.add_header("From", " jon@got.com");
  message.add_header("Subject", std::string(" a\0b", 4));
  message.set_body(std::string("a\0b\r\n", 5));
  EXPECT_EQ(verify_one(signed_message(message, rsa())), "neutral: the header holds NUL");
  Tags tags;
  tags.names = "from";
  EXPECT_EQ(verify_one(signed_message(message, rsa(), tags)), "pass");
}

TEST_F(Hostile, KeysThatAreNone) {
  const auto elliptic = std::string(
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/"
      "m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==");
  for (const std::string& record :
       {"v=DKIM1; p=" + elliptic, std::string("v=DKIM1; k=ed25519; p=AAAA"),
        "v=DKIM1; h=" + std::string(5000, 'h'), "v=DKIM1; p=" + std::string(8000, 'A'),
        many("t=", 2000)}) {
    FakeResolver dns;
    dns.add_txt("rsa._domainkey.got.com", record);
    opendkim::Verifier verifier(dns, clock_);
    const auto verdict =
        verifier.verify(signed_message(letter(), rsa()), Deadline::after(std::chrono::seconds(60)));
    ASSERT_EQ(verdict->signatures.size(), 1U);
    EXPECT_EQ(verdict->signatures[0].result, decide::DkimResult::permerror)
        << record.substr(0, 100);
  }
}

TEST_F(Hostile, SignaturesChangedAtRandomAreNeverAPassForTheWrongText) {
  std::mt19937 random(4711);  // the same messages each time
  const mail::Message good =
      signed_message(signed_message(letter(), rsa()), ed25519(),
                     {.algorithm = "ed25519-sha256", .form = "simple/simple", .selector = "ed"});
  for (int round = 0; round < 2000; ++round) {
    mail::Message message;
    for (const auto& field : good.headers()) {
      std::string value = field.value;
      const bool is_signature = field.name == "DKIM-Signature";
      for (auto changes = random() % 3; is_signature && changes > 0; --changes) {
        const std::size_t at = random() % value.size();
        switch (random() % 3) {
          case 0:
            value[at] = static_cast<char>(random() % 255 + 1);
            break;
          case 1:
            value.erase(at, random() % 20);
            break;
          default:
            value.insert(at, value.substr(random() % value.size(), random() % 30));
            break;
        }
        if (value.empty()) value = " ";
      }
      message.add_header(field.name, value);
    }
    message.set_body("Summer is coming.\r\n");
    EXPECT_THAT(verify(message), Not(Contains("pass")));
  }
}

}  // namespace
}  // namespace postern::test
