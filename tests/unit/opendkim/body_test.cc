// What is measured of a body before it is hashed, against the canonical form of our own signer.
#include "adapters/opendkim/body.h"

#include <gtest/gtest.h>

#include "adapters/dkim/canonical.h"

namespace postern::opendkim {
namespace {

TEST(Body, IsMeasuredAsItIsSigned) {
  for (const char* body : {"", "\r\n", "\r\n\r\n", "a", "a\r\n", "a\r\n\r\n", "\r\na\r\n", " \r\n",
                           " \t", "a b\r\n", "a  b \t\r\n", " a\r\n", "\t\ta\t \r\n \r\n\r\nb",
                           "a\r\n \r\n", "\r\n \r\n\r\n", "a \r\n b \r\n\r\n\r\n\t\r\n"}) {
    for (const bool relaxed : {true, false}) {
      std::string canonical;
      dkim::canonical_body(
          body, relaxed ? dkim::Canonicalization::relaxed : dkim::Canonicalization::simple,
          [&canonical](std::string_view piece) { canonical += piece; });
      EXPECT_EQ(canonical_length(body, relaxed), canonical.size()) << body << relaxed;
    }
  }
}

TEST(Body, LineEndsAreCrlfOrNotAtAll) {
  for (const char* body : {"", "a", "a\r\n", "\r\n\r\n", "a\r\nb"})
    EXPECT_TRUE(has_only_crlf(body)) << body;
  for (const char* body :
       {"\n", "\r", "a\rb\r\n", "a\nb\r\n", "a\r\r\n", "a\r\n\n", "a\r\n\r", "\n\r"}) {
    EXPECT_FALSE(has_only_crlf(body)) << body;
  }
}

}  // namespace
}  // namespace postern::opendkim
