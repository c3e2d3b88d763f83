#include "session/inspect.h"

#include <optional>

#include "base/metrics.h"
#include "content/inspect.h"
#include "mail/bulk.h"
#include "session/gather.h"
#include "session/in_thread.h"

namespace postern::session {
namespace {

// Hostile archives and the like are given up then; what is not finished is a bad attachment.
constexpr Milliseconds kContentTime{10'000};

struct Content {
  decide::Finding<content::Attachments> attachments = decide::NotNeeded{};
  decide::Finding<std::vector<std::string>> uri_hosts = decide::NotNeeded{};
  decide::Finding<decide::Defects> header_defects = decide::NotNeeded{};
  decide::Finding<decide::Defects> encoding_defects = decide::NotNeeded{};
};

Content look_inside(const ports::ScanInput& input, const decide::Needs& needs) {
  Content found;
  if (needs.headers) {
    found.header_defects = content::find_header_defects(input.message, input.sender.smtputf8);
  }
  if (!needs.attachments && !needs.uri_hosts && !needs.encoding) return found;
  content::Limits limits;
  const Deadline deadline = Deadline::after(kContentTime);
  limits.detect_types = needs.attachment_types;
  limits.out_of_time = [deadline] { return deadline.passed(); };
  const content::ParsedMessage parsed(input.message, limits);
  if (needs.encoding) found.encoding_defects = content::find_encoding_defects(parsed);
  if (needs.attachments) found.attachments = content::find_attachments(parsed, limits);
  if (needs.uri_hosts) found.uri_hosts = content::find_uri_hosts(parsed, limits);
  return found;
}

Result<std::string> ask_virus_scanner(ports::VirusScanner& scanner, const mail::Message& message) {
  const auto started = std::chrono::steady_clock::now();
  auto name = scanner.scan(message, Deadline::after(scanner.timeout()));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  metrics::observe_seconds("postern_scanner_seconds", took.count(), {{"scanner", scanner.name()}});
  if (!name) metrics::count("postern_scanner_failures_total", {{"scanner", scanner.name()}});
  return name;
}

void take_virus(Result<std::string> name, decide::Evidence& evidence) {
  if (!name) {
    evidence.virus_fault = decide::Unavailable{name.error().what};
    return;
  }
  // What an earlier filter found stays found.
  const auto* const known = std::get_if<decide::VirusVerdict>(&evidence.virus);
  if (known == nullptr || known->name.empty()) evidence.virus = decide::VirusVerdict{*name};
}

}  // namespace

void inspect(const Services& services, const ports::ScanInput& input, const decide::Needs& needs,
             decide::Evidence& evidence, const std::function<void()>& progress) {
  evidence.bulk_marks = mail::bulk_marks(input.message);
  std::optional<std::future<Result<std::string>>> virus;
  if (needs.virus && services.virus_scanner != nullptr) {
    virus = in_thread(services.virus_scanner->name(),
                      [&] { return ask_virus_scanner(*services.virus_scanner, input.message); });
  }
  Scan scanners(services.scanners, input, needs.spam);
  Content content = look_inside(input, needs);
  ScanFindings findings = scanners.finish(progress);

  evidence.attachments = std::move(content.attachments);
  evidence.uri_hosts = std::move(content.uri_hosts);
  evidence.header_defects = std::move(content.header_defects);
  evidence.encoding_defects = std::move(content.encoding_defects);
  evidence.spam = std::move(findings.spam);
  evidence.scanner_fault = std::move(findings.fault);
  evidence.virus = std::move(findings.virus);
  if (virus) take_virus(wait_for(*virus, progress), evidence);
}

}  // namespace postern::session
