// A damaged blob is never handed out as the message that was stored.
#include <gmock/gmock.h>

#include <fstream>
#include <functional>

#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

using std::filesystem::path;
using testing::HasSubstr;

constexpr std::size_t kSize = 5000;

void overwrite(const path& file, std::size_t at, char value) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(value);
}

void flip(const path& file, std::size_t at, int bit) {
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const int octet = stream.get();
  stream.close();
  overwrite(file, at, static_cast<char>(octet ^ bit));
}

struct DamageCase {
  const char* name;
  std::function<void(const path& file)> damage;
};

using DamageTest = VaultTest;

TEST_F(DamageTest, IsNoticedAndNamed) {
  const DamageCase cases[] = {
      {"first bit", [](const path& file) { flip(file, 0, 1); }},
      {"middle bit", [](const path& file) { flip(file, kSize / 2, 0x10); }},
      {"last bit", [](const path& file) { flip(file, kSize - 1, 0x80); }},
      {"one octet less", [](const path& file) { std::filesystem::resize_file(file, kSize - 1); }},
      {"one octet more", [](const path& file) { std::filesystem::resize_file(file, kSize + 1); }},
      {"emptied", [](const path& file) { std::filesystem::resize_file(file, 0); }},
      {"gone", [](const path& file) { std::filesystem::remove(file); }},
      {"a directory",
       [](const path& file) {
         std::filesystem::remove(file);
         std::filesystem::create_directory(file);
       }},
      {"a link to what is not ours",
       [](const path& file) {
         std::filesystem::remove(file);
         std::filesystem::create_symlink("/etc/passwd", file);
       }},
  };
  const std::string bytes = noise(kSize);
  const auto vault = open_vault();
  unsigned number = 0;
  for (const DamageCase& test : cases) {
    SCOPED_TRACE(test.name);
    const std::string id = numbered_id(++number);
    ASSERT_TRUE(vault->store(message_of(id, bytes)));
    ASSERT_TRUE(vault->read(id));
    test.damage(blob_path(id));
    const auto read = vault->read(id);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().what, HasSubstr(id));
  }
  // The others are not touched by it.
  ASSERT_TRUE(vault->store(message_of(numbered_id(++number), bytes)));
  EXPECT_TRUE(vault->read(numbered_id(number)));
}

TEST_F(DamageTest, EveryFlippedBitOfASmallMessageIsNoticed) {
  const std::string bytes = "Subject: x\r\n\r\nbody\r\n";
  const std::string id = numbered_id(1);
  const auto vault = open_vault();
  ASSERT_TRUE(vault->store(message_of(id, bytes)));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const char whole = bytes[bit / 8];
    overwrite(blob_path(id), bit / 8, static_cast<char>(whole ^ (1 << (bit % 8))));
    EXPECT_FALSE(vault->read(id)) << "bit " << bit;
    overwrite(blob_path(id), bit / 8, whole);
  }
  EXPECT_TRUE(vault->read(id));
}

}  // namespace
}  // namespace postern::vault
