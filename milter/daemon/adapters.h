// Purpose:   settings -> the adapters they ask for.
// Ownership: the caller owns what is made; the clock is borrowed.
// Failure:   an Error naming the setting.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/vault/vault.h"
#include "base/clock.h"
#include "base/result.h"
#include "ports/policy_cache.h"
#include "ports/policy_source.h"
#include "ports/scanner.h"
#include "ports/signer.h"
#include "ports/submitter.h"
#include "ports/vault.h"
#include "session/services.h"
#include "settings/settings.h"

namespace postern::daemon {

// Over one delivery into a mailbox, on a busy disk.
inline constexpr Milliseconds kMailboxTimeout = std::chrono::seconds(30);

using ScannerList = std::vector<std::shared_ptr<ports::Scanner>>;

Result<ScannerList> make_scanners(const settings::Settings& settings, const Clock& clock);
Result<std::unique_ptr<ports::PolicySource>> make_source(const settings::Settings& settings);
std::unique_ptr<ports::PolicyCache> make_cache(const settings::Settings& settings);
std::unique_ptr<ports::Signer> make_signer(const settings::Settings& settings, const Clock& clock);
Result<std::unique_ptr<vault::Store>> make_vault(const settings::Settings& settings,
                                                 const Clock& clock);
// Nullptr: no token keys are configured, so nothing can be handed back to the MTA.
Result<std::unique_ptr<ports::Submitter>> make_submitter(const settings::Settings& settings,
                                                         const Clock& clock);
// Nullptr: vault.deliver is empty.
Result<std::unique_ptr<ports::Submitter>> make_mailbox_submitter(
    const settings::Settings& settings);

session::Rules make_rules(const settings::Settings& settings);

}  // namespace postern::daemon
