// Purpose:   which stored rows a verb of `vault` is about: its options, and the same as a request.
// Ownership: values; the options write into the struct, which outlives the command line.
// Threading: one thread.
#pragma once

#include <string>

#include "ctl/context.h"

namespace postern::ctl {

struct VaultChoice {
  std::string id;
  std::string recipient;
  std::string domain;
  std::string purpose;
  std::string mail_class;
  std::string sender;
  std::string after;
  std::string before;

  bool is_empty() const {
    return (id + recipient + domain + purpose + mail_class + sender + after + before).empty();
  }
};

void add_filter_options(CLI::App& verb, VaultChoice& choice);
json request_for(const char* verb, const VaultChoice& choice);

// release, delete, expire and check: what goes through many rows, page by page.
void add_vault_bulk(CLI::App& vault, Context& context);

}  // namespace postern::ctl
