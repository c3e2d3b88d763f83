#include "ctl/usage.h"

#include <algorithm>

namespace postern::ctl {
namespace {

// The least number of slips between two words (optimal string alignment). Words are short; a long one is
// no slip of anything.
std::size_t distance(const std::string& a, const std::string& b) {
  constexpr std::size_t kLongest = 64;
  if (a.size() > kLongest || b.size() > kLongest) return kLongest;
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      table[i][j] =
          std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
      }
    }
  }
  return table[a.size()][b.size()];
}

struct Place {
  const CLI::App* app;
  std::string verb;     // "vault list"; "" for posternctl itself
  std::string unknown;  // what stands where a verb was expected
};

// The option of that name, at this verb or at posternctl itself.
const CLI::Option* option_of(const CLI::App& root, const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const CLI::Option* const option = app.get_option_no_throw(name);
  return option != nullptr ? option : root.get_option_no_throw(name);
}

Place place_of(const CLI::App& root, const std::vector<std::string>& words) {
  Place place{&root, "", ""};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") break;
    if (word.starts_with('-')) {
      const CLI::Option* const option = option_of(root, *place.app, word);
      if (option != nullptr && option->get_items_expected_max() > 0 &&
          word.find('=') == std::string::npos) {
        ++i;  // its value
      }
      continue;
    }
    if (place.app->get_require_subcommand_min() == 0) break;  // arguments
    const auto found =
        place.app->get_subcommands([&word](const CLI::App* app) { return app->check_name(word); });
    if (found.empty()) {
      place.unknown = word;
      break;
    }
    place.app = found.front();
    place.verb += (place.verb.empty() ? "" : " ") + word;
  }
  return place;
}

std::vector<std::string> verbs_below(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!verb->get_group().empty()) names.push_back(verb->get_name());
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string unknown_option(const CLI::App& root, const Place& place,
                           const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word.size() > 1 && word.starts_with('-') && option_of(root, *place.app, word) == nullptr) {
      return word.substr(0, word.find('='));
    }
  }
  return "";
}

std::vector<std::string> options_of(const CLI::App& root, const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const each : {&app, &root}) {
    for (const CLI::Option* const option : each->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// A long option with one dash is a slip as well: -json.
std::string with_two_dashes(const std::string& option) {
  return option.starts_with("--") ? option : "-" + option;
}

}  // namespace

std::string meant(const std::string& typed, const std::vector<std::string>& known) {
  const std::size_t slips = typed.size() > 5 ? 2 : 1;
  std::string best;
  std::size_t least = slips + 1;
  for (const std::string& name : known) {
    const std::size_t apart = distance(typed, name);
    if (apart < least) {
      least = apart;
      best = name;
    }
  }
  return best;
}

std::string usage_error(const CLI::App& app, const std::vector<std::string>& words,
                        const CLI::ParseError& error) {
  const Place place = place_of(app, words);
  const std::string command = place.verb.empty() ? "posternctl" : "posternctl " + place.verb;
  const std::string prefix = place.verb.empty() ? "" : place.verb + ": ";
  std::string what = prefix + error.what();
  std::string known;
  if (!place.unknown.empty()) {
    const std::vector<std::string> verbs = verbs_below(*place.app);
    const std::string guess = meant(place.unknown, verbs);
    what = prefix + "no such verb: " + place.unknown;
    known = guess.empty() ? "\n  There are:     " + listed(verbs)
                          : "\n  Did you mean:  " + command + " " + guess;
  } else if (const std::string option = unknown_option(app, place, words); !option.empty()) {
    const std::string guess = meant(with_two_dashes(option), options_of(app, *place.app));
    what = prefix + "no such option: " + option;
    if (!guess.empty()) known = "\n  Did you mean:  " + guess;
  } else if (place.app->get_require_subcommand_min() > 0) {
    what = prefix + "a verb is missing";
    known = "\n  There are:     " + listed(verbs_below(*place.app));
  }
  return what + known + "\n  All of it:     " + command + " --help";
}

}  // namespace postern::ctl
