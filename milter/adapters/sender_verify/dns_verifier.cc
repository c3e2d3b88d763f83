#include "adapters/sender_verify/dns_verifier.h"

#include "adapters/sender_verify/mail_hosts.h"
#include "base/metrics.h"

namespace postern::sender_verify {

decide::SenderStanding DnsSenderVerifier::verify(const mail::Address& sender, Deadline deadline) {
  using Verdict = decide::SenderStanding::Verdict;
  const auto tell = [](Verdict verdict, const char* label, std::string why) {
    metrics::count("postern_sender_verify_total", {{"by", "dns"}, {"verdict", label}});
    return decide::SenderStanding{verdict, std::move(why)};
  };
  MailHosts found = find_mail_hosts(resolver_, sender.domain(), deadline);
  switch (found.status) {
    case MailHosts::Status::takes_mail:
      return tell(Verdict::exists, "exists", "");
    case MailHosts::Status::does_not_take_mail:
      return tell(Verdict::does_not_exist, "does_not_exist", std::move(found.why));
    case MailHosts::Status::unknown:
      break;
  }
  return tell(Verdict::unknown, "unknown", std::move(found.why));
}

}  // namespace postern::sender_verify
