// Conditions are joined by AND, the newest comes first, and a value is never read as SQL.
#include <gmock/gmock.h>

#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

using namespace std::string_literals;
using decide::MailClass;
using ports::Purpose;
using testing::ElementsAreArray;

class ListTest : public VaultTest {
 protected:
  ListTest() : vault_(open_vault()) {
    store(1, {copy_for("a@got.com"), copy_for("b@got.com", Purpose::archive)});
    store(3, {copy_for("a@got.com", Purpose::archive, MailClass::clean)});
    store(2, {copy_for("a@hbo.com", Purpose::retention, MailClass::clean)});
    store(4, {copy_for("A@got.com", Purpose::quarantine, MailClass::bad_headers)});
  }

  // Received `number` hours after the first: the order of storing differs from that of time.
  void store(unsigned number, std::vector<ports::VaultCopy> copies) {
    auto message = message_of(numbered_id(number), "body", std::move(copies));
    message.received += std::chrono::hours(number);
    const Status stored = vault_->store(message);
    if (!stored) throw std::runtime_error(stored.error().what);
  }

  std::unique_ptr<ports::Vault> vault_;
};

struct ListCase {
  const char* name;
  ports::VaultFilter filter;
  std::vector<std::string> expected;  // "<number of the message> <recipient>"
};

TEST_F(ListTest, Filters) {
  const ListCase cases[] = {
      {"everything",
       {},
       {"4 A@got.com", "3 a@got.com", "2 a@hbo.com", "1 b@got.com", "1 a@got.com"}},
      {"id", {.id = numbered_id(1)}, {"1 b@got.com", "1 a@got.com"}},
      {"recipient in any case",
       {.recipient = "a@GOT.com"},
       {"4 A@got.com", "3 a@got.com", "1 a@got.com"}},
      {"domain", {.domain = "hbo.com"}, {"2 a@hbo.com"}},
      {"purpose", {.purpose = Purpose::archive}, {"3 a@got.com", "1 b@got.com"}},
      {"class", {.mail_class = MailClass::clean}, {"3 a@got.com", "2 a@hbo.com"}},
      {"all of them",
       {.id = numbered_id(3),
        .recipient = "a@got.com",
        .domain = "got.com",
        .purpose = Purpose::archive,
        .mail_class = MailClass::clean},
       {"3 a@got.com"}},
      {"one that does not fit", {.id = numbered_id(3), .domain = "hbo.com"}, {}},
      {"limit", {.limit = 2}, {"4 A@got.com", "3 a@got.com"}},
      {"offset", {.limit = 2, .offset = 3}, {"1 b@got.com", "1 a@got.com"}},
      {"past the end", {.offset = 5}, {}},
      {"far past the end", {.offset = SIZE_MAX}, {}},
      {"none at all", {.limit = 0}, {}},
      {"SQL is a name like any other", {.recipient = "' OR '1'='1"}, {}},
      {"so is a quote", {.domain = "\"; DROP TABLE copy; --"}, {}},
      {"no pattern", {.recipient = "%@got.com"}, {}},
  };
  for (const ListCase& test : cases) {
    SCOPED_TRACE(test.name);
    const auto rows = vault_->list(test.filter);
    ASSERT_TRUE(rows) << rows.error().what;
    std::vector<std::string> found;
    for (const ports::VaultRow& row : *rows) {
      found.push_back(row.id.substr(31) + " " + row.copy.recipient);
    }
    EXPECT_THAT(found, ElementsAreArray(test.expected));
  }
}

TEST_F(ListTest, ValuesFromOutsideComeBackAsTheyAre) {
  auto message = message_of(numbered_id(5), "body", {copy_for("\"o'b\"@got.com")});
  message.sender = "'); DROP TABLE copy; --@example.net";
  message.subject = "a\0b \xff ?1"s;
  ASSERT_TRUE(vault_->store(message));
  const auto rows = vault_->list({.recipient = "\"o'b\"@got.com"});
  ASSERT_TRUE(rows) << rows.error().what;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->at(0).sender, message.sender);
  EXPECT_EQ(rows->at(0).subject, message.subject);
}

}  // namespace
}  // namespace postern::vault
