#include "daemon/release.h"

#include <set>

#include "base/log.h"

namespace postern::daemon {
namespace {

constexpr std::size_t kMostRows = 10'000;

// The admin API's rule for releasing, both ways round.
std::optional<Error> refuse(const ports::VaultRow& row, bool virus_lover) {
  const bool infected = row.copy.mail_class == decide::MailClass::virus;
  if (infected && !virus_lover) {
    return permanent_error(row.id + ": contains a virus (" + row.virus +
                           "); --virus-lover releases it all the same");
  }
  if (!infected && virus_lover) {
    return permanent_error(row.id + ": contains no virus; release it without --virus-lover");
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<ReleasedRow>> release(ports::Vault& vault, ports::Submitter* submitter,
                                         const Clock& clock, Milliseconds timeout,
                                         const ReleaseRequest& request) {
  if (submitter == nullptr) {
    return permanent_error("releasing needs token keys: set keys.token_file");
  }
  ports::VaultFilter filter;
  filter.id = request.id;
  filter.recipient = request.recipient;
  filter.limit = kMostRows;
  const auto rows = vault.list(filter);
  if (!rows) return rows.error();
  if (rows->empty()) return permanent_error(request.id + ": no such stored message");
  for (const ports::VaultRow& row : *rows) {
    if (auto refusal = refuse(row, request.virus_lover)) return *refusal;
  }
  const auto bytes = vault.read(request.id);
  if (!bytes) return bytes.error();

  std::vector<ReleasedRow> released;
  std::set<std::string> seen;  // one mailbox may have a quarantine and an archive copy
  for (const ports::VaultRow& row : *rows) {
    if (!seen.insert(row.copy.recipient).second) continue;
    if (row.released) {
      released.push_back({row.copy.recipient, ReleaseResult::already_released,
                          "released " + to_rfc3339(*row.released) + " by " + row.released_by});
      continue;
    }
    ports::Submission submission;
    submission.id = row.id;
    submission.sender = row.sender;
    submission.recipients = {{row.copy.recipient, "", ""}};
    submission.bytes = *bytes;
    submission.eight_bit = row.eight_bit;
    submission.smtputf8 = row.smtputf8;
    const auto answer = submitter->submit(submission, Deadline::after(timeout));
    if (!answer) return answer.error();
    if (const Status marked = vault.mark_released(row.row, clock.wall(), request.who); !marked) {
      return marked.error();
    }
    log::info("released", {{"id", row.id},
                           {"recipient", row.copy.recipient},
                           {"who", request.who},
                           {"answer", *answer}});
    released.push_back({row.copy.recipient, ReleaseResult::released, *answer});
  }
  return released;
}

}  // namespace postern::daemon
