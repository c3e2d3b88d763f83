// Shell completion, written from the command line itself: a verb that is declared is completed.
//
// What may be typed depends on the words before it: a place. Three kinds of them:
//   "vault list"            options when a dash is typed, else its verbs or what its first argument may be
//   "vault list --purpose"  the values of an option
//   everything else         a file
#include <algorithm>
#include <cstdio>
#include <sstream>

#include "ctl/verbs.h"

namespace postern::ctl {
namespace {

struct Word {
  std::string text;  // "list", "--rcpt", "opensrs"
  std::string description;
};

struct Place {
  std::string before;  // the words of a verb, "" for posternctl alone, or those and an option
  std::vector<Word> words;
  std::vector<Word> options;
  bool takes_files = false;  // an argument that may be anything: nothing else is put in its way
};

struct Collected {
  std::vector<Place> places;
  std::vector<std::string> verbs;       // the words of each, groups as well
  std::vector<std::string> with_value;  // "vault list --purpose": the next word is its value
};

// The type of an option or argument names the choice where there is one: "quarantine|retention".
std::vector<Word> values_of(const CLI::Option& option) {
  std::vector<Word> values;
  const std::string type = option.get_type_name();
  if (type.find('|') == std::string::npos) return values;
  std::istringstream parts(type);
  for (std::string value; std::getline(parts, value, '|');) {
    values.push_back({value, option.get_description()});
  }
  return values;
}

void collect(const CLI::App& app, const std::string& before, const CLI::App& root, Collected& all);

// An option of `app`, or of posternctl itself, as it may stand behind the words `before`.
void collect_option(const CLI::Option& option, const std::string& before, Place& place,
                    Collected& all) {
  for (const std::string& name : option.get_lnames()) {
    const std::string text = "--" + name;
    place.options.push_back({text, option.get_description()});
    if (option.get_items_expected_max() == 0) continue;
    all.with_value.push_back(before + " " + text);
    const std::vector<Word> values = values_of(option);
    if (!values.empty()) all.places.push_back({before + " " + text, values, {}});
  }
}

void collect_verbs(const CLI::App& app, const std::string& before, const CLI::App& root,
                   Place& place, Collected& all) {
  for (const CLI::App* const verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_group().empty()) continue;  // hidden
    place.words.push_back({verb->get_name(), verb->get_description()});
    const std::string words = before.empty() ? verb->get_name() : before + " " + verb->get_name();
    all.verbs.push_back(words);
    collect(*verb, words, root, all);
  }
}

void collect(const CLI::App& app, const std::string& before, const CLI::App& root, Collected& all) {
  Place place{before, {}, {}};
  bool is_first_argument = true;
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_positional()) {
      place.takes_files = true;
      if (is_first_argument) place.words = values_of(*option);
      is_first_argument = false;
    }
    collect_option(*option, before, place, all);
  }
  if (&app != &root) {
    // Those of posternctl itself may stand behind every verb; its --help is each verb's own.
    for (const CLI::Option* const option : root.get_options()) {
      if (option->get_lnames() != std::vector<std::string>{"help"}) {
        collect_option(*option, before, place, all);
      }
    }
  }
  collect_verbs(app, before, root, place, all);
  all.places.push_back(place);
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

// "'a'|'b c'", as `case` of bash and zsh takes it.
std::string pattern_of(const std::vector<std::string>& texts) {
  std::string pattern;
  for (const std::string& text : texts) pattern += (pattern.empty() ? "" : "|") + in_quotes(text);
  return pattern;
}

// bash and zsh: walks over the words that are there; then `at` is the place, and `arguments` counts what
// is neither verb nor option. `typed` is how the shell names those words.
std::string walk(const Collected& all, const std::string& typed) {
  return "  local at='' option='' word arguments=0\n"
         "  for word in " +
         typed +
         "; do\n"
         "    if [[ -n $option ]]; then option=''; continue; fi\n"
         "    case \"$at $word\" in\n"
         "      " +
         pattern_of(all.with_value) +
         ") option=$word; continue ;;\n"
         "    esac\n"
         "    case \"${at:+$at }$word\" in\n"
         "      " +
         pattern_of(all.verbs) +
         ") at=\"${at:+$at }$word\" ;;\n"
         "      *) if [[ $word != -* ]]; then arguments=$((arguments + 1)); fi ;;\n"
         "    esac\n"
         "  done\n"
         "  if [[ -n $option ]]; then at=\"$at $option\"; fi\n";
}

// The words that may stand at a place, then its options: what a shell's list is filled with.
struct Offer {
  std::vector<Word> bare;         // nothing is typed, or a letter
  std::vector<Word> with_a_dash;  // a dash is
};
Offer offer_of(const Place& place) {
  Offer offer{place.words, place.options};
  // Nothing else could be meant: let Tab alone show the options.
  if (place.words.empty() && !place.takes_files) offer.bare = place.options;
  return offer;
}

std::string listed(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) text += (text.empty() ? "" : " ") + word.text;
  return in_quotes(text);
}

