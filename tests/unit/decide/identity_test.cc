// Verified identities: who of a customer that verifies any may send, and as which author.
#include "decide/identity.h"

#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::decide {
namespace {

using test::domain_json;

constexpr const char* kSending = R"({"quarantine":false,"outgoing":true})";

std::string status(const std::string& name) { return R"({"VerificationStatus":")" + name + "\"}"; }

test::Documents house() {
  return {
      {"domain:got.com",
       domain_json("got.com", kSending, R"("domainAliases":[{"name":"thrones.com"}])")},
      {"domain:mail.got.com", domain_json("mail.got.com", kSending)},
      {"domain:other.com", domain_json("other.com", kSending)},
      {"domain:free.com", domain_json("free.com", kSending)},
      // As one service writes it, with its token and its blank.
      {"identity:got.com", R"({"VerificationStatus":"Pending",
          "VerificationToken":"QTKknzFg2J4ygwa+XvHAxUl1hyHoY0gVfZdfjIedHZ0="})"},
      {"identity:arya@ got.com", status("Success")},
      {"identity:sansa@got.com", status("FAILED")},
      {"identity:bran@got.com", status("NOT_STARTED")},
      {"identity:rickon@got.com", status("TEMPORARY_FAILURE")},
      {"identity:jon@got.com", status("TemporaryFailure")},
      {"identity:other.com", status("SUCCESS")},
      {"identity:renly@other.com", status("Failed")},
      {"identity:shop@mail.got.com", status("Pending")},
      {"identity:elsewhere.net", status("Success")},
  };
}

std::string describe(const std::optional<mail::Reply>& reply) {
  return reply ? std::to_string(reply->code) + " " + reply->enhanced : "";
}

struct Row {
  std::string customer;
  std::string address;
  std::string expected;  // empty: may send
  std::string with_subdomains;
};

class Identities : public testing::TestWithParam<Row> {};

TEST_P(Identities, AreAsked) {
  const auto snapshot = test::snapshot_of(house());
  const policy::Domain* const customer = snapshot->domain(GetParam().customer);
  const auto address = mail::Address::parse(GetParam().address);
  ASSERT_TRUE(customer != nullptr && address);
  EXPECT_EQ(describe(refuse_identity(*snapshot, *customer, *address, {}, nullptr)),
            GetParam().expected);
  EXPECT_EQ(describe(refuse_identity(*snapshot, *customer, *address, {true}, nullptr)),
            GetParam().with_subdomains);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Identities,
    testing::Values(Row{"got.com", "arya@got.com", "", ""}, Row{"got.com", "Arya@GOT.com", "", ""},
                    Row{"got.com", "arya+x@got.com", "550 5.7.1", "550 5.7.1"},
                    Row{"got.com", "sansa@got.com", "550 5.7.1", "550 5.7.1"},
                    Row{"got.com", "bran@got.com", "550 5.7.1", "550 5.7.1"},
                    Row{"got.com", "hodor@got.com", "550 5.7.1", "550 5.7.1"},
                    Row{"got.com", "rickon@got.com", "451 4.7.1", "451 4.7.1"},
                    Row{"got.com", "jon@got.com", "451 4.7.1", "451 4.7.1"},
                    Row{"got.com", "arya@thrones.com", "550 5.7.1", "550 5.7.1"},
                    // Its domain is verified: a failed address is no veto.
                    Row{"other.com", "renly@other.com", "", ""},
                    // Verified, but for somebody else.
                    Row{"got.com", "a@other.com", "550 5.7.1", "550 5.7.1"},
                    Row{"got.com", "a@elsewhere.net", "550 5.7.1", "550 5.7.1"},
                    // Nothing stands under this customer's names: nobody is asked.
                    Row{"free.com", "anybody@free.com", "", ""}));

