// A check names every kind of damage and no other, repairs what can be repaired without throwing any mail
// away, and takes nothing that is being stored or removed for damage.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "base/random_id.h"
#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

using ports::VaultFault;
using testing::IsEmpty;

class CheckTest : public VaultTest {
 protected:
  CheckTest() : vault_(open_vault()) {
    for (unsigned number = 1; number <= 3; ++number) {
      const Status stored = vault_->store(
          message_of(numbered_id(number), "body", {copy_for("a@got.com"), copy_for("b@got.com")}));
      if (!stored) throw std::runtime_error(stored.error().what);
    }
  }
  void in_index(const std::string& statement) const {
    SQLite::Database((path_ / "index.sqlite").string(), SQLite::OPEN_READWRITE, 5000)
        .exec(statement);
  }
  void put(const std::string& name, const std::string& bytes = "strange") const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << bytes;
  }
  ports::VaultAct act() const { return {"uid 0", clock_.wall()}; }

  std::unique_ptr<Store> vault_;
};

struct CheckCase {
  const char* name;
  std::function<void()> damage;
  std::vector<std::pair<VaultFault, std::string>> findings;
  bool is_repaired;
  std::size_t messages_left;  // after a repair
};

TEST_F(CheckTest, FindsAndRepairs) {
  const std::string orphan = numbered_id(77);
  const auto path_of = [](const std::string& id) {
    return "blobs/" + id.substr(0, 2) + "/" + id.substr(2, 2) + "/" + id;
  };
  const CheckCase cases[] = {
      {"nothing", [] {}, {}, true, 3},
      {"a file is gone",
       [&] { std::filesystem::remove(blob_path(numbered_id(2))); },
       {{VaultFault::missing_blob, numbered_id(2)}},
       true,
       2},
      {"a file is another",
       [&] { put(path_of(numbered_id(2)), "bodY"); },
       {{VaultFault::damaged_blob, numbered_id(2)}},
       true,
       2},
      {"a file is short",
       [&] { std::filesystem::resize_file(blob_path(numbered_id(3)), 2); },
       {{VaultFault::damaged_blob, numbered_id(3)}},
       true,
       2},
      {"a file has no row",
       [&] { put(path_of(orphan)); },
       {{VaultFault::orphaned_blob, orphan}},
       true,
       3},
      {"a message has no row",
       [&] { in_index("DELETE FROM copy WHERE id = '" + numbered_id(1) + "'"); },
       {{VaultFault::unneeded, numbered_id(1)}},
       true,
       2},
      {"an interrupted store",
       [&] { put("tmp/" + orphan); },
       {{VaultFault::leftover, orphan}},
       true,
       3},
      {"somebody's notes",
       [&] {
         put("blobs/00/README");
         put("tmp/README");
       },
       {{VaultFault::foreign_file, "README"}, {VaultFault::foreign_file, "README"}},
       false,
       3},
      {"a file in the wrong place",
       [&] { put("blobs/00/11/" + orphan); },
       {{VaultFault::foreign_file, orphan}},
       false,
       3},
      {"wrong sums",
       [&] { in_index("UPDATE totals SET bytes = bytes + 1"); },
       {{VaultFault::wrong_totals, "index.sqlite"}},
       true,
       3},
      {"several",
       [&] {
         std::filesystem::remove(blob_path(numbered_id(1)));
         put(path_of(orphan));
       },
       {{VaultFault::missing_blob, numbered_id(1)}, {VaultFault::orphaned_blob, orphan}},
       true,
       2},
  };
  for (const CheckCase& test : cases) {
    SCOPED_TRACE(test.name);
    vault_.reset();
    std::filesystem::remove_all(path_);
    vault_ = open_vault();
    for (unsigned number = 1; number <= 3; ++number) {
      ASSERT_TRUE(vault_->store(
          message_of(numbered_id(number), "body", {copy_for("a@got.com"), copy_for("b@got.com")})));
    }
    test.damage();
    const auto names = [](const std::vector<ports::VaultFinding>& findings) {
      std::vector<std::pair<VaultFault, std::string>> found;
      for (const auto& finding : findings) found.emplace_back(finding.fault, finding.name);
      return found;
    };
    EXPECT_EQ(names(findings_of(*vault_)), test.findings);
    EXPECT_EQ(names(findings_of(*vault_)), test.findings) << "looking has changed something";
    for (const auto& finding : findings_of(*vault_, act())) {
      EXPECT_EQ(finding.repaired, test.is_repaired) << finding.name;
    }
    EXPECT_EQ(findings_of(*vault_).empty(), test.is_repaired);
    EXPECT_EQ(vault_->usage()->messages, test.messages_left);
    if (test.is_repaired) expect_whole(*vault_);
  }
}

TEST_F(CheckTest, WhatIsTakenOutIsKeptAsideAndRecorded) {
  const std::string id = numbered_id(2);
  std::ofstream(blob_path(id)) << "bodY";
  ASSERT_EQ(findings_of(*vault_, act()).size(), 1U);
  std::ifstream aside(path_ / "aside" / id);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(aside), {}), "bodY");
  const auto records = *vault_->records(id, 10);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].what, "lost");
  EXPECT_EQ(records[0].recipient, "b@got.com");
}

TEST_F(CheckTest, TheOutboxKeepsWhatHasItsOwnBody) {
  auto message = message_of(numbered_id(9), "Subject: x\r\n\r\nbody", {copy_for("a@got.com")});
  ports::OutboxCopy whole;
  whole.recipients = {{"c@got.com", "", ""}};
  whole.header = "Subject: x\r\n";
  ports::OutboxCopy own = whole;
  own.body = "its own";
  message.outbox = {whole, own};
  ASSERT_TRUE(vault_->store(message));
  std::filesystem::remove(blob_path(numbered_id(9)));
  ASSERT_EQ(findings_of(*vault_, act()).size(), 1U);
  const auto left = *vault_->due(clock_.wall(), 10);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(*vault_->bytes(left[0]), "Subject: x\r\n\r\nits own");
  ASSERT_TRUE(vault_->sent(left[0]));
  EXPECT_THAT(findings_of(*vault_), IsEmpty());
}

TEST_F(CheckTest, WhatGoesOnMeanwhileIsNoDamage) {
  std::atomic<bool> done = false;
  std::atomic<unsigned> failures = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        const std::string id = random_id();
        if (!vault_->store(message_of(id, "body"))) ++failures;
        const auto rows = vault_->list({.id = id});
        if (!rows || rows->size() != 1 || !vault_->remove({rows->at(0).row}, std::nullopt)) {
          ++failures;
        }
      }
    });
  }
  for (int round = 0; round < 3; ++round) {
    const bool repairs = round == 2;
    const auto findings = findings_of(*vault_, repairs ? std::optional(act()) : std::nullopt);
    for (const auto& finding : findings) {
      ADD_FAILURE() << to_string(finding.fault) << " " << finding.name << " " << finding.what;
    }
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0U);
  expect_whole(*vault_);
}

}  // namespace
}  // namespace postern::vault
