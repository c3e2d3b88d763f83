#include "adapters/admin_api/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>
#include <utility>

namespace postern::admin_api {
namespace {

constexpr long long kLongestRound = 86'400;  // seconds
constexpr mode_t kMode = 0600;

Error fault(const std::string& path) {
  return permanent_error(path + ": " + std::generic_category().message(errno));
}

void write_line(std::FILE* file, const std::string& word, const std::string& rest) {
  if (file != nullptr) std::fprintf(file, "%s %s\n", word.c_str(), rest.c_str());
}

}  // namespace

Journal::Journal(std::string path, std::string url, const Clock& clock)
    : path_(std::move(path)), url_(std::move(url)), clock_(clock) {}

Journal::~Journal() {
  state_.with([](State& state) {
    if (state.file != nullptr) std::fclose(state.file);
  });
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, const std::string& url,
                                               const Clock& clock) {
  std::unique_ptr<Journal> journal(new Journal(path, url, clock));
  if (path.empty()) return journal;
  // Beside the file, which is replaced now and then.
  const std::string lock = path + ".lock";
  journal->lock_ = UniqueFd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!journal->lock_) return fault(lock);
  if (::flock(journal->lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return permanent_error(path + ": another sync is using it");
  }
  if (auto done = journal->read(); !done) return done.error();
  return journal;
}

Status Journal::read() {
  std::ifstream in(path_);
  if (!in.is_open()) return errno == ENOENT ? success() : Status(fault(path_));
  std::string line;
  if (!std::getline(in, line) || line != "postern-sync 1 " + url_) return success();
  state_.with([&](State& state) {
    while (std::getline(in, line)) {
      const std::size_t blank = line.find(' ');
      const std::string word = line.substr(0, blank);
      const std::string rest = blank == std::string::npos ? "" : line.substr(blank + 1);
      if (word == "known") state.known.insert(rest);
      if (word == "seen") state.seen.insert(rest);
      if (word == "done") state.done.insert(rest);
      if (word == "gone") {
        state.known.erase(rest);
        state.seen.erase(rest);
      }
      if (word == "round") std::from_chars(rest.data(), rest.data() + rest.size(), round_began_);
    }
  });
  return success();
}

bool Journal::begin_round() {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
  const bool goes_on =
      round_began_ > 0 && now >= round_began_ && now - round_began_ < kLongestRound;
  if (!goes_on) {
    round_began_ = now;
    state_.with([](State& state) {
      // What an abandoned round saw did come from this API.
      state.known.merge(state.seen);
      state.seen.clear();
      state.done.clear();
    });
  }
  // A journal that cannot be written costs the next run its start, and this one nothing.
  (void)rewrite();
  return goes_on;
}

void Journal::done(const std::string& task) {
  state_.with([&](State& state) {
    if (!state.done.insert(task).second || state.file == nullptr) return;
    write_line(state.file, "done", task);
    std::fflush(state.file);
  });
}

bool Journal::is_done(const std::string& task) const {
  return state_.with([&](const State& state) { return state.done.contains(task); });
}

void Journal::seen(const std::string& key) {
  state_.with([&](State& state) {
    if (state.seen.insert(key).second) write_line(state.file, "seen", key);
  });
}

bool Journal::is_seen(const std::string& key) const {
  return state_.with([&](const State& state) { return state.seen.contains(key); });
}

bool Journal::is_known(const std::string& key) const {
  return state_.with(
      [&](const State& state) { return state.known.contains(key) || state.seen.contains(key); });
}

void Journal::gone(const std::string& key) {
  state_.with([&](State& state) {
    state.known.erase(key);
    state.seen.erase(key);
    write_line(state.file, "gone", key);
  });
}

std::set<std::string> Journal::missing() const {
  return state_.with([](const State& state) {
    std::set<std::string> missing;
    for (const std::string& key : state.known) {
      if (!state.seen.contains(key)) missing.insert(key);
    }
    return missing;
  });
}

std::size_t Journal::known() const {
  return state_.with([](const State& state) { return state.known.size(); });
}

Status Journal::end_round() {
  round_began_ = 0;
  state_.with([](State& state) {
    state.known.merge(state.seen);
    state.seen.clear();
    state.done.clear();
  });
  return rewrite();
}

Status Journal::rewrite() {
  if (path_.empty()) return success();
  const std::string fresh = path_ + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  std::FILE* const file = fd < 0 ? nullptr : ::fdopen(fd, "w");
  if (file == nullptr) return fault(fresh);
  return state_.with([&](State& state) -> Status {
    std::fprintf(file, "postern-sync 1 %s\n", url_.c_str());
    for (const std::string& key : state.known) write_line(file, "known", key);
    if (round_began_ > 0) write_line(file, "round", std::to_string(round_began_));
    for (const std::string& key : state.seen) write_line(file, "seen", key);
    for (const std::string& task : state.done) write_line(file, "done", task);
    if (std::fflush(file) != 0 || std::rename(fresh.c_str(), path_.c_str()) != 0) {
      const Error error = fault(path_);
      std::fclose(file);
      return error;
    }
    if (state.file != nullptr) std::fclose(state.file);
    state.file = file;  // the same file, under its name now: the round goes on in it
    return success();
  });
}

}  // namespace postern::admin_api
