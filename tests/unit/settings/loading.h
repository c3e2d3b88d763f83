// Shorthands for tests that read a text as postern.yml.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "settings/load.h"

namespace postern::settings {

// The faults as lines; empty when there are none.
inline std::vector<std::string> faults_of(const std::string& text) {
  const LoadOutcome outcome = load_text(text, "p.yml", SecretFiles::leave);
  std::vector<std::string> lines;
  if (const auto* faults = std::get_if<std::vector<Fault>>(&outcome)) {
    for (const Fault& fault : *faults) lines.push_back(fault.to_string());
  }
  return lines;
}

inline Settings settings_of(const std::string& text) {
  LoadOutcome outcome = load_text(text, "p.yml", SecretFiles::leave);
  if (const auto* faults = std::get_if<std::vector<Fault>>(&outcome)) {
    for (const Fault& fault : *faults) ADD_FAILURE() << fault.to_string() << "\nin:\n" << text;
    return Settings();
  }
  return std::get<Settings>(std::move(outcome));
}

// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "postern-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view text, mode_t mode = 0600) const {
    const std::string file = path(name);
    std::ofstream(file, std::ios::binary) << text;
    chmod(file.c_str(), mode);
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace postern::settings
