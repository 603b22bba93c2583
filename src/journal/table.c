/* The table of segments, and the lists of entries. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "journal_int.h"

#define FIRST_CAP 64

static void grow(struct segment_table *table)
{
    if (table->count < table->cap)
        return;
    size_t cap = table->cap == 0 ? FIRST_CAP : table->cap * 2;
    struct segment *items = realloc(table->items, cap * sizeof(*items));
    assert(items != NULL);
    table->items = items;
    table->cap = cap;
}

void table_push(struct segment_table *table, const struct segment *segment)
{
    grow(table);
    table->items[table->count++] = *segment;
}

void table_drop_first(struct segment_table *table)
{
    assert(table->count > 0);
    table->count--;
    memmove(table->items, table->items + 1, table->count * sizeof(*table->items));
}

void table_put_first(struct segment_table *table, const struct segment *segment)
{
    grow(table);
    memmove(table->items + 1, table->items, table->count * sizeof(*table->items));
    table->items[0] = *segment;
    table->count++;
}

struct segment *table_last(struct segment_table *table)
{
    return table->count == 0 ? NULL : &table->items[table->count - 1];
}

size_t table_find_segment(const struct segment_table *table, uint64_t sequence)
{
    size_t low = 0;
    size_t high = table->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table->items[middle].first_sequence <= sequence)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t table_last_sequence(const struct segment_table *table, size_t i, uint64_t durable)
{
    return i + 1 < table->count ? table->items[i + 1].first_sequence - 1 : durable;
}

int64_t table_backlog_bytes(const struct segment_table *table, uint64_t released, uint64_t durable)
{
    int64_t bytes = 0;

    for (size_t i = table->count; i-- > 0;) {
        const struct segment *segment = &table->items[i];
        uint64_t last = table_last_sequence(table, i, durable);
        if (last < segment->first_sequence) /* the newest, still empty */
            continue;
        if (last <= released)
            break;
        uint64_t first =
            released < segment->first_sequence ? segment->first_sequence - 1 : released;
        uint64_t all = last - segment->first_sequence + 1;
        double share = (double)(last - first) / (double)all;
        bytes += (int64_t)((double)(segment->end - SEGMENT_DATA_OFFSET) * share);
    }
    return bytes;
}

static int64_t handled_bytes(const struct segment_table *table, uint64_t released, uint64_t durable)
{
    int64_t bytes = 0;

    for (size_t i = 0; i + 1 < table->count; i++) {
        if (table_last_sequence(table, i, durable) > released)
            break;
        bytes += table->items[i].file_bytes;
    }
    return bytes;
}

bool table_retention_due(const struct segment_table *table, const struct journal_options *options,
                         uint64_t released, uint64_t durable)
{
    if (table->count < 2 || table_last_sequence(table, 0, durable) > released)
        return false;
    int64_t newest_ms = table->items[table->count - 1].newest_ms;
    if (options->keep_ms > 0 && newest_ms - options->keep_ms > table->items[0].newest_ms)
        return true;
    return options->keep_bytes > 0 && handled_bytes(table, released, durable) > options->keep_bytes;
}

void entry_list_push(struct entry_list *list, struct journal_entry *entry)
{
    entry->next = NULL;
    if (list->first == NULL)
        list->first = entry;
    else
        list->last->next = entry;
    list->last = entry;
}

void entry_list_move(struct entry_list *from, struct entry_list *to)
{
    if (from->first == NULL)
        return;
    if (to->first == NULL)
        to->first = from->first;
    else
        to->last->next = from->first;
    to->last = from->last;
    *from = (struct entry_list){0};
}

struct journal_entry *entry_list_pop(struct entry_list *list)
{
    struct journal_entry *entry = list->first;

    if (entry != NULL)
        list->first = entry->next;
    if (list->first == NULL)
        list->last = NULL;
    return entry;
}
