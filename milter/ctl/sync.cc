// sync: everything from an admin API into the store, once or again and again.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <set>

#include "adapters/admin_api/pull.h"
#include "base/units.h"
#include "base/wakeup.h"
#include "ctl/context.h"
#include "ctl/target.h"
#include "mail/domain_name.h"
#include "settings/secret_file.h"

namespace postern::ctl {
namespace {

using admin_api::Outcome;

constexpr const char* kRedisState = "/var/lib/postern/sync.state";
constexpr const char* kDirectoryState = "/.sync.state";  // hidden: no document

struct Arguments {
  std::string url;
  std::string token_file;
  std::string ca_file;
  std::string state_file;
  std::string watch;
  std::string timeout = "30s";
  std::vector<std::string> domains;
  std::size_t jobs = 4;
  bool no_user_lists = false;
  bool accept_loss = false;
  bool dry = false;
  TargetOptions target;
};

volatile std::sig_atomic_t g_signalled = 0;  // NOLINT: what a signal handler may touch
extern "C" void on_signal(int) { g_signalled = 1; }

void listen_to_signals() {
  struct sigaction action {};
  action.sa_handler = &on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

// "https://api.example/v1": a token goes over the wire in the clear on this machine alone.
Result<std::string> checked_url(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  const std::size_t scheme = url.find("://");
  const bool encrypted = url.starts_with("https://");
  if (scheme == std::string::npos || (!encrypted && !url.starts_with("http://"))) {
    return permanent_error("--url: expected https://HOST[:PORT][/PATH]");
  }
  if (url.find_first_of(" \t\r\n?#@") != std::string::npos) {
    return permanent_error("--url: no user, no query, no blanks in it");
  }
  const std::string host = url.substr(scheme + 3, url.find_first_of(":/", scheme + 3) - scheme - 3);
  if (host.empty()) return permanent_error("--url: no host in it");
  if (!encrypted && host != "127.0.0.1" && host != "localhost") {
    return permanent_error("--url: the token would go over the network in the clear: https://");
  }
  return url;
}

json answer_of(const Outcome& outcome) {
  const auto name = [&] {
    switch (outcome.end) {
      case Outcome::End::complete:
        return "complete";
      case Outcome::End::incomplete:
        return "incomplete";
      case Outcome::End::unauthorized:
        return "unauthorized";
      case Outcome::End::away:
        return "away";
      case Outcome::End::stopped:
        return "stopped";
      case Outcome::End::store_failed:
        return "store failed";
    }
    return "";
  };
  return {{"end", name()},
          {"why", outcome.why},
          {"new", outcome.counts.fresh},
          {"changed", outcome.counts.changed},
          {"unchanged", outcome.counts.unchanged},
          {"deleted", outcome.counts.deleted},
          {"refused", outcome.counts.refused},
          {"requests", outcome.requests},
          {"resumed", outcome.resumed},
          {"problems", outcome.problems},
          {"more_problems", outcome.more_problems},
          {"notes", outcome.notes}};
}

void print_outcome(const json& answer) {
  for (const json& problem : answer["problems"]) {
    std::printf("kept as it is: %s\n", printable_utf8(text_of(problem)).c_str());
  }
  if (answer["more_problems"] != 0) {
    std::printf("and %s more\n", text_of(answer["more_problems"]).c_str());
  }
  for (const json& note : answer["notes"]) {
    std::printf("note: %s\n", printable_utf8(text_of(note)).c_str());
  }
  std::printf("%s%s: %s new, %s changed, %s unchanged, %s deleted, %s refused; %s requests\n",
              text_of(answer["end"]).c_str(), answer["resumed"] == true ? " (resumed)" : "",
              text_of(answer["new"]).c_str(), text_of(answer["changed"]).c_str(),
              text_of(answer["unchanged"]).c_str(), text_of(answer["deleted"]).c_str(),
              text_of(answer["refused"]).c_str(), text_of(answer["requests"]).c_str());
}

int exit_of(const Outcome& outcome) {
  switch (outcome.end) {
    case Outcome::End::complete:
      return kDone;
    case Outcome::End::incomplete:
    case Outcome::End::stopped:
      return kNo;
    case Outcome::End::unauthorized:
      return fail(kConfiguration, outcome.why + "; what is stored stays. Renew --token-file");
    case Outcome::End::away:
      return fail(kDaemonAway, outcome.why + "; what is stored stays. Run it again to go on");
    case Outcome::End::store_failed:
      return fail(kDaemonAway, outcome.why);
  }
  return kNo;
}

// "domains 12/400, users 3100/5000, 260 requests" on one line that is written over.
void show_progress(const admin_api::Progress& progress) {
  constexpr int kWidth = 24;
  const std::uint64_t all = progress.domains + progress.users;
  const std::uint64_t done = progress.domains_done + progress.users_done;
  const int filled = all == 0 ? 0 : static_cast<int>(kWidth * done / all);
  std::fprintf(stderr, "\r\033[K[%.*s%.*s] domains %llu/%llu, users %llu/%llu, %llu requests",
               filled, "########################", kWidth - filled, "........................",
               static_cast<unsigned long long>(progress.domains_done),
               static_cast<unsigned long long>(progress.domains),
               static_cast<unsigned long long>(progress.users_done),
               static_cast<unsigned long long>(progress.users),
               static_cast<unsigned long long>(progress.requests));
  std::fflush(stderr);
}

class Sync {
 public:
  Sync(const Context& context, const Arguments& arguments)
      : context_(context), arguments_(arguments) {}

  int run() {
    const auto url = checked_url(arguments_.url);
    if (!url) return fail(kUsage, url.error().what);
    url_ = *url;
    const auto timeout = parse_duration(arguments_.timeout);
    if (!timeout || timeout->count() <= 0) return fail(kUsage, "--timeout: expected 30s, 2m, …");
    timeout_ = *timeout;
    Milliseconds interval{0};
    if (!arguments_.watch.empty()) {
      const auto parsed = parse_duration(arguments_.watch);
      if (!parsed || parsed->count() <= 0) return fail(kUsage, "--watch: expected 5m, 1h, …");
      interval = *parsed;
    }
    for (const std::string& domain : arguments_.domains) {
      const auto name = mail::to_a_label(domain);
      if (!name) return fail(kUsage, "--domain: " + domain + ": not a domain name");
      options_.domains.insert(*name);
    }
    options_.jobs = arguments_.jobs;
    options_.user_lists = !arguments_.no_user_lists;
    options_.dry = arguments_.dry;
    if (arguments_.accept_loss) options_.largest_loss = 1.0;
    auto opened = open_target(context_, arguments_.target);
    if (const int* const exit = std::get_if<int>(&opened)) return *exit;
    store_ = std::move(std::get<std::unique_ptr<ports::DocumentStore>>(opened));
    listen_to_signals();
    return arguments_.watch.empty() ? round() : watch(interval);
  }

 private:
  int round() {
    const auto token = settings::read_secret_file(arguments_.token_file);
    if (!token) return fail(kConfiguration, "--token-file: " + token.error().what);
    auto journal = admin_api::Journal::open(state_file(), url_, clock_);
    if (!journal) {
      return fail(kConfiguration, journal.error().what + "; --state names another file");
    }
    admin_api::ApiOptions api;
    api.url = url_;
    api.token = *token;
    api.ca_file = arguments_.ca_file;
    api.timeout = timeout_;
    admin_api::ApiClient client(std::move(api));
    admin_api::Pull pull(client, *store_, **journal, options_);
    const bool on_terminal = ::isatty(STDERR_FILENO) != 0 && !context_.as_json;
    const Outcome outcome = pull.run([&] {
      if (g_signalled != 0) client.stop();
      if (on_terminal) show_progress(pull.progress());
    });
    if (on_terminal) std::fprintf(stderr, "\r\033[K");
    print(context_, answer_of(outcome), print_outcome);
    std::fflush(stdout);
    return exit_of(outcome);
  }

  // A token that is refused is refused the next time too; everything else may be better then.
  int watch(Milliseconds interval) {
    while (g_signalled == 0) {
      const int exit = round();
      if (exit == kConfiguration) return exit;
      const Wakeup never;
      const Deadline next = Deadline::after(interval);
      while (g_signalled == 0 && !next.passed()) {
        never.wait(Deadline::after(Milliseconds(200)).sooner_of(next));
      }
    }
    return kDone;
  }

  std::string state_file() const {
    if (arguments_.dry && arguments_.state_file.empty()) return "";
    if (!arguments_.state_file.empty()) return arguments_.state_file;
    return arguments_.target.to == "redis" ? kRedisState : arguments_.target.to + kDirectoryState;
  }

  const Context& context_;
  const Arguments& arguments_;
  const SystemClock clock_;
  std::string url_;
  Milliseconds timeout_{};
  admin_api::PullOptions options_;
  std::unique_ptr<ports::DocumentStore> store_;
};

}  // namespace

void add_sync(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb = app.add_subcommand(
      "sync", "pull domains, users, lists, filters and groups from a Cleanmail-style admin API");
  verb->add_option("--url", arguments->url, "the API, for example https://api.example/v1")
      ->required();
  verb->add_option("--token-file", arguments->token_file, "the file with the Bearer token")
      ->required();
  add_target_options(*verb, arguments->target, "a policy directory, or redis")->required();
  verb->add_option("--ca-file", arguments->ca_file,
                   "trust these certificate authorities instead of the system's");
  verb->add_option("--state", arguments->state_file,
                   "what came from this API, so that it can go on and delete; else "
                   "/var/lib/postern/sync.state, or .sync.state in the directory");
  verb->add_option("--watch", arguments->watch, "again and again, with this pause between: 5m, 1h");
  verb->add_option("--domain", arguments->domains,
                   "this domain only; may be given again. Nothing is deleted then");
  verb->add_option("--jobs", arguments->jobs, "requests at the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 32));
  verb->add_option("--timeout", arguments->timeout, "for each request")->capture_default_str();
  verb->add_flag("--no-user-lists", arguments->no_user_lists,
                 "leave out the lists of users, which take a request for each");
  verb->add_flag("--accept-loss", arguments->accept_loss,
                 "let more than half of the domains be deleted");
  verb->add_flag("--dry-run", arguments->dry, "say what would change, and write nothing");
  verb->footer(
      "Examples: posternctl sync --url https://api.example/v1 --token-file /etc/postern/api.token "
      "--to redis --watch 5m\n"
      "          posternctl sync --url https://api.example/v1 --token-file token --to "
      "/etc/postern/policy --dry-run");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return Sync(context, *arguments).run(); };
  });
}

}  // namespace postern::ctl
