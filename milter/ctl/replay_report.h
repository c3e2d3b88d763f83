// Purpose:   what replay has found, as JSON and for people.
// Ownership: values.
// Source:    docs/control.md, "replay".
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ctl/context.h"

namespace postern::ctl {

struct Difference {
  std::size_t number = 0;
  std::string mail;
  std::string sender;
  std::string recipient;
  std::string before;
  std::string now;
  std::string because;
};

struct Findings {
  std::vector<Difference> differences;
  std::vector<std::pair<std::size_t, std::string>> skipped;  // number; what and why
  std::size_t messages = 0;
  std::size_t recipients = 0;
};

json as_json(const Findings& found, const std::string& today, const std::string& other);
void print_report(const json& answer);

}  // namespace postern::ctl
