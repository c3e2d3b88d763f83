#include "dns_watch/standing.h"

namespace postern::dns_watch {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::pending:
      return "PENDING";
    case Status::success:
      return "SUCCESS";
    case Status::temporary_failure:
      return "TEMPORARY_FAILURE";
    case Status::failed:
      return "FAILED";
  }
  return "";
}

Status status_of(policy::IdentityStatus status) {
  switch (status) {
    case policy::IdentityStatus::success:
      return Status::success;
    case policy::IdentityStatus::pending:
    case policy::IdentityStatus::not_started:
      return Status::pending;
    case policy::IdentityStatus::failed:
      return Status::failed;
    case policy::IdentityStatus::temporary_failure:
      return Status::temporary_failure;
  }
  return Status::pending;
}

Status status_of(policy::MailFromStatus status) {
  switch (status) {
    case policy::MailFromStatus::success:
      return Status::success;
    case policy::MailFromStatus::pending:
    case policy::MailFromStatus::not_started:
      return Status::pending;
    case policy::MailFromStatus::failed:
      return Status::failed;
    case policy::MailFromStatus::temporary_failure:
      return Status::temporary_failure;
  }
  return Status::pending;
}

Standing after_look(const Standing& before, bool is_found, SteadyTime now) {
  Status next = before.status;
  if (is_found) {
    next = Status::success;
  } else if (before.status == Status::success) {
    next = Status::temporary_failure;
  } else if (now - before.since >= kPatience) {
    next = Status::failed;
  }
  return next == before.status ? before : Standing{next, now};
}

}  // namespace postern::dns_watch
