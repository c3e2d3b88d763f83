#include "session/mailbox_address.h"

#include <algorithm>

namespace postern::session {
namespace {

constexpr char kUsualDelimiter = '+';
constexpr const char* kSpamFolder = "Spam";
// Not the inbox: where the mailbox is the one that the message was delivered to, it has it already.
constexpr const char* kRetainedFolder = "Retained";

// Dovecot 2.3 takes no address that is not ASCII.
bool can_stand_in_address(std::string_view folder) {
  return !folder.empty() &&
         std::all_of(folder.begin(), folder.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::string mailbox_address(const mail::Address& mailbox, std::string_view folder,
                            std::string_view delimiters) {
  const char delimiter = delimiters.empty() ? kUsualDelimiter : delimiters.front();
  std::string local = mailbox.local();
  if (const std::size_t end = local.find(delimiter, 1); end != std::string::npos) local.resize(end);
  return mailbox.with_local(local + delimiter + std::string(folder)).to_string();
}

std::string folder_for(decide::Purpose purpose, const decide::Decision& decision,
                       const policy::RecipientPolicy& rules) {
  if (decision.is(decide::MailClass::virus)) return "";
  switch (purpose) {
    case decide::Purpose::quarantine:
      return rules.opensrs != nullptr && can_stand_in_address(rules.opensrs->spam_folder)
                 ? rules.opensrs->spam_folder
                 : kSpamFolder;
    case decide::Purpose::retention:
      return kRetainedFolder;
    case decide::Purpose::archive:
      return "";
  }
  return "";
}

}  // namespace postern::session
