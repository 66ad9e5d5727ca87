// The ZeroMQ C library, as Swift sees it. No `pkgConfig:` in the manifest: Debian's libzmq.pc holds
// `-isystem`, which the package manager refuses with a warning in every build.
#ifndef APUS_CZEROMQ_H
#define APUS_CZEROMQ_H

#include <zmq.h>

#endif
