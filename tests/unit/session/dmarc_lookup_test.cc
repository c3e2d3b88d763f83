// Where a DMARC record is looked for, and what counts as one.
#include "session/dmarc_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_resolver.h"

namespace postern::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DmarcLookup : public testing::Test {
 protected:
  Result<decide::DmarcPublication> look_up(const std::string& domain) {
    return look_up_dmarc(dns_, domain, Deadline::after(std::chrono::seconds(5)));
  }
  test::FakeResolver dns_;
};

TEST_F(DmarcLookup, TheDomainsOwnRecordComesFirst) {
  dns_.add_txt("_dmarc.mail.got.com", "v=DMARC1; p=none");
  dns_.add_txt("_dmarc.got.com", "v=DMARC1; p=reject");
  const auto found = look_up("mail.got.com");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->found_at, "mail.got.com");
  EXPECT_EQ(found->organizational_domain, "got.com");
  EXPECT_THAT(found->records, ElementsAre("v=DMARC1; p=none"));
  EXPECT_THAT(dns_.asked(), ElementsAre("_dmarc.mail.got.com"));
}

TEST_F(DmarcLookup, ThenTheOwners) {
  dns_.add_txt("_dmarc.a.b.got.com", "v=spf1 -all");     // says nothing about DMARC
  dns_.add_txt("_dmarc.b.got.com", "v=DMARC1; p=none");  // in between: not asked
  dns_.add_txt("_dmarc.got.com", "v=DMARC1; p=reject");
  const auto found = look_up("a.b.got.com");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->found_at, "got.com");
  EXPECT_THAT(found->records, ElementsAre("v=DMARC1; p=reject"));
  EXPECT_THAT(dns_.asked(), ElementsAre("_dmarc.a.b.got.com", "_dmarc.got.com"));
}

TEST_F(DmarcLookup, SeveralRecordsEndTheSearch) {
  dns_.add_txt("_dmarc.mail.got.com", "v=DMARC1; p=none");
  dns_.add_txt("_dmarc.mail.got.com", "v=DMARC1; p=reject");
  dns_.add_txt("_dmarc.got.com", "v=DMARC1; p=reject");
  const auto found = look_up("mail.got.com");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->found_at, "mail.got.com");
  EXPECT_EQ(found->records.size(), 2U);
}

TEST_F(DmarcLookup, NoRecordIsAnAnswer) {
  const auto found = look_up("got.com");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->records, IsEmpty());
  EXPECT_EQ(found->found_at, "");
  EXPECT_THAT(dns_.asked(), ElementsAre("_dmarc.got.com"));
}

TEST_F(DmarcLookup, WhatHasNoRecordIsNotAskedFor) {
  for (const std::string& domain : {std::string(), std::string("[192.0.2.1]"), [] {
                                      std::string name = "got.com";
                                      while (name.size() < 249) name = "a." + name;
                                      return name;
                                    }()}) {
    const auto found = look_up(domain);
    ASSERT_TRUE(found) << domain;
    EXPECT_THAT(found->records, IsEmpty());
  }
  EXPECT_THAT(dns_.asked(), ElementsAre("_dmarc.got.com"));
}

TEST_F(DmarcLookup, ASilentDnsIsAFailureNotAnAbsence) {
  dns_.fail("_dmarc.mail.got.com");
  dns_.add_txt("_dmarc.got.com", "v=DMARC1; p=reject");
  const auto found = look_up("mail.got.com");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().permanence, Permanence::temporary);

  dns_.fail("_dmarc.got.net");
  EXPECT_FALSE(look_up("mail.got.net"));
}

}  // namespace
}  // namespace postern::session
