// Purpose:   plain words as mdoc(7), the language of manual pages, in the form that mandoc -T lint has nothing
//            to say about: a sentence begins a line, no line is over-long, nothing is taken for a request.
// Ownership: values.
// Threading: safe from any thread.
// Failure:   none; whatever octets come in, one text comes out.
// Source:    https://mandoc.bsd.lv/man/mdoc.7.html, mandoc_char(7).
#pragma once

#include <string>
#include <string_view>

namespace postern::manual {

// What is typed or read as it stands, inside a line: "--rcpt", a path, a whole command. Safe as one
// argument of a macro when it has no blank.
std::string literal(std::string_view text);

// Prose as lines of their own, each ended by a line feed. A line feed inside `text` begins a new line.
std::string prose(std::string_view text);

// "stored mail, newest first" as a sentence: a capital and a full stop; `stopped` has the full stop alone,
// for what may begin with something that is typed.
std::string sentence(std::string_view text);
std::string stopped(std::string_view text);

}  // namespace postern::manual
