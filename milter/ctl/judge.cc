#include "ctl/judge.h"

#include <cstdio>
#include <filesystem>

#include "policy/cross_check.h"

namespace postern::ctl {
namespace {

DocumentFault placed(const OfflineSet& set, const policy::DocumentKey& key,
                     const policy::DocumentFault& fault) {
  const auto origin = set.origins.find(key.to_string());
  return {key.to_string(), origin == set.origins.end() ? "" : origin->second, fault.pointer,
          fault.what};
}

}  // namespace

Result<Judgement> judge(const std::string& path) {
  auto read = read_offline(path);
  if (!read) return read.error();
  Judgement judged;
  judged.set = std::move(*read);
  const OfflineSet& set = judged.set;
  for (const DocumentFault& fault : set.faults) judged.faults.push_back({fault, {}});
  // A rule that never counts is a fault, though the document's others do.
  set.snapshot->for_each_rule_fault([&](const policy::DocumentKey& key, const std::string& fault) {
    judged.faults.push_back({placed(set, key, policy::fault_from(fault)), {}});
  });
  set.snapshot->for_each_smarthost([&](const policy::Smarthost& smarthost) {
    if (!smarthost.risks_its_password()) return;
    judged.warnings.push_back(
        placed(set, {policy::DocumentType::smarthost, smarthost.id},
               {"/secureConnection", "its password travels over a connection without TLS"}));
  });
  std::error_code error;
  // What a single file refers to is elsewhere.
  if (!std::filesystem::is_directory(path, error)) return judged;
  const policy::CrossFaults between = policy::cross_check(*set.snapshot);
  for (const policy::CrossFault& one : between.faults) {
    judged.faults.push_back(
        {placed(set, one.key, one.fault),
         one.missing ? std::make_optional(one.missing->to_string()) : std::nullopt});
  }
  for (const policy::CrossFault& one : between.warnings) {
    judged.warnings.push_back(placed(set, one.key, one.fault));
  }
  return judged;
}

std::string told(const DocumentFault& fault) {
  return policy::to_string(policy::DocumentFault{fault.pointer, fault.what});
}

json as_json(const DocumentFault& fault) {
  return {{"key", fault.key},
          {"file", fault.origin},
          {"pointer", fault.pointer},
          {"reason", fault.what}};
}

void print_fault(const json& fault) {
  const DocumentFault read{"", text_of(fault["file"]), text_of(fault["pointer"]),
                           text_of(fault["reason"])};
  std::printf("%s: %s\n", printable_utf8(read.origin).c_str(), printable_utf8(told(read)).c_str());
}

}  // namespace postern::ctl
