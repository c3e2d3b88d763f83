#include "session/gather.h"

#include <optional>

#include "base/clock.h"
#include "base/metrics.h"
#include "session/in_thread.h"

namespace postern::session {
namespace {

Result<ports::ScanResult> ask(ports::Scanner& scanner, const ports::ScanInput& input) {
  const auto started = std::chrono::steady_clock::now();
  auto result = scanner.scan(input, Deadline::after(scanner.timeout()));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  metrics::observe_seconds("postern_scanner_seconds", took.count(), {{"scanner", scanner.name()}});
  if (!result) metrics::count("postern_scanner_failures_total", {{"scanner", scanner.name()}});
  return result;
}

class Findings {
 public:
  void add(const ports::Scanner& scanner, const Result<ports::ScanResult>& result) {
    if (!result) {
      if (!unavailable_) unavailable_ = decide::Unavailable{result.error().what};
      return;
    }
    if (!best_ || result->score > best_->score) {
      const bool advert = best_ && best_->advert;
      best_ = decide::SpamVerdict{result->score, advert, scanner.name(), result->uri_hits};
    }
    best_->advert = best_->advert || result->advert;
    if (virus_.name.empty()) virus_.name = result->virus;
  }

  ScanFindings finish() && {
    ScanFindings findings;
    // A virus that one scanner names is one, whatever became of the others.
    if (best_) findings.virus = std::move(virus_);
    if (best_) findings.spam = std::move(*best_);
    findings.fault = std::move(unavailable_);
    return findings;
  }

 private:
  std::optional<decide::SpamVerdict> best_;
  decide::VirusVerdict virus_;
  std::optional<decide::Unavailable> unavailable_;
};

}  // namespace

Scan::Scan(const std::vector<std::shared_ptr<ports::Scanner>>& scanners,
           const ports::ScanInput& input, bool score_is_needed)
    : scanners_(scanners), input_(input) {
  for (const auto& scanner : scanners_) {
    if (scanner->is_local() || !score_is_needed) continue;
    questions_.push_back({*scanner, in_thread(scanner->name(), [&asked = *scanner, &input] {
                            return ask(asked, input);
                          })});
  }
}

ScanFindings Scan::finish(const std::function<void()>& progress) {
  Findings findings;
  for (const auto& scanner : scanners_) {
    if (scanner->is_local()) findings.add(*scanner, ask(*scanner, input_));
  }
  for (Question& question : questions_) {
    findings.add(question.scanner, wait_for(question.answer, progress));
  }
  return std::move(findings).finish();
}

}  // namespace postern::session
