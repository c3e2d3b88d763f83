// Purpose:   a vault in a directory of its own, removed with it, under a clock that is set.
// Threading: as the vault itself; set the clock before the threads start.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/vault/vault.h"
#include "support/manual_clock.h"

namespace postern::vault {

class VaultTest : public testing::Test {
 protected:
  VaultTest();
  ~VaultTest() override;

  VaultOptions options() const { return {path_.string(), true, 0, 0, clock_}; }
  // Ends the test where it does not open.
  std::unique_ptr<Store> open_vault() const { return open_vault(options()); }
  std::unique_ptr<Store> open_vault(const VaultOptions& options) const;

  std::filesystem::path blob_path(const std::string& id) const;
  std::vector<std::string> files_below(const std::string& name) const;  // names, sorted

  // What must be true at any time: each message has its file and the file its message, nothing is
  // undecided, every file is what was stored.
  void expect_whole(ports::Vault& vault) const;
  // The same as the vault's own check sees it; also where the outbox keeps messages.
  static std::vector<ports::VaultFinding> findings_of(
      ports::VaultUpkeep& vault, const std::optional<ports::VaultAct>& repair = std::nullopt);

  std::filesystem::path path_;  // does not exist before open_vault()
  test::ManualClock clock_;

 private:
  std::filesystem::path parent_;
};

ports::VaultCopy copy_for(std::string recipient,
                          ports::Purpose purpose = ports::Purpose::quarantine,
                          decide::MailClass mail_class = decide::MailClass::spam,
                          int duration = 30);
// `bytes` must outlive the message.
ports::VaultMessage message_of(std::string id, std::string_view bytes,
                               std::vector<ports::VaultCopy> copies = {copy_for("a@got.com")});
// Octets that no compression makes fewer; always the same ones.
std::string noise(std::size_t size);
// "0000...2a" for 42: ids that a test can tell apart.
std::string numbered_id(unsigned number);

}  // namespace postern::vault
