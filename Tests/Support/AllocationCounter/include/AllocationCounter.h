#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stddef.h>

/// What the allocator was asked for since the last reset.
typedef struct {
    /// How many blocks were allocated, moved ones included.
    size_t count;
    /// Bytes held now, beyond those held at the reset.
    long long live;
    /// The most bytes held at a time, beyond those held at the reset.
    long long peak;
} allocation_figures;

/// Begins to count from zero.
void allocation_reset(void);
/// Stops counting and gives the figures.
allocation_figures allocation_stop(void);
/// Whether this program counts: not where another tool has taken the allocator's place.
bool allocation_counts(void);

#endif
