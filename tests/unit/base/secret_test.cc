// A secret is told only to who asks for it, and a Result is one of two things and says which.
#include "base/secret.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <ostream>
#include <type_traits>

#include "base/log.h"
#include "base/result.h"

namespace postern {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept Loggable = std::is_constructible_v<log::Field, std::string_view, T>;

static_assert(!Printable<Secret>);
static_assert(!Loggable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);

TEST(Secret, IsCopiedAndMovedWhole) {
  Secret first(std::string("kashima1"));
  Secret copy = first;
  EXPECT_EQ(copy.reveal(), "kashima1");
  EXPECT_EQ(copy, first);
  const Secret moved = std::move(first);
  EXPECT_EQ(moved.reveal(), "kashima1");
  copy = Secret(std::string("other"));
  EXPECT_EQ(copy.reveal(), "other");
  EXPECT_NE(copy, moved);
  const Secret& itself = copy;
  copy = itself;
  EXPECT_EQ(copy.reveal(), "other");
  EXPECT_TRUE(Secret().empty());
}

TEST(Secret, LeavesNothingWhereItWasMovedFrom) {
  for (const std::string& text : {std::string("short"), std::string(500, 'k')}) {
    Secret source(text);
    const Secret target = std::move(source);
    EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_EQ(target.reveal(), text);
  }
}

TEST(Secret, IsWipedWhenItDies) {
  // A short text lives inside the object: its memory can be looked at afterwards.
  alignas(Secret) unsigned char memory[sizeof(Secret)] = {};
  auto* const secret = new (memory) Secret(std::string("kashima1"));
  const std::string_view whole(reinterpret_cast<const char*>(memory), sizeof memory);
  ASSERT_NE(whole.find("kashima"), std::string_view::npos);
  secret->~Secret();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  EXPECT_EQ(whole.find("ashima"), std::string_view::npos);
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = 7;
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 7);
  const Result<int> bad = temporary_error("later");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().what, "later");
  EXPECT_EQ(bad.error().permanence, Permanence::temporary);
  EXPECT_EQ(Result<int>(permanent_error("never")).error().permanence, Permanence::permanent);
  EXPECT_TRUE(success());
}

TEST(Result, OfAnErrorsOwnTypeIsNotConfused) {
  const Result<std::string> text = std::string("a value");
  EXPECT_TRUE(text.ok());
  Result<std::unique_ptr<int>> owner = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = *std::move(owner);
  EXPECT_EQ(*taken, 3);
}

TEST(ResultDeathTest, AskingAFailureForItsValueEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto ask = []() noexcept {
    const Result<int> bad = temporary_error("no");
    return *bad;
  };
  EXPECT_DEATH(ask(), "");
}

}  // namespace
}  // namespace postern
