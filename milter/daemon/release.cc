#include "daemon/release.h"

#include <set>
#include <utility>

#include "base/log.h"

namespace postern::daemon {
namespace {

ReleasedRow answer_for(const ports::VaultRow& row, ReleaseResult result, std::string answer) {
  return {row.id, row.copy.recipient, result, std::move(answer)};
}

std::string released_before(const ports::VaultRow& row) {
  return row.released ? "released " + to_rfc3339(*row.released) + " by " + row.released_by
                      : "released already";
}

}  // namespace

std::optional<std::string> refusal_of(const ports::VaultRow& row, bool virus_lover) {
  const bool infected = row.copy.mail_class == decide::MailClass::virus;
  if (infected && !virus_lover) {
    return row.id + ": contains a virus (" + row.virus +
           "); --virus-lover releases it all the same";
  }
  if (!infected && virus_lover) {
    return row.id + ": contains no virus; release it without --virus-lover";
  }
  return std::nullopt;
}

Result<std::vector<ReleasedRow>> release(ports::VaultUpkeep& vault, const Clock& clock,
                                         const std::vector<ports::VaultRow>& rows,
                                         const ReleaseWish& wish) {
  std::vector<ReleasedRow> answers;
  std::vector<const ports::VaultRow*> wanted;
  std::set<std::pair<std::string, std::string>> seen;
  for (const ports::VaultRow& row : rows) {
    if (!seen.insert({row.id, row.copy.recipient}).second) continue;
    if (auto refusal = refusal_of(row, wish.virus_lover)) {
      answers.push_back(answer_for(row, ReleaseResult::refused, std::move(*refusal)));
    } else if (row.released) {
      answers.push_back(answer_for(row, ReleaseResult::already_released, released_before(row)));
    } else if (wish.dry_run) {
      answers.push_back(answer_for(row, ReleaseResult::released, "would be released"));
    } else {
      wanted.push_back(&row);
    }
  }
  if (wanted.empty()) return answers;

  std::vector<std::int64_t> numbers;
  for (const ports::VaultRow* row : wanted) numbers.push_back(row->row);
  const auto outcomes = vault.release(numbers, {wish.who, clock.wall()});
  if (!outcomes) return outcomes.error();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const ports::VaultRow& row = *wanted[i];
    switch (outcomes->at(i)) {
      case ports::RowRelease::released:
        log::info("released",
                  {{"id", row.id}, {"recipient", row.copy.recipient}, {"who", wish.who}});
        answers.push_back(
            answer_for(row, ReleaseResult::released, "on its way through the outbox"));
        break;
      case ports::RowRelease::already_released:
        answers.push_back(answer_for(row, ReleaseResult::already_released, released_before(row)));
        break;
      case ports::RowRelease::gone:
        answers.push_back(answer_for(row, ReleaseResult::gone, "is no longer stored"));
        break;
    }
  }
  return answers;
}

}  // namespace postern::daemon
