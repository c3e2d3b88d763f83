#include "predict/treatment.h"

namespace postern::predict {
namespace {

std::string where_it_goes(const decide::Decision& decision) {
  switch (decision.disposition) {
    case decide::Disposition::deliver:
      return "delivered";
    case decide::Disposition::tag:
      return "delivered with " + decision.subject_prefix;
    case decide::Disposition::quarantine:
      return "quarantined";
    case decide::Disposition::reject:
      return "rejected (" + codes_of(decision.reply) + ")";
    case decide::Disposition::defer:
      return "deferred (" + codes_of(decision.reply) + ")";
  }
  return "";
}

std::string duration(int number, const char* unit) {
  return number == 0 ? " for ever" : " for " + std::to_string(number) + " " + unit;
}

}  // namespace

std::string codes_of(const mail::Reply& reply) {
  return std::to_string(reply.code) + " " + reply.enhanced;
}

std::string treatment(const decide::Decision& decision, const policy::Policy* policy) {
  std::string text = where_it_goes(decision);
  const auto kept = [policy](int number, const char* unit) {
    return policy == nullptr ? std::string() : duration(number, unit);
  };
  if (decision.quarantine_copy) {
    const bool is_said = decision.disposition == decide::Disposition::quarantine;
    text += is_said ? "" : ", a copy in quarantine";
    if (policy != nullptr) text += kept(policy->quarantine_props.duration_days, "days");
  }
  if (decision.retention_copy) {
    text += ", a copy in retention";
    if (policy != nullptr) text += kept(policy->retention_props.duration_days, "days");
  }
  if (decision.archive_copy) {
    text += ", a copy in the archive";
    if (policy != nullptr) text += kept(policy->archive_props.duration_months, "months");
  }
  if (decision.added_header) text += ", with the header " + decision.added_header->name;
  if (!decision.would.empty()) text += ", under observation; would be " + decision.would;
  return text;
}

}  // namespace postern::predict
