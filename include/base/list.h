/*
 * A growable array of values: rows that are copied out of the store before something else
 * is asked of it. Memory for rows that exist already in the store is small and bounded by
 * it; without any we abort, and the next start goes on.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stddef.h>

struct list {
    void *items; /* owned; count elements of `size` bytes */
    size_t count, room, size;
};

/* An empty list of this type. */
#define LIST_INIT(type) ((struct list){.size = sizeof(type)})

/* Append a copy of one element. */
void list_add(struct list *list, const void *element);
void list_done(struct list *list);

/* The i-th element; i < count. */
static inline void *list_at(const struct list *list, size_t i)
{
    return (char *)list->items + i * list->size;
}

static inline void list_cleanup(struct list *list)
{
    list_done(list);
}

#endif
