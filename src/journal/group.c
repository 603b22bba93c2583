/*
 * A group in the making: entries encoded one behind the other. Headers, texts and small bodies
 * are copied into the stage, large bodies go to the disk from the caller's memory.
 */
#include "group_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STAGE_BYTES     (2 * MIB)
#define GROUP_BYTES_MAX (8 * MIB) /* a single larger record still makes a group */
#define BODY_COPY_MAX   (16 * KIB)
#define IOV_PER_RECORD  3 /* head, body, padding */

void group_init(struct group *group)
{
    group->stage = malloc(STAGE_BYTES);
    assert(group->stage != NULL);
    group->staged = 0;
    group->iov_count = 0;
}

void group_done(struct group *group)
{
    free(group->stage);
    group->stage = NULL;
}

void group_begin(struct group *group, uint64_t first_sequence)
{
    group->staged = 0;
    group->iov_count = 0;
    group->bytes = 0;
    group->first_sequence = first_sequence;
    group->next_sequence = first_sequence;
    group->newest_ms = INT64_MIN;
    group->entries = (struct entry_list){0};
}

bool group_has_room(const struct group *group, size_t bytes)
{
    return group->bytes == 0 ||
           (group->bytes + (int64_t)bytes <= (int64_t)GROUP_BYTES_MAX &&
            group->iov_count + IOV_PER_RECORD <= GROUP_IOV_MAX &&
            group->staged + RECORD_HEAD_MAX + BODY_COPY_MAX + RECORD_ALIGN <= STAGE_BYTES);
}

/* Bytes of the stage that were just filled; they join the piece before if that ends there. */
static void add_staged(struct group *group, size_t len)
{
    uint8_t *at = group->stage + group->staged;
    struct iovec *last = group->iov_count > 0 ? &group->iov[group->iov_count - 1] : NULL;

    group->staged += len;
    if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == at)
        last->iov_len += len;
    else if (len > 0)
        group->iov[group->iov_count++] = (struct iovec){.iov_base = at, .iov_len = len};
}

static void add_body(struct group *group, const void *body, size_t len)
{
    if (len == 0)
        return;
    if (len <= BODY_COPY_MAX) {
        memcpy(group->stage + group->staged, body, len);
        add_staged(group, len);
        return;
    }
    /* pwritev only reads; struct iovec cannot say so. */
    group->iov[group->iov_count++] =
        (struct iovec){.iov_base = (void *)(uintptr_t)body, .iov_len = len};
}

void group_add(struct group *group, struct journal_entry *entry, uint64_t salt)
{
    struct journal_record *record = &entry->record;
    bool has_body = (record->flags & JOURNAL_BODY_DROPPED) == 0;
    size_t body_bytes = has_body ? record->body_bytes : 0;
    size_t all = record_bytes(record);

    record->sequence = group->next_sequence++;
    size_t head =
        record_encode_head(record, group->first_sequence, salt, group->stage + group->staged);
    add_staged(group, head);
    add_body(group, record->body, body_bytes);
    size_t padding = all - head - body_bytes;
    memset(group->stage + group->staged, 0, padding);
    add_staged(group, padding);
    group->bytes += (int64_t)all;
    if (record->received_ms > group->newest_ms)
        group->newest_ms = record->received_ms;
    entry_list_push(&group->entries, entry);
}
