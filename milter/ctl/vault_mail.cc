#include "ctl/vault_mail.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "base/hex.h"

namespace postern::ctl {
namespace {

constexpr std::size_t kRowsAtOnce = 5'000;

class VaultMail final : public MailSource {
 public:
  VaultMail(const Context& context, std::vector<SavedMail> messages)
      : context_(context), messages_(std::move(messages)) {}

  std::optional<SavedMail> next() override {
    SavedMail mail;
    {
      const std::lock_guard lock(mutex_);
      if (at_ == messages_.size()) return std::nullopt;
      mail = std::move(messages_[at_++]);
    }
    const Asked asked = ask_daemon(context_, {{"verb", "vault show"}, {"id", mail.name}});
    mail.name = "vault " + mail.name;
    auto bytes =
        asked.exit == kDone ? from_hex(text_of(asked.answer["message_hex"])) : std::nullopt;
    if (bytes) {
      mail.bytes = std::move(*bytes);
    } else {
      mail.fault = "cannot be read";
    }
    return mail;
  }

  std::optional<std::size_t> count() const override { return messages_.size(); }

 private:
  const Context& context_;
  std::mutex mutex_;
  std::vector<SavedMail> messages_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<MailSource>> open_vault_mail(const Context& context) {
  std::map<std::string, SavedMail> by_id;
  std::vector<std::string> order;
  for (std::size_t offset = 0;; offset += kRowsAtOnce) {
    const Asked asked =
        ask_daemon(context, {{"verb", "vault list"}, {"limit", kRowsAtOnce}, {"offset", offset}});
    if (asked.exit != kDone) return temporary_error("the vault cannot be listed");
    const json& rows = asked.answer["rows"];
    for (const json& row : rows) {
      const std::string id = text_of(row["id"]);
      const auto [place, is_new] = by_id.try_emplace(id);
      SavedMail& mail = place->second;
      if (is_new) {
        order.push_back(id);
        mail.name = id;
        mail.has_envelope = true;
        mail.sender = text_of(row["sender"]);
        mail.client = text_of(row["client"]);
        mail.score = text_of(row["score"]);
        mail.virus = text_of(row["virus"]);
      }
      const std::string recipient = text_of(row["recipient"]);
      if (std::find(mail.recipients.begin(), mail.recipients.end(), recipient) ==
          mail.recipients.end()) {
        mail.recipients.push_back(recipient);
      }
    }
    if (rows.size() < kRowsAtOnce) break;
  }
  std::vector<SavedMail> messages;
  for (const std::string& id : order) {
    messages.push_back(std::move(by_id.at(id)));
    messages.back().number = messages.size() - 1;
  }
  return {std::make_unique<VaultMail>(context, std::move(messages))};
}

}  // namespace postern::ctl
