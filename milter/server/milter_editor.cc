#include "server/milter_editor.h"

#include <libmilter/mfapi.h>

#include <algorithm>
#include <string_view>

namespace postern::server {
namespace {

// What libmilter itself puts into one packet.
constexpr std::size_t kBodyChunk = MILTER_CHUNK_SIZE;

// libmilter's parameters are not const, but it only reads them.
char* unconst(const std::string& text) { return const_cast<char*>(text.c_str()); }

Status outcome(int result, std::string_view what) {
  if (result == MI_SUCCESS) return success();
  return temporary_error("the MTA did not take " + std::string(what));
}

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
}

// A line end without white space after it would begin a header field of somebody else's making.
bool is_field_value(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\0' || value[i] == '\r') return false;
    if (value[i] == '\n' &&
        (i + 1 == value.size() || (value[i + 1] != ' ' && value[i + 1] != '\t'))) {
      return false;
    }
  }
  return true;
}

Status check_field(const std::string& name, const std::string& value) {
  if (!is_field_name(name)) return permanent_error("not the name of a header field");
  if (!is_field_value(value)) return permanent_error(name + ": not the value of a header field");
  return success();
}

Status check_address(const std::string& text) {
  if (text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      })) {
    return permanent_error("not an address for the MTA");
  }
  return success();
}

}  // namespace

Status MilterEditor::add_header(const std::string& name, const std::string& value) {
  if (Status checked = check_field(name, value); !checked) return checked;
  return outcome(smfi_addheader(context_, unconst(name), unconst(value)), "a new " + name);
}

Status MilterEditor::insert_header(const std::string& name, const std::string& value) {
  if (Status checked = check_field(name, value); !checked) return checked;
  // Index 0 is above Postfix's own Received, 1 below it. A signature and Authentication-Results
  // belong above: RFC 8601 has readers trust what stands over the Received of their own border, and
  // RFC 6376 5.6 wants a signature at the very top.
  return outcome(smfi_insheader(context_, 0, unconst(name), unconst(value)),
                 "a " + name + " on top");
}

Status MilterEditor::change_header(const std::string& name, int index, const std::string& value) {
  if (Status checked = check_field(name, value); !checked) return checked;
  // An empty value deletes, and that has a name of its own here.
  if (value.empty()) return permanent_error(name + ": a changed header field has a value");
  return outcome(smfi_chgheader(context_, unconst(name), index, unconst(value)),
                 "a changed " + name);
}

Status MilterEditor::delete_header(const std::string& name, int index) {
  if (Status checked = check_field(name, ""); !checked) return checked;
  return outcome(smfi_chgheader(context_, unconst(name), index, nullptr), "less a " + name);
}

Status MilterEditor::replace_body(const std::string& body) {
  std::string_view rest = body;
  do {  // at least once: an empty body is a body
    const std::string_view chunk = rest.substr(0, kBodyChunk);
    auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(chunk.data()));
    Status sent =
        outcome(smfi_replacebody(context_, bytes, static_cast<int>(chunk.size())), "another body");
    if (!sent) return sent;
    rest.remove_prefix(chunk.size());
  } while (!rest.empty());
  return success();
}

Status MilterEditor::delete_recipient(const std::string& given) {
  if (Status checked = check_address(given); !checked) return checked;
  return outcome(smfi_delrcpt(context_, unconst(given)), "one recipient less");
}

Status MilterEditor::change_sender(const std::string& address) {
  if (Status checked = check_address(address); !checked) return checked;
  return outcome(smfi_chgfrom(context_, unconst("<" + address + ">"), nullptr), "another sender");
}

Status MilterEditor::add_recipient(const std::string& address, const std::string& parameters) {
  if (Status checked = check_address(address); !checked) return checked;
  if (parameters.empty()) {
    return outcome(smfi_addrcpt(context_, unconst(address)), "another recipient");
  }
  if (Status checked = check_address(parameters); !checked) return checked;
  return outcome(smfi_addrcpt_par(context_, unconst(address), unconst(parameters)),
                 "another recipient");
}

void MilterEditor::progress() { static_cast<void>(smfi_progress(context_)); }

}  // namespace postern::server
