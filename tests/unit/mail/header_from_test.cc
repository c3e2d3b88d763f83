// Who the header From names: rules act only on exactly one author, and several must not hide one.
#include "mail/header_from.h"

#include <gtest/gtest.h>

#include "mail/bulk.h"

namespace postern::mail {
namespace {

Message with(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Message message;
  for (const auto& [name, value] : fields) message.add_header(name, value);
  return message;
}

struct FromCase {
  std::string value;
  std::string single;  // empty: not exactly one author
};

class OneFrom : public testing::TestWithParam<FromCase> {};

TEST_P(OneFrom, IsToldExactly) {
  const HeaderFrom from = header_from(with({{"From", GetParam().value}}));
  const Address* const single = from.single();
  EXPECT_EQ(single == nullptr ? "" : single->key(), GetParam().single);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, OneFrom,
    testing::Values(FromCase{" ned@stark.net", "ned@stark.net"},
                    FromCase{" Ned Stark <Ned@Stark.NET>", "ned@stark.net"},
                    FromCase{" \"Stark, Ned\" <ned@stark.net>", "ned@stark.net"},
                    FromCase{" =?UTF-8?Q?N=C3=A9d?= <ned@stark.net>", "ned@stark.net"},
                    FromCase{"\n ned@stark.net (the\n king)", "ned@stark.net"},
                    FromCase{" ned@stark.net, arya@stark.net", ""},
                    FromCase{" ned@stark.net, <not an address>", ""}, FromCase{"", ""},
                    FromCase{" undisclosed:;", ""}));

TEST(SeveralFields, NeverMakeOneAuthor) {
  const HeaderFrom from = header_from(with({{"From", " a@x.net"}, {"FROM", " b@y.net"}}));
  EXPECT_EQ(from.fields, 2U);
  EXPECT_EQ(from.addresses.size(), 2U);
  EXPECT_EQ(from.single(), nullptr);
}

TEST(BulkMarks, AreNamed) {
  EXPECT_TRUE(bulk_marks(with({{"Subject", " hello"}, {"Precedence", " first-class"}})).empty());
  EXPECT_EQ(bulk_marks(with({{"list-unsubscribe", " <mailto:x@y>"}, {"Precedence", " Bulk "}})),
            (std::vector<std::string>{"List-Unsubscribe", "Precedence: bulk"}));
}

}  // namespace
}  // namespace postern::mail
