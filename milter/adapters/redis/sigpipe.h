// Purpose:   hiredis writes without MSG_NOSIGNAL: a server that went away must not end the process.
// Ownership: a guard: the thread's signal mask is as before when it ends.
// Threading: of the thread that made it.
#pragma once

#include <signal.h>

namespace postern::redis {

class WithoutSigpipe {
 public:
  WithoutSigpipe();
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
  ~WithoutSigpipe();

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

}  // namespace postern::redis
