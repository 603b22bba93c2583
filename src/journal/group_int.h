/* Building a group out of waiting entries; struct group is in journal_int.h. */
#ifndef JOURNAL_GROUP_INT_H
#define JOURNAL_GROUP_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal_int.h"

void group_init(struct group *group);
void group_done(struct group *group);

/* Forget what was in it; the next record gets first_sequence. */
void group_begin(struct group *group, uint64_t first_sequence);

/* May a record of so many bytes be added? An empty group takes any. */
bool group_has_room(const struct group *group, size_t bytes);

/* Encode, number, and take into the group's list. The body is borrowed until it is written. */
void group_add(struct group *group, struct journal_entry *entry, uint64_t salt);

#endif
