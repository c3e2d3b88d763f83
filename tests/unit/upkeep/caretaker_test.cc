// The thread that ends what is over and raises the alarm.
#include "upkeep/caretaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/vault/vault.h"
#include "base/metrics.h"
#include "support/eventually.h"
#include "support/manual_clock.h"
#include "support/policies.h"
#include "support/temp_dir.h"

namespace postern::upkeep {
namespace {

using testing::HasSubstr;

class CaretakerTest : public testing::Test {
 protected:
  CaretakerTest() {
    auto opened = vault::open({folder_.path(), false, 1000, 0, clock_});
    if (!opened) throw std::runtime_error(opened.error().what);
    vault_ = std::move(*opened);
    snapshot_.set(test::snapshot_of(
        {{"domain:got.com", test::domain_json("got.com", R"({"id":"P","name":"p","quarantine":true,
              "quarantineProps":{"storeSpam":true,"duration":1}})")}}));
    expirer_.emplace(Expirer::Parts{*vault_, snapshot_, clock_, nullptr});
    CaretakerOptions options;
    options.look_at_room_every = Milliseconds(2);
    options.first_expiry_after = Milliseconds(0);
    options.expire_every = Milliseconds(0);
    caretaker_.emplace(*vault_, *expirer_, clock_, options);
  }
  void store(char digit, std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i)
      bytes.push_back(static_cast<char>((i * 2654435761U) >> 7U));
    ports::VaultMessage message;
    message.id = std::string(32, digit);
    message.bytes = bytes;
    message.received = clock_.wall();
    message.copies = {
        {"a@got.com", "got.com", ports::Purpose::quarantine, decide::MailClass::spam, "x", 1}};
    ASSERT_TRUE(vault_->store(message));
  }

  test::TempDir folder_;
  test::ManualClock clock_;
  Published<policy::Snapshot> snapshot_;
  std::unique_ptr<vault::Store> vault_;
  std::optional<Expirer> expirer_;
  std::optional<Caretaker> caretaker_;
};

TEST_F(CaretakerTest, EndsWhatIsOverByItself) {
  store('a', 20);
  caretaker_->start();
  clock_.advance(std::chrono::days(2));
  EXPECT_TRUE(test::eventually([&] { return vault_->list({})->empty(); }));
  caretaker_->stop();
  store('b', 20);
  clock_.advance(std::chrono::days(2));
  EXPECT_EQ(vault_->list({})->size(), 1U);
}

TEST_F(CaretakerTest, RaisesTheAlarmAndTakesItBack) {
  caretaker_->look_at_room();
  EXPECT_EQ(caretaker_->alarm(), std::nullopt);
  EXPECT_THAT(metrics::render(), HasSubstr("postern_vault_alarm 0\n"));
  // Whatever of it compresses: the alarm counts what files take.
  for (char digit = 'a'; vault_->usage()->bytes < 800; ++digit) store(digit, 90);
  caretaker_->look_at_room();
  ASSERT_TRUE(caretaker_->alarm());
  EXPECT_THAT(*caretaker_->alarm(), HasSubstr("vault nearly full"));
  EXPECT_THAT(metrics::render(), HasSubstr("postern_vault_alarm 1\n"));
  clock_.advance(std::chrono::days(2));
  caretaker_->expire({});
  caretaker_->look_at_room();
  EXPECT_EQ(caretaker_->alarm(), std::nullopt);
  EXPECT_THAT(metrics::render(), HasSubstr("postern_vault_alarm 0\n"));
}

TEST_F(CaretakerTest, OldRecordsAreForgotten) {
  store('a', 20);
  ASSERT_TRUE(vault_->remove({1}, ports::VaultAct{"uid 0", clock_.wall()}));
  clock_.advance(std::chrono::hours(24 * 399));
  caretaker_->expire({});
  EXPECT_EQ(vault_->records(std::nullopt, 10)->size(), 1U);
  clock_.advance(std::chrono::hours(24 * 2));
  caretaker_->expire({});
  EXPECT_EQ(vault_->records(std::nullopt, 10)->size(), 0U);
}

}  // namespace
}  // namespace postern::upkeep
