// A copy stays as it was, whatever happens to the map it was taken from, in one thread and in many.
#include "base/persistent_map.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "base/guarded.h"

namespace postern {
namespace {

using Reference = std::map<int, std::string>;

template <typename Map>
Reference entries_of(const Map& map) {
  Reference entries;
  map.for_each([&entries](int key, const std::string& value) {
    EXPECT_TRUE(entries.emplace(key, value).second) << "visited twice: " << key;
  });
  return entries;
}

template <typename Map>
void expect_same(const Map& map, const Reference& expected, int key_limit) {
  ASSERT_EQ(map.size(), expected.size());
  ASSERT_EQ(map.empty(), expected.empty());
  ASSERT_EQ(entries_of(map), expected);
  for (int key = 0; key < key_limit; ++key) {
    const auto found = expected.find(key);
    const std::string* value = map.find(key);
    ASSERT_EQ(value != nullptr, found != expected.end()) << key;
    if (value != nullptr) {
      ASSERT_EQ(*value, found->second);
    }
  }
}

struct WellSpread {
  std::uint64_t operator()(int key) const {
    std::uint64_t hash = static_cast<std::uint64_t>(key) * std::uint64_t{0x9e3779b97f4a7c15};
    return hash ^ (hash >> 32U);
  }
};
// Sixteen hashes for all keys: leaves have to split to the last bit and then grow.
struct Colliding {
  std::uint64_t operator()(int key) const { return static_cast<std::uint64_t>(key % 16) << 60U; }
};
struct AllTheSame {
  std::uint64_t operator()(int) const { return 0; }
};

template <typename Hash>
class AnyHash : public testing::Test {};
using Hashes = testing::Types<std::hash<int>, WellSpread, Colliding, AllTheSame>;
TYPED_TEST_SUITE(AnyHash, Hashes);

TYPED_TEST(AnyHash, BehavesAsAMapAndCopiesStay) {
  constexpr int kKeys = 300;
  std::mt19937 random(42);
  PersistentMap<int, std::string, TypeParam> map;
  Reference reference;
  std::vector<std::pair<PersistentMap<int, std::string, TypeParam>, Reference>> copies;
  for (int step = 0; step < 6'000; ++step) {
    const int key = static_cast<int>(random() % kKeys);
    // Phases of growing and shrinking, so that branches also fold away to nothing.
    const bool grows = (step / 1'000) % 2 == 0;
    if (random() % 4 < (grows ? 3U : 1U)) {
      const std::string value = std::to_string(step);
      ASSERT_EQ(map.put(key, value), !reference.contains(key));
      reference[key] = value;
    } else {
      ASSERT_EQ(map.erase(key), reference.erase(key) == 1);
    }
    if (step % 100 == 0) copies.emplace_back(map, reference);
    // A copy may be changed as well, and its origin must not notice.
    if (step % 250 == 0) {
      auto& [copy, its_reference] = copies[random() % copies.size()];
      copy.put(key, "changed");
      its_reference[key] = "changed";
      ASSERT_EQ(copy.erase(key + 1), its_reference.erase(key + 1) == 1);
    }
  }
  expect_same(map, reference, kKeys);
  for (const auto& [copy, its_reference] : copies) expect_same(copy, its_reference, kKeys + 1);
  for (int key = 0; key < kKeys; ++key) map.erase(key);
  expect_same(map, {}, kKeys);
  for (const auto& [copy, its_reference] : copies) expect_same(copy, its_reference, kKeys + 1);
}

TEST(PersistentMap, FoundValueLivesAsLongAsACopyHasIt) {
  PersistentMap<std::string, std::string> map;
  map.put("got.com", "first");
  const auto copy = map;
  const std::string* const found = copy.find("got.com");
  map.put("got.com", "second");
  map.erase("got.com");
  EXPECT_EQ(*found, "first");
}

// One thread changes its map and publishes copies; others read copies and let them die. Every copy
// is whole: all its values are of one round. ThreadSanitizer watches the shared nodes.
TEST(PersistentMapThreads, ReadersSeeOneRoundOnly) {
  constexpr int kKeys = 200;
  constexpr int kRounds = 300;
  using Map = PersistentMap<int, int, WellSpread>;
  Published<Map> published(std::make_shared<const Map>());
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const auto map = published.get();
        int round = -1;
        map->for_each([&round](int, int value) {
          if (round == -1) round = value;
          EXPECT_EQ(value, round);
        });
        if (round != -1) {
          EXPECT_EQ(map->size(), std::size_t{kKeys});
          EXPECT_NE(map->find(round % kKeys), nullptr);
        }
      }
    });
  }
  Map working;
  for (int round = 0; round < kRounds; ++round) {
    for (int key = 0; key < kKeys; ++key) working.put(key, round);
    published.set(std::make_shared<const Map>(working));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(*published.get()->find(0), kRounds - 1);
}

// When the last other holder has let a node go, it is changed in place: that holder's reads must
// have happened before, and nothing but the node's own count says so (the flag is relaxed on
// purpose).
TEST(PersistentMapThreads, ReadsOfALetGoCopyHappenBeforeTheChange) {
  using Map = PersistentMap<int, int, WellSpread>;
  Map working;
  for (int key = 0; key < 200; ++key) working.put(key, 0);
  for (int round = 1; round < 50; ++round) {
    std::atomic<bool> let_go = false;
    std::thread reader([copy = working, &let_go]() mutable {
      int sum = 0;
      copy.for_each([&sum](int, int value) { sum += value; });
      EXPECT_EQ(sum % 200, 0);
      copy = Map();
      let_go.store(true, std::memory_order_relaxed);
    });
    while (!let_go.load(std::memory_order_relaxed)) std::this_thread::yield();
    for (int key = 0; key < 200; ++key) working.put(key, round);
    reader.join();
  }
}

}  // namespace
}  // namespace postern
