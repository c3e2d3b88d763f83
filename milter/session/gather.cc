#include "session/gather.h"

#include <future>
#include <optional>
#include <system_error>

#include "base/clock.h"
#include "base/metrics.h"

namespace postern::session {
namespace {

constexpr Milliseconds kProgressInterval{10'000};

Result<ports::ScanResult> ask(ports::Scanner& scanner, const ports::ScanInput& input) {
  const auto started = std::chrono::steady_clock::now();
  auto result = scanner.scan(input, Deadline::after(scanner.timeout()));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  metrics::observe_seconds("postern_scanner_seconds", took.count(), {{"scanner", scanner.name()}});
  if (!result) metrics::count("postern_scanner_failures_total", {{"scanner", scanner.name()}});
  return result;
}

// A thread may be refused by the system: that scanner is then unavailable, no more.
std::future<Result<ports::ScanResult>> ask_in_thread(ports::Scanner& scanner,
                                                     const ports::ScanInput& input) {
  try {
    return std::async(std::launch::async, [&scanner, &input] { return ask(scanner, input); });
  } catch (const std::system_error& error) {
    std::promise<Result<ports::ScanResult>> failed;
    failed.set_value(temporary_error(scanner.name() + ": no thread: " + error.what()));
    return failed.get_future();
  }
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

ScanFindings scan(const std::vector<std::unique_ptr<ports::Scanner>>& scanners,
                  const ports::ScanInput& input, bool score_is_needed,
                  const std::function<void()>& progress) {
  struct Question {
    ports::Scanner& scanner;
    std::future<Result<ports::ScanResult>> answer;
  };
  std::vector<Question> questions;
  for (const auto& scanner : scanners) {
    if (scanner->is_local() || !score_is_needed) continue;
    questions.push_back({*scanner, ask_in_thread(*scanner, input)});
  }
  Findings findings;
  for (const auto& scanner : scanners) {
    if (scanner->is_local()) findings.add(*scanner, ask(*scanner, input));
  }
  for (Question& question : questions) {
    while (question.answer.wait_for(kProgressInterval) == std::future_status::timeout) progress();
    findings.add(question.scanner, question.answer.get());
  }
  return std::move(findings).finish();
}

}  // namespace postern::session
