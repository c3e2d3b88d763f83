// A daemon small enough to be started, signalled and killed by tests: the milter server over the session room, with
// one policy set. Says on standard output what it does, a line each.
//
//   milter_under_test ADDRESS [no-policy]   the server
//   milter_under_test editor ADDRESS        every change of a MilterEditor, on the wire
#include <libmilter/mfapi.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "base/log.h"
#include "server/milter_editor.h"
#include "server/milter_server.h"
#include "server/signals.h"
#include "session/services.h"
#include "support/policies.h"

namespace postern::test {
namespace {

// The score is what the message says of itself.
class HonestScanner final : public ports::Scanner {
 public:
  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override { return Milliseconds(1000); }
  Result<ports::ScanResult> scan(const ports::ScanInput& input, Deadline /*deadline*/) override {
    const mail::HeaderField* const score = input.message.find("X-Test-Score");
    if (score != nullptr && score->value == " slow") {
      std::this_thread::sleep_for(Milliseconds(1500));
    }
    return ports::ScanResult{.score = score == nullptr ? 0 : 1000 * std::atoi(score->value.c_str()),
                             .advert = false,
                             .virus = {}};
  }

 private:
  std::string name_ = "honest";
};

// There is no vault here, and these messages have no Date: bad headers must not have to be kept.
std::string sample_policy() {
  std::string policy = kPolicyA;
  const std::string keeps = R"("storeBadHeaders":true)";
  return policy.replace(policy.find(keeps), keeps.size(), R"("storeBadHeaders":false)");
}

policy::SnapshotPtr sample_snapshot() {
  const std::string policy = sample_policy();
  return snapshot_of({{"domain:got.com", domain_json("got.com", policy.c_str(),
                                                     R"("domainAliases":[{"name":"alias.com"}],)"
                                                     R"("outgoingSubnets":["192.0.2.0/24"])")}});
}

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

int serve(const std::string& listen, bool has_policy) {
  log::configure(log::Level::error, log::Format::text);
  auto signals = server::DaemonSignals::make();  // before any thread
  const auto address = server::ListenAddress::parse(listen);
  if (!signals || !address) return 2;
  const SystemClock clock;
  Published<policy::Snapshot> snapshot(has_policy ? sample_snapshot() : nullptr);
  session::Services services{clock, snapshot};
  services.scanners.push_back(std::make_unique<HonestScanner>());
  server::MilterServer milter({.listen = *address, .access = {.mode = 0600, .group = {}}},
                              services);
  if (const Status opened = milter.open(); !opened) {
    say("error " + opened.error().what);
    return 1;
  }
  std::thread accepting([&milter] {
    if (const Status ran = milter.run(); !ran) say("error " + ran.error().what);
  });
  say("listening " + milter.address().to_string());
  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    signal = signals->next(Milliseconds(60'000)).value_or(0);
    if (signal == SIGHUP) say("hangup");
  }
  services.draining = true;
  const auto begin = std::chrono::steady_clock::now();
  const bool clean = milter.stop();
  const auto took =
      std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
  accepting.join();
  say((clean ? "stopped " : "stopped with work left ") + std::to_string(took.count()));
  say("open transactions " + std::to_string(services.open_transactions.load()));
  return 0;
}

std::string outcome(const Status& status) { return status ? "ok" : status.error().what; }

sfsistat edit_everything(SMFICTX* context) {
  server::MilterEditor editor(context);
  editor.progress();
  say("add " + outcome(editor.add_header("X-Added", " at the end")));
  say("insert " + outcome(editor.insert_header("X-Inserted", " folded\n\tvalue")));
  say("change " + outcome(editor.change_header("Subject", 2, " new")));
  say("delete " + outcome(editor.delete_header("X-Old", 3)));
  say("recipient " + outcome(editor.delete_recipient("<To@Example.NET>")));
  say("recipient " + outcome(editor.add_recipient("<new@example.net>", "")));
  say("recipient " + outcome(editor.add_recipient("<dsn@example.net>", "NOTIFY=NEVER")));
  say("body " + outcome(editor.replace_body(std::string(150'000, 'b'))));
  say("body " + outcome(editor.replace_body("")));
  say("refused " + outcome(editor.add_header("X-Bad", " a\nInjected: yes")));
  say("refused " + outcome(editor.add_header("X-Bad", " a\r\n b")));
  say("refused " + outcome(editor.add_header("X-Bad", std::string(" a\0b", 4))));
  say("refused " + outcome(editor.add_header("X Bad:", " a")));
  say("refused " + outcome(editor.change_header("Subject", 1, "")));
  say("refused " + outcome(editor.add_recipient("<a@b>\r\n", "")));
  say("refused " + outcome(editor.delete_recipient("")));
  say("refused " + outcome(editor.add_header("X-Huge", " " + std::string(100'000, 'h'))));
  return SMFIS_ACCEPT;
}

sfsistat want_everything(SMFICTX*, unsigned long, unsigned long, unsigned long, unsigned long,
                         unsigned long*, unsigned long*, unsigned long*, unsigned long*) {
  return SMFIS_ALL_OPTS;
}

// libmilter without the server, so that every change can be asked for.
int edit(std::string listen) {
  char name[] = "editor";
  smfiDesc description{};
  description.xxfi_name = name;
  description.xxfi_version = SMFI_VERSION;
  description.xxfi_flags = SMFI_CURR_ACTS;
  description.xxfi_negotiate = want_everything;
  description.xxfi_eom = edit_everything;
  if (smfi_setconn(listen.data()) != MI_SUCCESS || smfi_register(description) != MI_SUCCESS ||
      smfi_opensocket(false) != MI_SUCCESS) {
    return 1;
  }
  say("listening " + listen);
  return smfi_main();
}

}  // namespace
}  // namespace postern::test

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "editor") return postern::test::edit(argv[2]);
  const bool no_policy = argc == 3 && std::string_view(argv[2]) == "no-policy";
  return argc < 2 ? 2 : postern::test::serve(argv[1], !no_policy);
}
