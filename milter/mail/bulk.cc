#include "mail/bulk.h"

#include "base/text.h"

namespace postern::mail {

std::vector<std::string> bulk_marks(const Message& message) {
  std::vector<std::string> marks;
  for (const char* const name : {"List-Unsubscribe", "List-Id", "Feedback-ID"}) {
    if (message.find(name) != nullptr) marks.emplace_back(name);
  }
  if (const HeaderField* const precedence = message.find("Precedence")) {
    for (const char* const value : {"bulk", "list"}) {
      if (equals_ignoring_case(trim(precedence->value), value)) {
        marks.push_back(std::string("Precedence: ") + value);
      }
    }
  }
  return marks;
}

}  // namespace postern::mail
