/* The audit trail: adding at its end, and reading. */
#include "store/audit.h"

#include <assert.h>

#include "store_int.h"

bool store_audit_head(struct store *store, struct audit_head *ret_head, struct err *err)
{
    struct query query = query_begin(store, ST_AUDIT_HEAD);
    struct audit_head head = {0};

    if (query_step(&query)) {
        head.sequence = (uint64_t)query_take_int(&query);
        query_take_bytes(&query, head.hash, sizeof(head.hash));
    }
    if (!query_end(&query, err))
        return false;
    *ret_head = head;
    return true;
}

bool store_audit_add(struct store *store, struct audit_record *record, struct err *err)
{
    struct audit_head head;

    if (!store_audit_head(store, &head, err))
        return false;
    audit_link(record, &head);

    struct query query = query_begin(store, ST_AUDIT_ADD);
    query_bind_int(&query, (int64_t)record->sequence);
    query_bind_int(&query, record->time_ms);
    query_bind_text(&query, record->event);
    query_bind_text(&query, record->actor);
    query_bind_int(&query, record->actor_id);
    query_bind_text(&query, record->via);
    query_bind_text(&query, record->repository);
    query_bind_text(&query, record->environment);
    query_bind_text(&query, record->subject);
    query_bind_text(&query, record->reason);
    query_bind_text(&query, record->text);
    query_bind_text(&query, record->details);
    query_bind_blob(&query, record->previous, sizeof(record->previous));
    query_bind_blob(&query, record->hash, sizeof(record->hash));
    return query_run(&query, err);
}

static void take_record(struct query *query, struct audit_record *record)
{
    record->sequence = (uint64_t)query_take_int(query);
    record->time_ms = query_take_int(query);
    query_take_text(query, record->event, sizeof(record->event));
    query_take_text(query, record->actor, sizeof(record->actor));
    record->actor_id = query_take_int(query);
    query_take_text(query, record->via, sizeof(record->via));
    query_take_text(query, record->repository, sizeof(record->repository));
    query_take_text(query, record->environment, sizeof(record->environment));
    query_take_text(query, record->subject, sizeof(record->subject));
    query_take_text(query, record->reason, sizeof(record->reason));
    query_take_text(query, record->text, sizeof(record->text));
    query_take_text(query, record->details, sizeof(record->details));
    query_take_bytes(query, record->previous, sizeof(record->previous));
    query_take_bytes(query, record->hash, sizeof(record->hash));
}

/* The statement whose index fits. */
static enum statement choose(const struct store_audit_filter *filter)
{
    bool is_newest_first = filter->before != 0;

    if (filter->subject != NULL)
        return is_newest_first ? ST_AUDIT_BY_SUBJECT_NEWEST : ST_AUDIT_BY_SUBJECT_OLDEST;
    if (filter->repository != NULL)
        return is_newest_first ? ST_AUDIT_OF_REPOSITORY_NEWEST : ST_AUDIT_OF_REPOSITORY_OLDEST;
    return is_newest_first ? ST_AUDIT_NEWEST : ST_AUDIT_OLDEST;
}

static int64_t clamp(uint64_t sequence)
{
    return sequence < INT64_MAX ? (int64_t)sequence : INT64_MAX;
}

bool store_audit(struct store *store, const struct store_audit_filter *filter, store_audit_fn *fn,
                 void *arg, struct err *err)
{
    struct query query = query_begin(store, choose(filter));
    struct audit_record record;
    bool go_on = true;

    assert(filter->limit > 0);
    query_bind_text(&query, filter->repository);
    query_bind_text(&query, filter->environment);
    query_bind_text(&query, filter->subject);
    query_bind_text(&query, filter->actor);
    query_bind_text(&query, filter->event);
    query_bind_int(&query, filter->since_ms);
    query_bind_int(&query, clamp(filter->after));
    query_bind_int(&query, filter->before != 0 ? clamp(filter->before) : INT64_MAX);
    query_bind_int(&query, filter->limit);
    while (go_on && query_step(&query)) {
        take_record(&query, &record);
        go_on = fn(&record, arg);
    }
    return query_end(&query, err);
}
