#include "decide/purpose.h"

#include "base/text.h"

namespace postern::decide {

std::string_view to_string(Purpose purpose) {
  switch (purpose) {
    case Purpose::quarantine:
      return "quarantine";
    case Purpose::retention:
      return "retention";
    case Purpose::archive:
      return "archive";
  }
  return "";
}

std::optional<Purpose> purpose_from(std::string_view name) {
  for (const Purpose purpose : {Purpose::quarantine, Purpose::retention, Purpose::archive}) {
    if (equals_ignoring_case(name, to_string(purpose))) return purpose;
  }
  return std::nullopt;
}

}  // namespace postern::decide