std::string bash(const Collected& all) {
  std::string text =
      "# bash completion for posternctl, written by `posternctl completion bash`.\n"
      "_posternctl() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} bare='' dashed=''\n" +
      walk(all, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"") +
      "  COMPREPLY=()\n"
      "  case $at in\n";
  for (const Place& place : all.places) {
    const Offer offer = offer_of(place);
    text += "    " + in_quotes(place.before) + ") bare=" + listed(offer.bare) +
            " dashed=" + listed(offer.with_a_dash) + " ;;\n";
  }
  return text +
         "  esac\n"
         "  if [[ $current == -* ]]; then bare=$dashed; elif ((arguments > 0)); then bare=''; fi\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$bare\" -- \"$current\")\n"
         "}\n"
         // Where nothing of ours fits, a file is meant.
         "complete -o default -F _posternctl posternctl\n";
}

std::string described(const std::vector<Word>& words) {
  std::string text = "(";
  for (const Word& word : words) {
    text += " " + in_quotes(word.text + ":" + escaped(word.description, ":\\", '\\'));
  }
  return text + " )";
}

std::string zsh(const Collected& all) {
  std::string text =
      "#compdef posternctl\n"
      "# zsh completion for posternctl, written by `posternctl completion zsh`.\n"
      "_posternctl() {\n"
      "  local -a bare dashed\n" +
      walk(all, "\"${(@)words[2,CURRENT-1]}\"") + "  case $at in\n";
  for (const Place& place : all.places) {
    const Offer offer = offer_of(place);
    text += "    " + in_quotes(place.before) + ")\n      bare=" + described(offer.bare) +
            "\n      dashed=" + described(offer.with_a_dash) + " ;;\n";
  }
  return text +
         "  esac\n"
         "  if [[ $PREFIX == -* ]]; then bare=(\"${dashed[@]}\")\n"
         "  elif ((arguments > 0)); then bare=()\n"
         "  fi\n"
         "  if ((${#bare})); then _describe posternctl bare; else _files; fi\n"
         "}\n"
         // Found in $fpath it is the function's body; read with `source` it says so itself.
         "if [[ ${funcstack[1]} == _posternctl ]]; then _posternctl \"$@\"; else compdef "
         "_posternctl "
         "posternctl; fi\n";
}

std::string in_fish_quotes(const std::string& text) {
  return "'" + escaped(text, "'\\", '\\') + "'";
}

bool takes_value(const Collected& all, const std::string& option_at) {
  return std::find(all.with_value.begin(), all.with_value.end(), option_at) != all.with_value.end();
}

// What may follow an option: its values where they are known, else a file.
std::string fish_value(const Collected& all, const std::string& option_at) {
  if (!takes_value(all, option_at)) return "";
  const auto values =
      std::find_if(all.places.begin(), all.places.end(),
                   [&option_at](const Place& place) { return place.before == option_at; });
  return values == all.places.end() ? " -r" : " -x -a " + listed(values->words);
}

std::string fish_entries(const Collected& all, const Place& place) {
  std::string text;
  const auto where = [&place](const std::string& function) {
    return "complete -c posternctl -n " +
           in_fish_quotes(function + " " + in_fish_quotes(place.before));
  };
  const std::string at = where("__posternctl_at");
  for (const Word& word : place.words) {
    text += where("__posternctl_begins") + " -f -a " + word.text + " -d " +
            in_fish_quotes(word.description) + "\n";
  }
  for (const Word& option : place.options) {
    text += at + " -l " + option.text.substr(2) +
            fish_value(all, place.before + " " + option.text) + " -d " +
            in_fish_quotes(option.description) + "\n";
  }
  return text;
}

std::string fish(const Collected& all) {
  std::string text =
      "# fish completion for posternctl, written by `posternctl completion fish`.\n"
      "function __posternctl_typed -d 'the words typed so far name this place, with so many "
      "arguments'\n"
      "  set -l at ''\n"
      "  set -l arguments 0\n"
      "  set -l option ''\n"
      "  set -l typed (commandline -opc)\n"
      "  set -e typed[1]\n"
      "  for word in $typed\n"
      "    if test -n \"$option\"\n"
      "      set option ''\n"
      "      continue\n"
      "    end\n"
      "    switch \"$at $word\"\n"
      "      case";
  for (const std::string& place : all.with_value) text += " " + in_fish_quotes(place);
  text +=
      "\n        set option $word\n"
      "        continue\n"
      "    end\n"
      "    switch (string trim -- \"$at $word\")\n"
      "      case";
  for (const std::string& verb : all.verbs) text += " " + in_fish_quotes(verb);
  text +=
      "\n        set at (string trim -- \"$at $word\")\n"
      "      case '-*'\n"
      "      case '*'\n"
      "        set arguments (math $arguments + 1)\n"
      "    end\n"
      "  end\n"
      "  test \"$at\" = \"$argv[1]\"; and test $arguments -le $argv[2]\n"
      "end\n"
      "function __posternctl_at\n"
      "  __posternctl_typed $argv[1] 1000\n"
      "end\n"
      "function __posternctl_begins -d 'and no argument is there yet'\n"
      "  __posternctl_typed $argv[1] 0\n"
      "end\n";
  for (const Place& place : all.places) {
    if (place.before.find(" --") == std::string::npos) text += fish_entries(all, place);
  }
  return text;
}

int run(const CLI::App& app, const std::string& shell) {
  Collected all;
  collect(app, "", app, all);
  std::string script;
  if (shell == "bash") script = bash(all);
  if (shell == "zsh") script = zsh(all);
  if (shell == "fish") script = fish(all);
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
