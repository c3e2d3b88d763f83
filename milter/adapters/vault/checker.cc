#include "adapters/vault/checker.h"

#include <array>
#include <cstdio>
#include <utility>

#include "base/log.h"

namespace postern::vault {
namespace {

using ports::VaultCheck;
using ports::VaultFault;

constexpr std::size_t kMessagesAtOnce = 200;
// Where a step begins: messages behind an id, files of a directory, what is left.
constexpr std::string_view kMessages = "messages:";
constexpr std::string_view kFiles = "files:";
constexpr std::string_view kRest = "rest";
constexpr unsigned kDirectories = 256;

std::string directory_name(unsigned number) {
  std::array<char, 3> name{};
  std::snprintf(name.data(), name.size(), "%02x", number);
  return name.data();
}

void find(VaultCheck& check, VaultFault fault, std::string name, std::string what, bool repaired) {
  log::warning("vault check", {{"fault", std::string(to_string(fault))},
                               {"name", name},
                               {"what", what},
                               {"repaired", repaired ? "yes" : "no"}});
  check.findings.push_back({fault, std::move(name), std::move(what), repaired});
}

}  // namespace

Checker::Checker(BlobStore& blobs, Index& index, Read read, Remove remove)
    : blobs_(blobs), index_(index), read_(std::move(read)), remove_(std::move(remove)) {}

Result<VaultCheck> Checker::step(const std::string& after, const Act& act) {
  if (after.empty()) return messages("", act);
  if (after.starts_with(kMessages)) return messages(after.substr(kMessages.size()), act);
  if (after.starts_with(kFiles)) return files(after.substr(kFiles.size()), act);
  if (after == kRest) return rest(act);
  return permanent_error("vault check: no such step");
}

Result<VaultCheck> Checker::messages(const std::string& after, const Act& act) {
  const auto found = index_.messages_after(after, kMessagesAtOnce);
  if (!found) return found.error();
  VaultCheck check;
  for (const CheckedMessage& message : *found) {
    if (const Status looked = look_at_message(message, act, check); !looked) return looked.error();
    ++check.checked;
  }
  check.next = found->size() == kMessagesAtOnce ? std::string(kMessages) + found->back().id
                                                : std::string(kFiles) + directory_name(0);
  return check;
}

Status Checker::look_at_message(const CheckedMessage& message, const Act& act, VaultCheck& check) {
  const std::string& id = message.id;
  if (!message.is_needed) {
    Status removed = success();
    if (act) removed = remove_(id);
    find(check, VaultFault::unneeded, id, "no row and no outbox entry needs it",
         act.has_value() && removed.ok());
    return removed;
  }
  const auto facts = index_.find(id);
  if (!facts && facts.error().permanence == Permanence::temporary) return facts.error();
  if (facts && !*facts) return success();  // removed meanwhile
  Error why = facts ? permanent_error("") : facts.error();
  if (facts) {
    const auto bytes = read_(id, **facts);
    if (bytes) return success();
    why = bytes.error();
  }
  if (why.permanence == Permanence::temporary) return why;
  if (const auto again = index_.find(id); again && !*again) return success();

  const bool is_there = blobs_.exists(id);
  bool repaired = false;
  if (act) {
    if (is_there) {
      if (const Status aside = blobs_.set_aside(id); !aside) return aside;
    }
    const auto dropped = index_.drop_message(id, *act);
    const auto* const failure = std::get_if<WriteFailure>(&dropped);
    if (failure != nullptr) return failure->error;
    repaired = true;
  }
  find(check, is_there ? VaultFault::damaged_blob : VaultFault::missing_blob, id, why.what,
       repaired);
  return success();
}

Result<VaultCheck> Checker::files(const std::string& first, const Act& act) {
  VaultCheck check;
  const auto found = blobs_.files_below(first);
  if (!found) return found.error();
  for (const BlobStore::FoundFile& file : *found) {
    if (const Status looked = look_at_file(file, act, check); !looked) return looked.error();
  }
  check.next = std::string(kRest);
  for (unsigned number = 0; number + 1 < kDirectories; ++number) {
    if (directory_name(number) == first)
      check.next = std::string(kFiles) + directory_name(number + 1);
  }
  return check;
}

Status Checker::look_at_file(const BlobStore::FoundFile& file, const Act& act, VaultCheck& check) {
  if (!file.is_in_place) {
    find(check, VaultFault::foreign_file, file.name, "stands where the vault puts no such file",
         false);
    return success();
  }
  // In this order: what is being stored has a row only after its file, and its second name until then;
  // what is being removed has its second name until the file is gone.
  const auto known = [&]() -> Result<bool> {
    const auto facts = index_.find(file.name);
    if (!facts && facts.error().permanence == Permanence::temporary) return facts.error();
    return !facts || facts->has_value();
  };
  auto has_row = known();
  if (!has_row) return has_row.error();
  if (*has_row || blobs_.is_pending(file.name)) return success();
  has_row = known();
  if (!has_row) return has_row.error();
  if (*has_row || !blobs_.exists(file.name)) return success();
  if (act) {
    if (const Status aside = blobs_.set_aside(file.name); !aside) return aside;
  }
  find(check, VaultFault::orphaned_blob, file.name, "the index does not know it", act.has_value());
  return success();
}

Result<VaultCheck> Checker::rest(const Act& act) {
  VaultCheck check;
  const auto leftovers = blobs_.leftovers();
  if (!leftovers) return leftovers.error();
  if (act && !leftovers->empty()) {
    const auto recovered = blobs_.recover([this](const std::string& id) -> Result<bool> {
      const auto facts = index_.find(id);
      if (!facts) return facts.error();
      return facts->has_value();
    });
    if (!recovered) return recovered.error();
  }
  for (const std::string& name : *leftovers) {
    find(check, is_blob_id(name) ? VaultFault::leftover : VaultFault::foreign_file, name,
         "in tmp/, and nobody is at work on it", act.has_value() && is_blob_id(name));
  }
  const auto totals = index_.fault_of_totals();
  if (!totals) return totals.error();
  if (*totals) {
    if (act) {
      if (const Status counted = index_.count_totals_again(); !counted) return counted.error();
    }
    find(check, VaultFault::wrong_totals, "index.sqlite", **totals, act.has_value());
  }
  const auto index = index_.fault_of_index();
  if (!index) return index.error();
  if (*index) find(check, VaultFault::damaged_index, "index.sqlite", **index, false);
  return check;
}

}  // namespace postern::vault
