// Takes the place of the C library's allocator in the program that it is linked into, counts, and passes on. Programs
// with a sanitizer have an allocator of their own; there nothing is counted, nor on systems other than Linux with glibc.
#define _GNU_SOURCE
#include "AllocationCounter.h"

#include <errno.h>

static bool counting;
static allocation_figures figures;

void allocation_reset(void) {
    figures = (allocation_figures){0, 0, 0};
    counting = true;
}

allocation_figures allocation_stop(void) {
    counting = false;
    return figures;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

#include <malloc.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

bool allocation_counts(void) { return true; }

static void *taken(void *block) {
    if (counting && block) {
        figures.count += 1;
        figures.live += (long long)malloc_usable_size(block);
        if (figures.live > figures.peak) figures.peak = figures.live;
    }
    return block;
}

static void given(void *block) {
    if (counting && block) figures.live -= (long long)malloc_usable_size(block);
}

void *malloc(size_t size) { return taken(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return taken(__libc_calloc(count, size)); }

void *realloc(void *block, size_t size) {
    given(block);
    void *moved = __libc_realloc(block, size);
    if (!moved && size) return taken(block), NULL;
    return taken(moved);
}

void free(void *block) {
    given(block);
    __libc_free(block);
}

void *memalign(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = taken(__libc_memalign(alignment, size));
    return *block ? 0 : ENOMEM;
}

#else

bool allocation_counts(void) { return false; }

#endif