TEST(IdentitiesBelow, AVerifiedDomainSpeaksForThoseBelowItOnlyWhereThatIsSet) {
  auto documents = house();
  for (auto& [key, json] : documents) {
    if (key == "identity:got.com") json = status("Success");
  }
  const auto snapshot = test::snapshot_of(documents);
  const auto shop = mail::Address::parse("shop@mail.got.com");
  const policy::Domain& below = *snapshot->domain("mail.got.com");
  EXPECT_EQ(describe(refuse_identity(*snapshot, below, *shop, {}, nullptr)), "550 5.7.1");
  EXPECT_EQ(describe(refuse_identity(*snapshot, below, *shop, {true}, nullptr)), "");
}

TEST(IdentitiesChange, TheLastOneThatGoesEndsTheAsking) {
  const auto before = test::snapshot_of({{"domain:got.com", domain_json("got.com", kSending)},
                                         {"identity:got.com", status("Failed")},
                                         {"identity:arya@got.com", status("Failed")}});
  const auto arya = mail::Address::parse("arya@got.com");
  policy::SnapshotEditor editor(*before, {});
  const auto asked = [&] {
    const policy::Snapshot& now = editor.draft();
    return describe(refuse_identity(now, *now.domain("got.com"), *arya, {}, nullptr));
  };
  EXPECT_EQ(asked(), "550 5.7.1");
  ASSERT_TRUE(editor.put(*policy::DocumentKey::parse("identity:got.com"), status("Pending")));
  editor.erase(*policy::DocumentKey::parse("identity:got.com"));
  EXPECT_EQ(asked(), "550 5.7.1");
  editor.erase(*policy::DocumentKey::parse("identity:arya@got.com"));
  EXPECT_EQ(asked(), "");
}

struct AuthorRow {
  std::vector<std::string> fields;
  std::string expected;
};

class VerifiedAuthors : public testing::TestWithParam<AuthorRow> {};

TEST_P(VerifiedAuthors, AreAllAsked) {
  const auto snapshot = test::snapshot_of(house());
  mail::Message message;
  for (const std::string& value : GetParam().fields) message.add_header("From", " " + value);
  const auto from = mail::header_from(message);
  EXPECT_EQ(describe(refuse_authors(*snapshot, *snapshot->domain("got.com"), from, {}, nullptr)),
            GetParam().expected);
  EXPECT_EQ(describe(refuse_authors(*snapshot, *snapshot->domain("free.com"), from, {}, nullptr)),
            "");
}

INSTANTIATE_TEST_SUITE_P(Rows, VerifiedAuthors,
                         testing::Values(AuthorRow{{"Arya <arya@got.com>"}, ""},
                                         AuthorRow{{"sansa@got.com"}, "550 5.7.1"},
                                         AuthorRow{{"rickon@got.com"}, "451 4.7.1"},
                                         AuthorRow{{"arya@got.com, sansa@got.com"}, "550 5.7.1"},
                                         AuthorRow{{"arya@got.com, rickon@got.com"}, "451 4.7.1"},
                                         AuthorRow{{"rickon@got.com, sansa@got.com"}, "550 5.7.1"},
                                         AuthorRow{{"arya@got.com", "sansa@got.com"}, "550 5.7.1"},
                                         AuthorRow{{"a@elsewhere.net"}, "550 5.7.1"},
                                         AuthorRow{{}, "550 5.7.1"}));

TEST(IdentitiesExplained, EveryOneThatWasAskedIsNamed) {
  const auto snapshot = test::snapshot_of(house());
  Explanation why;
  (void)refuse_identity(*snapshot, *snapshot->domain("got.com"),
                        *mail::Address::parse("sansa@got.com"), {}, &why);
  std::vector<std::string> told;
  for (const Consideration& one : why.considered()) told.push_back(one.source + " " + one.finding);
  EXPECT_EQ(told,
            (std::vector<std::string>{"identity:sansa@got.com sansa@got.com: failed",
                                      "identity:got.com sansa@got.com: pending",
                                      "domain:got.com sansa@got.com: no identity is verified"}));
}

}  // namespace
}  // namespace postern::decide
