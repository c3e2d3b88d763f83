// Purpose:   the name of a file as rules compare it, whatever a message or an archive calls it.
// Threading: pure functions.
// Source:    what programs save the file as: the last path component, and on Windows without dots and
//            blanks at its end.
#pragma once

#include <string>
#include <string_view>

namespace postern::content {

// UTF-8 without controls and quotes around it: "..\\a/run.exe. " -> "run.exe". Of a name that is
// longer than 1,024 octets, its end.
std::string file_name(std::string_view raw);
// Printable ASCII alone: no character that turns the text around hides an ending.
std::string ascii_only(std::string_view name);
// Lower case, without the dot; empty: none.
std::string extension(std::string_view name);

}  // namespace postern::content
