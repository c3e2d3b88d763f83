// Purpose:   why a copy of a message is kept.
// Source:    QuarantineProps, RetentionProps, ArchiveProps.
#pragma once

#include <optional>
#include <string_view>

namespace postern::decide {

enum class Purpose { quarantine, retention, archive };
std::string_view to_string(Purpose purpose);
std::optional<Purpose> purpose_from(std::string_view name);

}  // namespace postern::decide
