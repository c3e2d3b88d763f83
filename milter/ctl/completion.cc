// Shell completion, written from the command line itself: a verb that is declared is completed.
#include <cstdio>

#include "ctl/verbs.h"

namespace postern::ctl {
namespace {

struct Word {
  std::string text;  // "list", "--rcpt"
  std::string description;
  bool takes_value = false;
};

// What may stand after the words of a verb; "" for posternctl alone.
struct Place {
  std::string words;
  std::vector<Word> verbs;
  std::vector<Word> options;
};

void collect(const CLI::App& app, const std::string& words, const std::vector<Word>& inherited,
             std::vector<Place>& places) {
  Place place{words, {}, inherited};
  for (const CLI::Option* const option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      place.options.push_back(
          {"--" + name, option->get_description(), option->get_items_expected_max() > 0});
    }
  }
  // Options of posternctl itself may stand behind every verb; its --help is each verb's own.
  std::vector<Word> for_all = inherited;
  if (words.empty()) {
    for (const Word& option : place.options) {
      if (option.text != "--help") for_all.push_back(option);
    }
  }
  const auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* const verb : verbs) {
    if (!verb->get_group().empty()) {
      place.verbs.push_back({verb->get_name(), verb->get_description()});
    }
  }
  places.push_back(place);
  for (const CLI::App* const verb : verbs) {
    if (verb->get_group().empty()) continue;
    collect(*verb, words.empty() ? verb->get_name() : words + " " + verb->get_name(), for_all,
            places);
  }
}

std::string escaped(const std::string& text, const std::string& specials, char by) {
  std::string result;
  for (const char c : text) {
    if (specials.find(c) != std::string::npos) result += by;
    result += c;
  }
  return result;
}

// Inside single quotes, for bash and zsh.
std::string in_quotes(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

std::vector<Word> all_of(const Place& place) {
  std::vector<Word> all = place.verbs;
  all.insert(all.end(), place.options.begin(), place.options.end());
  return all;
}

// "a|b c|d" as a pattern of `case`, each quoted.
std::string pattern_of(const std::vector<std::string>& texts) {
  std::string pattern;
  for (const std::string& text : texts) pattern += (pattern.empty() ? "" : "|") + in_quotes(text);
  return pattern;
}

std::string known_places(const std::vector<Place>& places) {
  std::vector<std::string> known;
  for (const Place& place : places) {
    if (!place.words.empty()) known.push_back(place.words);
  }
  return pattern_of(known);
}

// `    'vault list') options='--rcpt --config' ;;`: which options want a value, so that files are offered.
std::string value_cases(const std::vector<Place>& places) {
  std::string cases;
  for (const Place& place : places) {
    std::vector<std::string> names;
    for (const Word& option : place.options) {
      if (option.takes_value) names.push_back(place.words + " " + option.text);
    }
    if (!names.empty()) cases += "    " + pattern_of(names) + ") return 0 ;;\n";
  }
  return cases;
}

std::string bash(const std::vector<Place>& places) {
  std::string text =
      "# bash completion for posternctl, written by `posternctl completion bash`.\n"
      "_posternctl_wants_value() {\n  case \"$1 $2\" in\n" +
      value_cases(places) +
      "  esac\n  return 1\n}\n"
      "_posternctl() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} verb='' word last='' choices=''\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    last=$word\n"
      "    case \"${verb:+$verb }$word\" in\n      " +
      known_places(places) +
      ") verb=\"${verb:+$verb }$word\" ;;\n    esac\n  done\n"
      "  COMPREPLY=()\n"
      "  if _posternctl_wants_value \"$verb\" \"$last\"; then return 0; fi\n"
      "  case $verb in\n";
  for (const Place& place : places) {
    std::string choices;
    for (const Word& word : all_of(place)) choices += (choices.empty() ? "" : " ") + word.text;
    text += "    " + in_quotes(place.words) + ") choices=" + in_quotes(choices) + " ;;\n";
  }
  return text +
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$current\")\n"
         "}\n"
         // Where nothing of ours fits, a file is meant.
         "complete -o default -F _posternctl posternctl\n";
}

std::string zsh(const std::vector<Place>& places) {
  std::string text =
      "#compdef posternctl\n"
      "# zsh completion for posternctl, written by `posternctl completion zsh`.\n"
      "_posternctl_wants_value() {\n  case \"$1 $2\" in\n" +
      value_cases(places) +
      "  esac\n  return 1\n}\n"
      "_posternctl() {\n"
      "  local verb='' word last=''\n"
      "  local -a entries\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    last=$word\n"
      "    case \"${verb:+$verb }$word\" in\n      " +
      known_places(places) +
      ") verb=\"${verb:+$verb }$word\" ;;\n    esac\n  done\n"
      "  if _posternctl_wants_value \"$verb\" \"$last\"; then _files; return; fi\n"
      "  case $verb in\n";
  for (const Place& place : places) {
    text += "    " + in_quotes(place.words) + ")\n      entries=(\n";
    for (const Word& word : all_of(place)) {
      text +=
          "        " + in_quotes(word.text + ":" + escaped(word.description, ":\\", '\\')) + "\n";
    }
    text += "      ) ;;\n";
  }
  return text +
         "  esac\n"
         "  _describe posternctl entries || _files\n"
         "}\n"
         "_posternctl \"$@\"\n";
}

std::string fish(const std::vector<Place>& places) {
  std::string text =
      "# fish completion for posternctl, written by `posternctl completion fish`.\n"
      "function __posternctl_at\n"
      "  set -l verb ''\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch (string trim -- \"$verb $word\")\n"
      "      case";
  for (const Place& place : places) {
    if (!place.words.empty()) text += " " + in_quotes(place.words);
  }
  text +=
      "\n        set verb (string trim -- \"$verb $word\")\n"
      "    end\n"
      "  end\n"
      "  test \"$verb\" = \"$argv[1]\"\n"
      "end\n";
  for (const Place& place : places) {
    const std::string at = "complete -c posternctl -n \"__posternctl_at '" + place.words + "'\"";
    for (const Word& verb : place.verbs) {
      text += at + " -f -a " + verb.text + " -d '" + escaped(verb.description, "'\\", '\\') + "'\n";
    }
    for (const Word& option : place.options) {
      text += at + " -l " + option.text.substr(2) + (option.takes_value ? " -r" : "") + " -d '" +
              escaped(option.description, "'\\", '\\') + "'\n";
    }
  }
  return text;
}

int run(const CLI::App& app, const std::string& shell) {
  std::vector<Place> places;
  collect(app, "", {}, places);
  std::string script;
  if (shell == "bash") script = bash(places);
  if (shell == "zsh") script = zsh(places);
  if (shell == "fish") script = fish(places);
  if (script.empty()) return fail(kUsage, shell + ": no such shell; bash, zsh and fish are known");
  return std::fputs(script.c_str(), stdout) < 0 ? kNo : kDone;
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* const verb = app.add_subcommand("completion", "the completion script of a shell");
  verb->add_option("shell", *shell, "bash, zsh or fish")->required();
  verb->footer("Example: posternctl completion bash > /etc/bash_completion.d/posternctl");
  verb->group("");  // packages carry the scripts; hardly anybody types this
  verb->callback(
      [&app, &context, shell] { context.chosen = [&app, shell] { return run(app, *shell); }; });
}

}  // namespace postern::ctl
