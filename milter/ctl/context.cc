#include "ctl/context.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "ctl/health.h"
#include "ctl/terminal.h"
#include "server/control_client.h"
#include "settings/load.h"

namespace postern::ctl {
namespace {

constexpr Milliseconds kPatience = std::chrono::seconds(120);

// The socket of the command line, else of the configuration, else the default; secrets are left alone.
std::variant<std::string, int> control_socket(const Context& context) {
  if (!context.socket.empty()) return context.socket;
  auto outcome = settings::load_file(context.config, settings::SecretFiles::leave);
  if (const auto* const faults = std::get_if<std::vector<settings::Fault>>(&outcome)) {
    return fail_configuration(context, *faults);
  }
  return std::get<settings::Settings>(outcome).listen.control;
}

// What the person can do about it, a line each.
std::string what_next(const Error& error) {
  if (error.permanence == Permanence::permanent) {
    return "\n  The socket is for root and the daemon's user: ask as root, or name another, "
           "--socket PATH";
  }
  return "\n  Is it running?    systemctl status posternd, or journalctl -u posternd -n 20"
         "\n  Start it:         systemctl start posternd"
         "\n  Another socket:   --socket PATH, or --config FILE for its listen.control"
         "\n  Without a daemon: --offline DIR, where posternctl VERB --help names it";
}

}  // namespace

int fail(int exit, const std::string& what) {
  std::fprintf(stderr, "%s %s\n", styled(STDERR_FILENO, Look::alarm, "posternctl:").c_str(),
               printable_utf8(what).c_str());
  return exit;
}

int fail_configuration(const Context& context, const std::vector<settings::Fault>& faults) {
  for (const settings::Fault& fault : faults) fail(kConfiguration, fault.to_string());
  if (access(context.config.c_str(), R_OK) == 0) return kConfiguration;
  const bool is_there = access(context.config.c_str(), F_OK) == 0;
  std::fprintf(stderr, "  %s\n",
               is_there ? "It is for root and the daemon's user: ask as root"
                        : "Is Postern installed here? Another configuration: --config FILE");
  std::fprintf(stderr,
               "  Without one: --socket PATH, --offline DIR or --redis-url URL, where the verb has "
               "it\n");
  return kConfiguration;
}

namespace {

Asked ask(const Context& context, const json& request, bool quietly) {
  const auto socket = control_socket(context);
  if (const int* const exit = std::get_if<int>(&socket)) return {*exit, {}};
  const auto line = server::ask(std::get<std::string>(socket), request.dump(), kPatience);
  if (!line) return {fail(kDaemonAway, line.error().what + what_next(line.error())), {}};
  const json answer = json::parse(*line, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok")) {
    return {fail(kDaemonAway, "the daemon's answer is not understood"), {}};
  }
  if (answer["ok"] != true) {
    const int exit = answer.value("exit", kNo);
    if (quietly && exit == kNo) return {exit, {}};
    return {fail(exit, answer.value("error", "no reason given")), {}};
  }
  return {kDone, answer["answer"]};
}

}  // namespace

Asked ask_daemon(const Context& context, const json& request) {
  return ask(context, request, false);
}

Asked ask_daemon_quietly(const Context& context, const json& request) {
  return ask(context, request, true);
}

void print(const Context& context, const json& answer,
           const std::function<void(const json& answer)>& for_people) {
  if (context.as_json) {
    std::printf("%s\n", answer.dump(2, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    for_people(answer);
  }
}

std::string printable_utf8(const std::string& text) {
  std::string clean = text;
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return (c >= 0 && c < 0x20 && c != '\n') || c == 0x7f; }, '?');
  return clean;
}

std::string text_of(const json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

namespace {

// Columns as seen: UTF-8 continuation octets take no place.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string one_line(const std::string& text) {
  std::string clean = printable_utf8(text);
  std::replace(clean.begin(), clean.end(), '\n', ' ');
  return clean;
}

}  // namespace

void print_table(const std::vector<std::string>& headings,
                 const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines = {headings};
  for (const auto& row : rows) {
    lines.emplace_back();
    for (const std::string& cell : row) lines.back().push_back(one_line(cell));
  }
  std::vector<std::size_t> widths(headings.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(line[i]));
    }
  }
  bool is_heading = true;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size() && i < widths.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text += std::string(widths[i] - width_of(line[i]) + 2, ' ');
    }
    if (is_heading) text = styled(STDOUT_FILENO, Look::heading, text);
    is_heading = false;
    std::printf("%s\n", text.c_str());
  }
}

}  // namespace postern::ctl
