// Purpose:   what is said of a command line that is not understood: what exactly, what may have been meant, and
//            where to read on.
// Ownership: values; the app is borrowed.
// Threading: one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace postern::ctl {

// The words as typed, without the program's name.
std::string usage_error(const CLI::App& app, const std::vector<std::string>& words,
                        const CLI::ParseError& error);

// The one of `known` that is a slip of the hand away from `typed`: a letter more, less, another, or two
// changed over; two such slips in a long word. "" for none.
std::string meant(const std::string& typed, const std::vector<std::string>& known);

}  // namespace postern::ctl
