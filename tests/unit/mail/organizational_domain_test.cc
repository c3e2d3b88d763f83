// Whose domain a name is: what DMARC and the sender rules call aligned.
#include "mail/organizational_domain.h"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

TEST(OrganizationalDomain, IsTheNameThatWasRegistered) {
  const struct {
    const char* name;
    const char* owner;
  } cases[] = {
      {"got.com", "got.com"},
      {"mail.eu.got.com", "got.com"},
      {"got.co.uk", "got.co.uk"},
      {"mail.got.co.uk", "got.co.uk"},
      {"_dmarc.got.com", "got.com"},
      // Customers of one hosting suffix are strangers to each other.
      {"a.github.io", "a.github.io"},
      {"www.a.github.io", "a.github.io"},
      // A wildcard rule and its exception.
      {"a.b.ck", "a.b.ck"},
      {"x.www.ck", "www.ck"},
      {"mail.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"},
      // No list has heard of these.
      {"mail.got.westeros", "got.westeros"},
      {"got.test", "got.test"},
      // Nobody owns these, or nobody above them.
      {"com", "com"},
      {"co.uk", "co.uk"},
      {"github.io", "github.io"},
      {"localhost", "localhost"},
      {"[192.0.2.1]", "[192.0.2.1]"},
      {"[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
      {"", ""},
  };
  for (const auto& [name, owner] : cases) EXPECT_EQ(organizational_domain(name), owner) << name;
}

TEST(Alignment, FollowsTheOwner) {
  const struct {
    const char* a;
    const char* b;
    bool strict;
    bool relaxed;
  } cases[] = {
      {"got.com", "got.com", true, true},
      {"mail.got.com", "got.com", false, true},
      {"a.got.com", "b.got.com", false, true},
      {"got.com", "got.net", false, false},
      {"got.com", "notgot.com", false, false},
      {"a.co.uk", "b.co.uk", false, false},
      {"co.uk", "a.co.uk", false, false},
      {"a.github.io", "b.github.io", false, false},
      {"github.io", "a.github.io", false, false},
      {"com", "got.com", false, false},
      {"[192.0.2.1]", "[192.0.2.1]", true, true},
      {"[192.0.2.1]", "[192.0.2.2]", false, false},
      {"", "", false, false},
      {"got.com", "", false, false},
  };
  for (const auto& [a, b, strict, relaxed] : cases) {
    EXPECT_EQ(is_aligned(a, b, true), strict) << a << " " << b;
    EXPECT_EQ(is_aligned(b, a, true), strict) << a << " " << b;
    EXPECT_EQ(is_aligned(a, b, false), relaxed) << a << " " << b;
    EXPECT_EQ(is_aligned(b, a, false), relaxed) << a << " " << b;
  }
}

}  // namespace
}  // namespace postern::mail
