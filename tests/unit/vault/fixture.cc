#include "unit/vault/fixture.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <stdexcept>

namespace postern::vault {

VaultTest::VaultTest() {
  std::string pattern = testing::TempDir() + "postern-vault-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp: " + pattern);
  parent_ = pattern;
  path_ = parent_ / "state" / "vault";
}

VaultTest::~VaultTest() {
  std::error_code ignored;
  std::filesystem::remove_all(parent_, ignored);
}

std::unique_ptr<Store> VaultTest::open_vault(const VaultOptions& options) const {
  auto vault = open(options);
  if (!vault) throw std::runtime_error(vault.error().what);
  return std::move(*vault);
}

std::filesystem::path VaultTest::blob_path(const std::string& id) const {
  return path_ / "blobs" / id.substr(0, 2) / id.substr(2, 2) / id;
}

std::vector<std::string> VaultTest::files_below(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_ / name)) {
    if (entry.is_regular_file()) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void VaultTest::expect_whole(ports::Vault& vault) const {
  ports::VaultFilter everything;
  everything.limit = 10'000;
  const auto rows = vault.list(everything);
  ASSERT_TRUE(rows) << rows.error().what;
  std::set<std::string> ids;
  std::uint64_t bytes = 0;
  for (const ports::VaultRow& row : *rows) {
    if (!ids.insert(row.id).second) continue;
    const auto read = vault.read(row.id);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->size(), row.size);
    EXPECT_EQ(std::filesystem::file_size(blob_path(row.id)), row.stored_size);
    bytes += row.stored_size;
  }
  EXPECT_EQ(files_below("blobs"), std::vector<std::string>(ids.begin(), ids.end()));
  EXPECT_EQ(files_below("tmp"), std::vector<std::string>());
  const auto usage = vault.usage();
  ASSERT_TRUE(usage) << usage.error().what;
  EXPECT_EQ(usage->messages, ids.size());
  EXPECT_EQ(usage->rows, rows->size());
  EXPECT_EQ(usage->bytes, bytes);
}

std::vector<ports::VaultFinding> VaultTest::findings_of(
    ports::VaultUpkeep& vault, const std::optional<ports::VaultAct>& repair) {
  std::vector<ports::VaultFinding> findings;
  std::optional<std::string> at = "";
  while (at) {
    const auto step = vault.check(*at, repair);
    if (!step) throw std::runtime_error(step.error().what);
    findings.insert(findings.end(), step->findings.begin(), step->findings.end());
    at = step->next;
  }
  return findings;
}

ports::VaultCopy copy_for(std::string recipient, ports::Purpose purpose,
                          decide::MailClass mail_class, int duration) {
  ports::VaultCopy copy;
  copy.domain = recipient.substr(recipient.find('@') + 1);
  copy.recipient = std::move(recipient);
  copy.purpose = purpose;
  copy.mail_class = mail_class;
  copy.reason = "score 7.2 of 5.0";
  copy.duration = duration;
  return copy;
}

ports::VaultMessage message_of(std::string id, std::string_view bytes,
                               std::vector<ports::VaultCopy> copies) {
  ports::VaultMessage message;
  message.id = std::move(id);
  message.bytes = bytes;
  message.sender = "sender@example.net";
  message.client = "192.0.2.7";
  message.helo = "mail.example.net";
  message.queue_id = "4Fxyz1";
  message.subject = "Winter is coming";
  message.received = std::chrono::sys_days{std::chrono::year(2026) / 5 / 25};
  message.copies = std::move(copies);
  return message;
}

std::string noise(std::size_t size) {
  std::mt19937_64 random(42);
  std::string bytes(size, '\0');
  for (char& octet : bytes) octet = static_cast<char>(random());
  return bytes;
}

std::string numbered_id(unsigned number) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%032x", number);
  return text.data();
}

}  // namespace postern::vault
