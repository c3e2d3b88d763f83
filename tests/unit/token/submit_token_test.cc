// What comes in through the submit listener is ours only with this header, for this envelope, in
// time.
#include "base/submit_token.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

const std::vector<Secret> kKeys = {Secret("0123456789abcdef"), Secret("fedcba9876543210")};
const WallTime kExpires{std::chrono::seconds(1'780'000'000)};
const WallTime kNow = kExpires - std::chrono::minutes(5);
const std::string kId = "0123456789abcdef0123456789abcdef";
const std::string kSender = "alice@example.net";
const std::vector<std::string> kRecipients = {"carol@got.com", "bob@got.com"};

std::string genuine() { return make_submit_token(kId, kSender, kRecipients, kExpires, kKeys); }

TEST(SubmitToken, NamesTheIdFirst) { EXPECT_EQ(genuine().substr(0, 33), kId + " "); }

struct SubmitTokenCase {
  const char* name;
  std::string value;
  std::string sender;
  std::vector<std::string> recipients;
  TokenVerdict verdict;
};

TEST(SubmitToken, Table) {
  const std::string value = genuine();
  std::string other_id = value;
  other_id[0] = 'f';
  std::string later = value;
  later[33] = '9';
  const std::string old = make_submit_token(kId, kSender, kRecipients, kExpires, {kKeys[1]});
  const std::string bounce =
      kId + " " +
      make_token("bounce", {kId, kSender, "bob@got.com", "carol@got.com"}, kExpires, kKeys);
  const SubmitTokenCase cases[] = {
      {"as made", value, kSender, kRecipients, TokenVerdict::valid},
      {"recipients in another order",
       value,
       kSender,
       {"bob@got.com", "carol@got.com"},
       TokenVerdict::valid},
      {"blanks around the value", " \t" + value + "\r\n", kSender, kRecipients,
       TokenVerdict::valid},
      {"the second key", old, kSender, kRecipients, TokenVerdict::valid},
      {"another id", other_id, kSender, kRecipients, TokenVerdict::forged},
      {"a later expiry", later, kSender, kRecipients, TokenVerdict::forged},
      {"another sender", value, "alice@example.com", kRecipients, TokenVerdict::forged},
      {"the sender in another case", value, "Alice@example.net", kRecipients, TokenVerdict::forged},
      {"the null sender", value, "", kRecipients, TokenVerdict::forged},
      {"another recipient", value, kSender, {"bob@got.com", "dan@got.com"}, TokenVerdict::forged},
      {"one recipient more",
       value,
       kSender,
       {"bob@got.com", "carol@got.com", "dan@got.com"},
       TokenVerdict::forged},
      {"one recipient less", value, kSender, {"bob@got.com"}, TokenVerdict::forged},
      {"a recipient twice",
       value,
       kSender,
       {"bob@got.com", "bob@got.com", "carol@got.com"},
       TokenVerdict::forged},
      {"no recipient", value, kSender, {}, TokenVerdict::forged},
      {"the sender as a recipient",
       value,
       "bob@got.com",
       {kSender, "carol@got.com"},
       TokenVerdict::forged},
      {"a token of another purpose", bounce, kSender, kRecipients, TokenVerdict::forged},
      {"no id", value.substr(33), kSender, kRecipients, TokenVerdict::forged},
      {"the id alone", kId, kSender, kRecipients, TokenVerdict::forged},
      {"two blanks", kId + " " + value.substr(32), kSender, kRecipients, TokenVerdict::forged},
      {"nothing", "", kSender, kRecipients, TokenVerdict::forged},
      {"a blank", " ", kSender, kRecipients, TokenVerdict::forged},
  };
  for (const SubmitTokenCase& test : cases) {
    EXPECT_EQ(verify_submit_token(test.value, test.sender, test.recipients, kNow, kKeys),
              test.verdict)
        << test.name;
  }
}

TEST(SubmitToken, Expires) {
  EXPECT_EQ(verify_submit_token(genuine(), kSender, kRecipients, kExpires, kKeys),
            TokenVerdict::expired);
}

TEST(SubmitToken, TheNullSenderIsASenderLikeAnyOther) {
  const std::string value = make_submit_token(kId, "", {"bob@got.com"}, kExpires, kKeys);
  EXPECT_EQ(verify_submit_token(value, "", {"bob@got.com"}, kNow, kKeys), TokenVerdict::valid);
  EXPECT_EQ(verify_submit_token(value, "bob@got.com", {}, kNow, kKeys), TokenVerdict::forged);
}

}  // namespace
}  // namespace postern
