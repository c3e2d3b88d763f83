// Purpose:   every verb of posternctl in one command line, and what help, completion and the manual read from it.
//            A verb says all of it where it is declared: its description, a description of each option,
//            and at least one example in its footer ("Example: posternctl ...", one a line). tests/unit/ctl
//            refuses a verb without.
// Ownership: the app and the context are the caller's and must outlive what is declared.
// Threading: one thread.
#pragma once

#include <string>
#include <vector>

#include "ctl/context.h"

namespace postern::ctl {

inline constexpr const char* kExits =
    "Exit: 0 done, 1 the answer is no, 2 usage, 69 daemon away, 78 configuration.";

void declare_verbs(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);  // one that works on all the others

// What a person may type after posternctl: ("vault list", the app of `list`), in the order of declaration.
// Hidden verbs and those that only group others are left out.
struct Verb {
  std::string words;
  const CLI::App* app;
};
std::vector<Verb> verbs_of(const CLI::App& app);

// The footer taken apart: the command lines of its examples, each beginning with "posternctl", and the
// prose beside them.
struct Footer {
  std::vector<std::string> examples;
  std::string prose;
};
Footer footer_of(const CLI::App& verb);

}  // namespace postern::ctl
