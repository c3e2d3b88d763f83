#include <gtest/gtest.h>

#include "policy/snapshot.h"
#include "support/policies.h"
#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::fault;

TEST(DecodeMailFrom, AsTheServiceAnswers) {
  const auto mail_from = decoded<MailFrom>("mailfrom:alerts@sailpoint.com", R"({
    "identity": "Alerts@sailpoint.com", "mailFromDomain": "Foo.Sailpoint.com.",
    "mxRecord": "10 feedback-smtp.us-east-1.amazonses.com",
    "txtRecord": "v=spf1 include:amazonses.com ~all", "mailFromDomainStatus": "PENDING"})");
  EXPECT_EQ(mail_from.name, "alerts@sailpoint.com");
  EXPECT_EQ(mail_from.domain, "foo.sailpoint.com");
  EXPECT_EQ(mail_from.mx_host, "feedback-smtp.us-east-1.amazonses.com");
  EXPECT_EQ(mail_from.spf_include, "amazonses.com");
  EXPECT_EQ(mail_from.status, MailFromStatus::pending);
  EXPECT_EQ(mail_from.on_mx_failure, OnMxFailure::use_default);
}

TEST(DecodeMailFrom, Spellings) {
  const std::vector<std::pair<const char*, MailFromStatus>> spellings = {
      {"SUCCESS", MailFromStatus::success},
      {"Success", MailFromStatus::success},
      {"FAILED", MailFromStatus::failed},
      {"TEMPORARY_FAILURE", MailFromStatus::temporary_failure},
      {"TemporaryFailure", MailFromStatus::temporary_failure},
      {"NotStarted", MailFromStatus::not_started}};
  for (const auto& [written, expected] : spellings) {
    const auto mail_from =
        decoded<MailFrom>("mailfrom:d.net", std::string(R"({"mailFromDomainStatus":")") + written +
                                                R"(","behaviorOnMxFailure":"reject_message"})");
    EXPECT_EQ(mail_from.status, expected) << written;
    EXPECT_EQ(mail_from.on_mx_failure, OnMxFailure::reject);
  }
  EXPECT_EQ(decoded<MailFrom>("mailfrom:d.net", R"({"mailFromDomain":null})").domain, "");
  EXPECT_EQ(decoded<MailFrom>("mailfrom:d.net", R"({"mxRecord":"mx.d.net"})").mx_host, "mx.d.net");
}

TEST(DecodeMailFrom, IsRefusedByTheMemberThatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {R"([])", "the document"},
      {R"({"identity":"other.net"})", "/identity"},
      {R"({"mailFromDomain":"d.net"})", "/mailFromDomain"},
      {R"({"mailFromDomain":"bounce.other.net"})", "/mailFromDomain"},
      {R"({"mailFromDomain":"xd.net"})", "/mailFromDomain"},
      {R"({"mailFromDomain":".d.net"})", "/mailFromDomain"},
      {R"({"mailFromDomain":7})", "/mailFromDomain"},
      {R"({"mxRecord":"ten mx.d.net"})", "/mxRecord"},
      {R"({"mxRecord":"10 mx d net"})", "/mxRecord"},
      {R"({"mailFromDomainStatus":"DONE"})", "/mailFromDomainStatus"},
      {R"({"behaviorOnMxFailure":"DROP"})", "/behaviorOnMxFailure"}};
  for (const auto& [json, member] : wrong) {
    EXPECT_TRUE(fault("mailfrom:d.net", json).starts_with(member))
        << json << ": " << fault("mailfrom:d.net", json);
  }
}

// The domain stays known as long as any identity has it.
TEST(MailFromDomains, AreCountedByVerifiedIdentities) {
  const auto document = [](const std::string& domain) {
    return R"({"mailFromDomainStatus":"SUCCESS","mailFromDomain":")" + domain + "\"}";
  };
  SnapshotEditor editor(Snapshot{}, DecodeOptions{});
  const auto key = [](const std::string& name) { return *DocumentKey::parse("mailfrom:" + name); };
  ASSERT_TRUE(editor.put(*DocumentKey::parse("domain:d.net"),
                         postern::test::domain_json("d.net", postern::test::kStark)));
  ASSERT_TRUE(editor.put(key("d.net"), document("b.d.net")));
  ASSERT_TRUE(editor.put(key("a@d.net"), document("b.d.net")));
  ASSERT_TRUE(editor.put(key("a@d.net"), document("c.d.net")));
  EXPECT_TRUE(editor.draft().is_mail_from_domain("b.d.net"));
  EXPECT_TRUE(editor.draft().is_mail_from_domain("c.d.net"));
  EXPECT_EQ(editor.draft().mail_from("a@d.net")->domain, "c.d.net");
  editor.erase(key("d.net"));
  EXPECT_FALSE(editor.draft().is_mail_from_domain("b.d.net"));
  ASSERT_TRUE(editor.put(key("a@d.net"), R"({"mailFromDomain":null})"));
  EXPECT_FALSE(editor.draft().is_mail_from_domain("c.d.net"));
  editor.erase(key("a@d.net"));
  EXPECT_EQ(editor.draft().mail_from("a@d.net"), nullptr);
  EXPECT_FALSE(editor.draft().is_mail_from_domain(""));
}

// People may live there as long as nobody has found that its bounces come to us.
TEST(MailFromDomains, AreOursOnlyWhenVerifiedAndBelowADomainOfOurs) {
  SnapshotEditor editor(Snapshot{}, DecodeOptions{});
  const auto put = [&](const std::string& name, const std::string& domain, const char* status) {
    ASSERT_TRUE(editor.put(
        *DocumentKey::parse("mailfrom:" + name),
        R"({"mailFromDomain":")" + domain + R"(","mailFromDomainStatus":")" + status + "\"}"));
  };
  put("d.net", "b.d.net", "SUCCESS");
  EXPECT_FALSE(editor.draft().is_mail_from_domain("b.d.net")) << "d.net is not ours";
  ASSERT_TRUE(editor.put(*DocumentKey::parse("domain:d.net"),
                         postern::test::domain_json("d.net", postern::test::kStark)));
  EXPECT_TRUE(editor.draft().is_mail_from_domain("b.d.net"));
  for (const auto& [status, is_ours] : {std::pair{"PENDING", false},
                                        {"FAILED", false},
                                        {"NOT_STARTED", false},
                                        {"TEMPORARY_FAILURE", true},
                                        {"SUCCESS", true}}) {
    put("d.net", "b.d.net", status);
    EXPECT_EQ(editor.draft().is_mail_from_domain("b.d.net"), is_ours) << status;
  }
}

}  // namespace
}  // namespace postern::policy
