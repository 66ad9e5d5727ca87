// What Linux offers and Swift's Glibc module does not show, as inline functions: nothing to link.
// Do not include <unistd.h> here: it would make `environ` ambiguous in every file that imports Glibc too.
#ifndef APUS_CLINUX_H
#define APUS_CLINUX_H

#include <errno.h>
#include <malloc.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

extern long syscall(long number, ...);

// All are in glibc (2.29, 2.34, 2.30), but behind feature macros that the Glibc module does not set.
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int lowest);
// Without the types of <semaphore.h> and <time.h>: included here, they would belong to this module in some builds.
extern int sem_clockwait(void *semaphore, int clock, const void *deadline);

// By value, as glibc's own struct of four pointers; not from <stdio.h>, for the same reason as above.
struct clinux_stream_functions {
    void *read;
    long (*write)(void *cookie, const char *bytes, unsigned long count);
    void *seek;
    void *close;
};
extern void *fopencookie(void *cookie, const char *mode, struct clinux_stream_functions functions);

/// A stream whose bytes go to `write`, which is given `number`.
static inline void *clinux_open_output(
    int number, long (*write)(void *cookie, const char *bytes, unsigned long count)) {
    struct clinux_stream_functions functions = {0, write, 0, 0};
    return fopencookie((void *)(intptr_t)number, "w", functions);
}

static inline int clinux_spawn_add_directory(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

/// Closes every descriptor from `lowest` on, however many there are.
static inline int clinux_spawn_add_close_from(posix_spawn_file_actions_t *actions, int lowest) {
    return posix_spawn_file_actions_addclosefrom_np(actions, lowest);
}

/// Waits for a semaphore until a moment of CLOCK_MONOTONIC.
static inline int clinux_semaphore_wait(void *semaphore, long seconds, long nanoseconds) {
    const long deadline[2] = {seconds, nanoseconds};  // a struct timespec
    return sem_clockwait(semaphore, 1, deadline);
}

/// Where `wanted` begins first; NULL when it is nowhere. Glibc's own, behind a feature macro like those above.
static inline const void *clinux_find(
    const void *bytes, unsigned long count, const void *wanted, unsigned long length) {
    extern void *memmem(const void *bytes, unsigned long count, const void *wanted, unsigned long length);
    return memmem(bytes, count, wanted, length);
}

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/// A counter that can be polled: non-blocking, closed on exec.
static inline int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/// A descriptor that becomes readable when the process ends (Linux 5.3).
static inline int clinux_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0u); }

/// A file without a name, in memory; MFD_CLOEXEC is 1.
static inline int clinux_memfd_create(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u); }

/// A descriptor that delivers the signals of `mask`; the caller has blocked them.
static inline int clinux_signalfd(const sigset_t *mask) { return signalfd(-1, mask, SFD_NONBLOCK | SFD_CLOEXEC); }

/// Bytes of one record that a signal descriptor yields; its first field is the signal's number.
static inline int clinux_signal_record_size(void) { return (int)sizeof(struct signalfd_siginfo); }

/// `prctl` is variadic, which Swift cannot call.
static inline int clinux_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0ul, 0ul, 0ul);
}

/// Names the calling thread (15 bytes are kept).
static inline int clinux_set_name(const char *name) {
    return prctl(PR_SET_NAME, (unsigned long)(uintptr_t)name, 0ul, 0ul, 0ul);
}

/// Orphans of descendants become children of this process instead of init's.
static inline int clinux_set_child_subreaper(int on) {
    return prctl(PR_SET_CHILD_SUBREAPER, (unsigned long)on, 0ul, 0ul, 0ul);
}

/// The kernel's own call: returns the bytes filled, so that any number of processors works.
static inline long clinux_get_affinity(unsigned long *mask, unsigned long bytes) {
    return syscall(SYS_sched_getaffinity, 0, bytes, mask);
}

/// Serves large blocks from the heap as well, and gives memory back only when more than `bytes` are free at its top.
static inline int clinux_keep_freed_memory(int bytes) {
    return mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, bytes) ? 0 : -1;
}

/// Binds the calling thread to the processors of `mask`.
static inline long clinux_set_affinity(const unsigned long *mask, unsigned long bytes) {
    return syscall(SYS_sched_setaffinity, 0, bytes, mask);
}

/// Binds another thread of this process.
static inline long clinux_set_thread_affinity(int thread, const unsigned long *mask, unsigned long bytes) {
    return syscall(SYS_sched_setaffinity, thread, bytes, mask);
}

/// The user of the process at the other end of a local socket; -1 when that is not known.
///
/// SO_PEERCRED and its struct are behind a feature macro: process, user and group, each 32 bits.
static inline int clinux_peer_user(int descriptor) {
    extern int getsockopt(int, int, int, void *, unsigned int *);
    unsigned int credentials[3] = {0, 0, 0};
    unsigned int size = sizeof credentials;
    return getsockopt(descriptor, 1, 17, credentials, &size) == 0 ? (int)credentials[1] : -1;
}

/// The environment as it is now; `environ` itself is declared inside, where it cannot clash.
static inline char **clinux_environment(void) {
    extern char **environ;
    return environ;
}

/// A set of descriptors to wait on, closed on exec.
static inline int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

/// Adds (1), removes (2) or changes (3) a descriptor, which reports `tag`.
static inline int clinux_epoll_control(int set, int operation, int descriptor, uint32_t events, uint64_t tag) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = tag;
    return epoll_ctl(set, operation, descriptor, &event);
}

/// One thing that happened, without the packed layout of the kernel's own structure.
struct clinux_readiness {
    uint64_t tag;
    uint32_t events;
};

/// Waits; unpacks at most 64 events into `out`.
static inline int clinux_epoll_wait(int set, struct clinux_readiness *out, int capacity, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(set, events, capacity < 64 ? capacity : 64, milliseconds);
    for (int i = 0; i < count; i++) {
        out[i].tag = events[i].data.u64;
        out[i].events = events[i].events;
    }
    return count;
}

#endif
