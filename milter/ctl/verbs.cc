#include "ctl/verbs.h"

#include <sstream>

#include "ctl/health.h"

namespace postern::ctl {
namespace {

void collect(const CLI::App& app, const std::string& before, std::vector<Verb>& verbs) {
  for (const CLI::App* const verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_group().empty()) continue;  // hidden
    const std::string words = before.empty() ? verb->get_name() : before + " " + verb->get_name();
    const bool is_group = verb->get_require_subcommand_min() > 0;
    if (!is_group) verbs.push_back({words, verb});
    collect(*verb, words, verbs);
  }
}

std::string trimmed(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(' ');
  return begin == std::string::npos ? ""
                                    : line.substr(begin, line.find_last_not_of(' ') - begin + 1);
}

}  // namespace

void declare_verbs(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  app.add_option("--config", context.config, "the daemon's configuration file")
      ->capture_default_str();
  app.add_option("--socket", context.socket, "the daemon's control socket (else from --config)");
  app.add_flag("--json", context.as_json, "one JSON document instead of text");
  app.fallthrough();
  add_status(app, context);
  add_policy(app, context);
  add_route(app, context);
  add_explain(app, context);
  add_replay(app, context);
  add_health(app, context);
  add_dkim(app, context);
  add_limits(app, context);
  add_import(app, context);
  add_sync(app, context);
  add_vault(app, context);
  add_completion(app, context);
  app.footer(std::string("posternctl VERB --help shows the verb's options with examples.\n") +
             kExits);
}

std::vector<Verb> verbs_of(const CLI::App& app) {
  std::vector<Verb> verbs;
  collect(app, "", verbs);
  return verbs;
}

Footer footer_of(const CLI::App& verb) {
  Footer footer;
  std::istringstream lines(verb.get_footer());
  for (std::string line; std::getline(lines, line);) {
    std::string text = trimmed(line);
    for (const char* const heading : {"Example:", "Examples:"}) {
      if (text.starts_with(heading)) text = trimmed(text.substr(std::string(heading).size()));
    }
    if (text.starts_with("posternctl ")) {
      footer.examples.push_back(text);
    } else if (!text.empty()) {
      footer.prose += (footer.prose.empty() ? "" : "\n") + text;
    }
  }
  return footer;
}

}  // namespace postern::ctl
