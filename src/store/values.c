/* Values that take several columns, or are names in the database. */
#include <string.h>

#include "store_int.h"

/* An unknown name, of a newer envflow, is no reason. */
static enum reason_code reason_of(const char *name)
{
    for (enum reason_code code = 0; code < REASON_COUNT; code++) {
        if (strcmp(reason_name(code), name) == 0)
            return code;
    }
    return REASON_NONE;
}

void query_bind_reason(struct query *query, const struct reason *reason)
{
    query_bind_text(query, reason_name(reason->code));
    query_bind_text(query, reason->text);
}

void query_take_reason(struct query *query, struct reason *reason)
{
    char name[64];

    query_take_text(query, name, sizeof(name));
    query_take_text(query, reason->text, sizeof(reason->text));
    reason->code = reason_of(name);
}

void query_bind_actor(struct query *query, const struct store_actor *actor)
{
    query_bind_text(query, actor->login);
    query_bind_int(query, actor->id);
    query_bind_text(query, actor->via);
}

void query_take_actor(struct query *query, struct store_actor *actor)
{
    query_take_text(query, actor->login, sizeof(actor->login));
    actor->id = query_take_int(query);
    query_take_text(query, actor->via, sizeof(actor->via));
}

unsigned query_take_name(struct query *query, const char *const names[], size_t count)
{
    char name[32];
    unsigned i = 0;

    query_take_text(query, name, sizeof(name));
    while (i + 1 < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}
