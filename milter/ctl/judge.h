// Purpose:   a directory of documents, or one file of it, read and judged: each document alone, and in a
//            directory one against the other.
// Ownership: values.
// Failure:   what cannot be read at all is an Error; everything that is wrong is in the Judgement.
// Source:    docs/control.md, "policy check".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/context.h"
#include "ctl/offline.h"

namespace postern::ctl {

struct SetFault {
  DocumentFault fault;
  std::optional<std::string> missing;  // the key of the document that would mend it
};

struct Judgement {
  OfflineSet set;
  std::vector<SetFault> faults;         // of documents, of rules in them, between documents
  std::vector<DocumentFault> warnings;  // what may be meant as it stands
};

Result<Judgement> judge(const std::string& path);

// "/policy/spamScore: expected a number, …", "the document: not JSON …".
std::string told(const DocumentFault& fault);
json as_json(const DocumentFault& fault);
// A line each: "FILE: POINTER: what".
void print_fault(const json& fault);

}  // namespace postern::ctl
