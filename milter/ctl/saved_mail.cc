#include "ctl/saved_mail.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

namespace postern::ctl {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return permanent_error(error.message());
  if (size > kMaxSavedMessage) return permanent_error("larger than 256 MiB");
  std::ifstream file(path, std::ios::binary);
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (!file && !file.eof()) return permanent_error("cannot be read");
  return bytes;
}

bool is_mbox(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string start(5, '\0');
  file.read(start.data(), 5);
  return file.gcount() == 5 && start == "From ";
}

// One mbox file, message by message, so that its size does not matter.
class Mbox {
 public:
  explicit Mbox(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    std::getline(file_, line_);  // the first "From " line
  }

  std::optional<SavedMail> next() {
    if (!file_) return std::nullopt;
    SavedMail mail;
    mail.name = path_ + "#" + std::to_string(++count_);
    bool after_blank = false;
    while (std::getline(file_, line_)) {
      if (after_blank && line_.starts_with("From ")) return finish(std::move(mail));
      after_blank = line_.empty() || line_ == "\r";
      const std::size_t quotes = line_.find_first_not_of('>');
      const bool is_quoted = quotes != 0 && quotes != std::string::npos &&
                             std::string_view(line_).substr(quotes).starts_with("From ");
      if (mail.bytes.size() + line_.size() > kMaxSavedMessage) {
        mail.fault = "larger than 256 MiB";
      } else {
        mail.bytes.append(line_, is_quoted ? 1 : 0).push_back('\n');
      }
    }
    if (mail.bytes.empty()) return std::nullopt;
    return finish(std::move(mail));
  }

 private:
  static SavedMail finish(SavedMail mail) {
    // The blank line before the next "From " belongs to the mbox.
    if (mail.bytes.ends_with("\n\n")) mail.bytes.pop_back();
    return mail;
  }

  const std::string path_;
  std::ifstream file_;
  std::string line_;
  std::size_t count_ = 0;
};

class Files final : public MailSource {
 public:
  Status add(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return permanent_error(path + ": no such file or directory");
    if (!fs::is_directory(status)) {
      paths_.push_back(path);
      return success();
    }
    const bool is_maildir = fs::is_directory(fs::path(path) / "cur", error);
    std::vector<std::string> found;
    for (const char* const folder : {"cur", "new"}) {
      if (is_maildir) list(fs::path(path) / folder, found);
    }
    if (!is_maildir) list(path, found);
    std::sort(found.begin(), found.end());
    paths_.insert(paths_.end(), found.begin(), found.end());
    return success();
  }

  std::optional<SavedMail> next() override {
    SavedMail mail;
    {
      const std::lock_guard lock(mutex_);
      if (mbox_) {
        if (auto one = mbox_->next()) {
          one->number = number_++;
          return one;
        }
        mbox_.reset();
      }
      if (at_ == paths_.size()) return std::nullopt;
      mail.name = paths_[at_++];
      if (is_mbox(mail.name)) {
        mbox_ = std::make_unique<Mbox>(mail.name);
        auto one = mbox_->next();
        if (one) {
          one->number = number_++;
          return one;
        }
        mbox_.reset();
      }
      mail.number = number_++;
    }
    auto bytes = read_file(mail.name);
    if (bytes) {
      mail.bytes = std::move(*bytes);
    } else {
      mail.fault = bytes.error().what;
    }
    return mail;
  }

  std::optional<std::size_t> count() const override {
    if (std::any_of(paths_.begin(), paths_.end(), is_mbox)) return std::nullopt;
    return paths_.size();
  }

 private:
  static void list(const fs::path& folder, std::vector<std::string>& found) {
    std::error_code error;
    fs::recursive_directory_iterator entries(folder, error);
    for (const auto end = fs::recursive_directory_iterator(); !error && entries != end;
         entries.increment(error)) {
      const std::string name = entries->path().filename().string();
      if (!name.starts_with('.') && entries->is_regular_file(error)) {
        found.push_back(entries->path().string());
      }
    }
  }

  std::vector<std::string> paths_;
  mutable std::mutex mutex_;
  std::size_t at_ = 0;
  std::size_t number_ = 0;
  std::unique_ptr<Mbox> mbox_;
};

}  // namespace

Result<std::unique_ptr<MailSource>> open_saved_mail(const std::vector<std::string>& paths) {
  auto files = std::make_unique<Files>();
  for (const std::string& path : paths) {
    if (auto done = files->add(path); !done) return done.error();
  }
  return {std::move(files)};
}

}  // namespace postern::ctl
