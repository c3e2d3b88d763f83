// Purpose:   a signer whose work is looked at: a sample of the messages it signs is verified again, by
//            libopendkim and against the public keys of the documents, and a failure is an alarm.
// Ownership: owns the signer it stands before; borrows the clock.
// Threading: sign() from many threads at once.
// Failure:   as the signer's own. A signature that does not verify is logged and counted and sent all
//            the same: the receiver's verdict is worth more than a message that waits.
// Source:    signing.verify_sample. No DNS: what the DNS says is `posternctl dkim check`'s business.
//            A document's public key is what its owner has published, and its decoder has made sure
//            that the private key fits it; what is left to go wrong is the signature.
#pragma once

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "ports/signer.h"

namespace postern::opendkim {

// At most two seconds of a message's time; one in `sample` is looked at, the first included.
std::unique_ptr<ports::Signer> with_self_check(std::unique_ptr<ports::Signer> signer,
                                               unsigned sample, const Clock& clock);

}  // namespace postern::opendkim
