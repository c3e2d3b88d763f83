#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::fault;

struct Spelling {
  std::string written;
  IdentityStatus status;
};

class IdentityStatusSpelling : public testing::TestWithParam<Spelling> {};

TEST_P(IdentityStatusSpelling, IsRead) {
  const auto identity = decoded<Identity>(
      "identity:example.com", R"({"VerificationStatus":")" + GetParam().written + "\"}");
  EXPECT_EQ(identity.status, GetParam().status);
  EXPECT_EQ(identity.token, "");
}

INSTANTIATE_TEST_SUITE_P(
    Services, IdentityStatusSpelling,
    testing::Values(Spelling{"Success", IdentityStatus::success},
                    Spelling{"SUCCESS", IdentityStatus::success},
                    Spelling{"Pending", IdentityStatus::pending},
                    Spelling{"PENDING", IdentityStatus::pending},
                    Spelling{"Failed", IdentityStatus::failed},
                    Spelling{"NotStarted", IdentityStatus::not_started},
                    Spelling{"NOT_STARTED", IdentityStatus::not_started},
                    Spelling{"TemporaryFailure", IdentityStatus::temporary_failure},
                    Spelling{"TEMPORARY_FAILURE", IdentityStatus::temporary_failure}));

TEST(DecodeIdentity, KeepsTheTokenAndIsNamedByItsKey) {
  const auto identity =
      decoded<Identity>("identity:user@ Example.com",
                        R"({"VerificationStatus":"Pending","VerificationToken":"QTKknzFg="})");
  EXPECT_EQ(identity.name, "user@example.com");
  EXPECT_EQ(identity.token, "QTKknzFg=");
  EXPECT_EQ(decoded<Identity>("identity:a@example.com",
                              R"({"VerificationStatus":"Success","VerificationToken":null})")
                .token,
            "");
}

TEST(DecodeIdentity, WithoutAKnownStatusIsRefused) {
  for (const char* const json :
       {"{}", "[]", R"({"VerificationStatus":null})", R"({"VerificationStatus":true})",
        R"({"VerificationStatus":"Verified"})", R"({"VerificationStatus":"Success\u0000"})",
        R"({"VerificationStatus":"Success","VerificationToken":7})"}) {
    EXPECT_NE(fault("identity:example.com", json), "") << json;
  }
}

}  // namespace
}  // namespace postern::policy
