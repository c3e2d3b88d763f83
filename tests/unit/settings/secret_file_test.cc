// A secret is read from a file that only its owner and group can read, and from nothing else.
#include "settings/secret_file.h"

#include "unit/settings/loading.h"

namespace postern::settings {
namespace {

TEST(SecretFile, LosesItsLastLineEndOnly) {
  const TemporaryDirectory directory;
  const std::pair<const char*, const char*> cases[] = {
      {"word", "word"}, {"word\n", "word"}, {"word\r\n", "word"}, {" wo rd \n\n", " wo rd \n"}};
  for (const auto& [text, expected] : cases) {
    const auto secret = read_secret_file(directory.write("secret", text));
    ASSERT_TRUE(secret) << secret.error().what;
    EXPECT_EQ(secret->reveal(), expected);
  }
  const std::string binary("\0\x01", 2);
  EXPECT_EQ(read_secret_file(directory.write("binary", binary))->reveal(), binary);
}

TEST(SecretFile, MayBeReadableByItsGroup) {
  const TemporaryDirectory directory;
  for (const mode_t mode : {0400U, 0440U, 0600U, 0640U}) {
    EXPECT_TRUE(read_secret_file(directory.write("s" + std::to_string(mode), "word", mode)));
  }
}

std::string refusal(const std::string& path) {
  const auto secret = read_secret_file(path);
  return secret ? "taken" : secret.error().what.substr(path.size());
}

TEST(SecretFile, IsRefusedWhereOthersCouldReadOrWriteIt) {
  const TemporaryDirectory directory;
  for (const mode_t mode : {0644U, 0604U, 0602U, 0666U}) {
    EXPECT_EQ(refusal(directory.write("m" + std::to_string(mode), "word", mode)),
              " is open to everybody: chmod o= it");
  }
}

TEST(SecretFile, IsRefusedWhereItIsNone) {
  const TemporaryDirectory directory;
  EXPECT_EQ(refusal(directory.path("absent")), " cannot be read: No such file or directory");
  EXPECT_EQ(refusal(directory.path("")), " is not a regular file");
  EXPECT_EQ(refusal("/dev/null"), " is not a regular file");
  const std::string fifo = directory.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(refusal(fifo), " is not a regular file");  // and does not wait for a writer
  EXPECT_EQ(refusal(directory.write("empty", "")), " is empty");
  EXPECT_EQ(refusal(directory.write("blank", "\n")), " is empty");
  EXPECT_EQ(refusal(directory.write("limit", std::string(kMaxSecretSize, 'x'))), "taken");
  EXPECT_EQ(refusal(directory.write("large", std::string(kMaxSecretSize + 1, 'x'))),
            " is larger than 64 KiB");
}

TEST(SecretFile, MayBeALinkToOne) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("real", "word");
  std::filesystem::create_symlink(file, directory.path("link"));
  EXPECT_EQ(refusal(directory.path("link")), "taken");
}

}  // namespace
}  // namespace postern::settings
