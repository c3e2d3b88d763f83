#include "manual/pages.h"

#include <algorithm>
#include <array>

#include "command_line.h"
#include "ctl/verbs.h"
#include "manual/mdoc.h"
#include "settings/table.h"

namespace postern::manual {
namespace {

constexpr std::string_view kBegin = ".\\\" @";
constexpr std::string_view kEnd = "@";

// "  --class TEXT" and "  mail TEXT ..." as a person reads them.
std::string value_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type.find('|') != std::string::npos) return type;
  return type.starts_with("TEXT") ? "text" : "number";
}

bool is_help(const CLI::Option& option) {
  return option.get_lnames() == std::vector<std::string>{"help"};
}

std::string default_of(const CLI::Option& option) {
  const std::string text = option.get_default_str();
  return text.empty() ? "" : ".br\nDefault:\n.Ic " + literal(text) + "\n";
}

// The positional arguments of a verb, in their order: "dialect file", "mail ...".
std::string arguments_of(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* const option : app.get_options()) {
    if (!option->get_positional()) continue;
    text += option->get_required() ? ".Ar " : ".Op Ar ";
    text += literal(option->get_name(true));
    if (option->get_items_expected_max() > 1) text += " ...";
    text += "\n";
  }
  return text;
}

std::string options_of(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* const option : app.get_options()) {
    if (is_help(*option)) continue;
    if (option->get_positional()) {
      text += ".It Ar " + literal(option->get_name(true)) + "\n";
      if (option->get_type_name().find('|') != std::string::npos) {
        text += ".Ic " + literal(option->get_type_name()) + " :\n";
      }
    } else {
      text += ".It";
      bool is_first = true;
      for (const std::string& name : option->get_lnames()) {
        text += std::string(is_first ? "" : " ,") + " Fl " + literal("-" + name);
        is_first = false;
      }
      if (option->get_items_expected_max() > 0) text += " Ar " + literal(value_of(*option));
      text += "\n";
    }
    text += prose(stopped(option->get_description()));
    if (option->get_required() && !option->get_positional()) text += "Required.\n";
    text += default_of(*option);
  }
  return text.empty() ? "" : ".Bl -tag -width Ds\n" + text + ".El\n";
}

std::string examples_of(const std::vector<std::string>& examples) {
  if (examples.empty()) return "";
  std::string text = examples.size() == 1 ? ".Pp\nExample:\n" : ".Pp\nExamples:\n";
  text += ".Bd -literal -offset indent\n";
  for (const std::string& example : examples) text += literal(example) + "\n";
  return text + ".Ed\n";
}

std::string verb_text(const ctl::Verb& verb) {
  const ctl::Footer footer = ctl::footer_of(*verb.app);
  std::string text = ".Ss " + literal(verb.words) + "\n.Nm posternctl\n.Cm " + literal(verb.words) +
                     "\n.Op Ar options\n" + arguments_of(*verb.app) + ".Pp\n" +
                     prose(sentence(verb.app->get_description()));
  if (!footer.prose.empty()) text += prose(footer.prose);
  return text + options_of(*verb.app) + examples_of(footer.examples);
}

struct CommandLine {
  ctl::Context context;
  CLI::App app{"", "posternctl"};
  CommandLine() { ctl::declare_verbs(app, context); }
};

std::string posternctl_options() { return options_of(CommandLine().app); }

std::string posternctl_verbs() {
  const CommandLine line;
  std::string text;
  for (const ctl::Verb& verb : ctl::verbs_of(line.app)) text += verb_text(verb);
  return text;
}

std::string posternd_options() {
  Options options;
  CLI::App app("", "posternd");
  declare_options(app, options);
  return options_of(app);
}

std::string setting_text(const settings::SettingInfo& setting) {
  return ".It Ic " + literal(setting.key) + " : Ar " + literal(setting.default_text) + "\n" +
         prose(stopped(setting.description));
}

std::string settings_text() {
  std::string text = ".Bl -tag -width Ds\n";
  for (const settings::SettingInfo& setting : settings::describe_settings()) {
    text += setting_text(setting);
    switch (setting.reload) {
      case settings::Reload::live:
        break;
      case settings::Reload::restart:
        text += "Needs a restart.\n";
        break;
    }
  }
  return text + ".El\n";
}

// What stands inside spam.scanners and virus, a list for each kind.
std::string members_text() {
  std::string text;
  std::string of = "none yet";
  for (const settings::SettingInfo& member : settings::describe_members()) {
    const std::string kind = member.of.empty() ? "virus" : member.of;
    if (kind != of) {
      text += of == "none yet" ? "" : ".El\n";
      const std::string heading = member.of.empty() ? "virus" : "spam.scanners, " + member.of;
      text += ".Ss " + literal(heading) + "\n.Bl -tag -width Ds\n";
      of = kind;
    }
    text += setting_text(
        {member.key.substr(member.key.find('.') + 1 +
                           (member.of.empty() ? 0 : std::string("scanners[].").size())),
         member.default_text, member.description, member.reload, member.of});
  }
  return text + (text.empty() ? "" : ".El\n");
}

struct Part {
  const char* name;
  std::string (*text)();
};
constexpr std::array<Part, 5> kParts = {{{"posternd options", posternd_options},
                                         {"posternctl options", posternctl_options},
                                         {"posternctl verbs", posternctl_verbs},
                                         {"settings", settings_text},
                                         {"members", members_text}}};

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Part& part : kParts) all.emplace_back(part.name);
  return all;
}

Result<std::string> page_of(std::string_view page_template) {
  std::string page;
  int number = 0;
  while (!page_template.empty()) {
    const std::size_t end = std::min(page_template.find('\n'), page_template.size());
    const std::string_view line = page_template.substr(0, end);
    page_template.remove_prefix(std::min(end + 1, page_template.size()));
    ++number;
    if (!line.starts_with(kBegin) || !line.ends_with(kEnd)) {
      page += std::string(line) + "\n";
      continue;
    }
    const std::string_view name =
        line.substr(kBegin.size(), line.size() - kBegin.size() - kEnd.size());
    const auto part = std::find_if(kParts.begin(), kParts.end(),
                                   [&name](const Part& each) { return each.name == name; });
    if (part == kParts.end()) {
      return permanent_error("line " + std::to_string(number) + ": nothing is called " +
                             std::string(name));
    }
    page += part->text();
  }
  return page;
}

}  // namespace postern::manual
