#include "mail/header_from.h"

#include <gmime/gmime.h>

#include <memory>
#include <string>

#include "base/text.h"
#include "mail/mime_library.h"

namespace postern::mail {
namespace {

// How many members the list has for a reader that is stricter than the parser below, which silently
// drops what it cannot read: nobody may hide a second author behind a broken one.
std::size_t count_members(std::string_view list) {
  std::size_t members = 0;
  int comments = 0;
  bool in_quotes = false;
  bool has_text = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '\\') {
      ++i;
      has_text = true;
    } else if (in_quotes) {
      in_quotes = c != '"';
    } else if (c == '(') {
      ++comments;
    } else if (c == ')' && comments > 0) {
      --comments;
    } else if (comments > 0) {
      continue;
    } else if (c == ',') {
      members += has_text ? 1 : 0;
      has_text = false;
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      in_quotes = c == '"';
      has_text = true;
    }
  }
  return members + (has_text ? 1 : 0);
}

void collect(InternetAddressList* list, HeaderFrom& from, int depth) {
  constexpr int kDeepestGroup = 4;
  // Nobody has so many authors; each is looked up in every list.
  constexpr std::size_t kMostAuthors = 100;
  const int length = internet_address_list_length(list);
  for (int i = 0; i < length; ++i) {
    InternetAddress* const entry = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_MAILBOX(entry)) {
      const char* const addr = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(entry));
      if (addr == nullptr || from.addresses.size() >= kMostAuthors) continue;
      if (auto address = Address::parse(addr)) from.addresses.push_back(std::move(*address));
    } else if (INTERNET_ADDRESS_IS_GROUP(entry) && depth < kDeepestGroup) {
      collect(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(entry)), from, depth + 1);
    }
  }
}

}  // namespace

HeaderFrom header_from(const Message& message) {
  ensure_mime_library();
  HeaderFrom from;
  for (const HeaderField& field : message.headers()) {
    if (!equals_ignoring_case(field.name, "From")) continue;
    ++from.fields;
    from.mailboxes += count_members(field.value);
    const std::unique_ptr<InternetAddressList, decltype(&g_object_unref)> list(
        internet_address_list_parse(nullptr, field.value.c_str()), &g_object_unref);
    if (list) collect(list.get(), from, 0);
  }
  return from;
}

}  // namespace postern::mail
