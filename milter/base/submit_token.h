// Purpose:   the proof that a message at the submit listener is ours: what the submitter writes
//            into X-Postern-Token and the session verifies and deletes.
// Threading: pure functions.
// Source:    docs/architecture.md, "The way back in".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/signed_token.h"

namespace postern {

inline constexpr std::string_view kSubmitTokenHeader = "X-Postern-Token";
// Behind the id of a message whose header we have finished: nothing in it is forged, all of it stays.
inline constexpr std::string_view kFinishedMark = "+copy";

// `sender` and `recipients` as in the SMTP commands, without < >; recipients in any order.
// The header's value: "<id> <token>".
std::string make_submit_token(const std::string& id, const std::string& sender,
                              std::vector<std::string> recipients, WallTime expires,
                              const std::vector<Secret>& keys);
TokenVerdict verify_submit_token(std::string_view header_value, const std::string& sender,
                                 std::vector<std::string> recipients, WallTime now,
                                 const std::vector<Secret>& keys);

}  // namespace postern
