// Purpose:   the manual pages: prose that a person wrote (docs/man/*.in), filled with what the code itself says of
//            its settings, verbs and options. What is declared is in the manual.
// Ownership: values.
// Threading: one thread; the command lines are built anew for each page.
// Failure:   a template that asks for something unknown is an error with its line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postern::manual {

// Each line `.\" @NAME@` of the template gives way to what NAME stands for:
//   posternd options     posternctl options     posternctl verbs     settings     members
Result<std::string> page_of(std::string_view page_template);

// What page_of knows.
std::vector<std::string> names();

}  // namespace postern::manual
