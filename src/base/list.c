#include "base/list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16

void list_add(struct list *list, const void *element)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? ROOM_MIN : list->room * 2;
        void *items = reallocarray(list->items, room, list->size);
        assert(items != NULL);
        list->items = items;
        list->room = room;
    }
    memcpy((char *)list->items + list->count * list->size, element, list->size);
    list->count++;
}

void list_done(struct list *list)
{
    free(list->items);
    *list = (struct list){.size = list->size};
}
