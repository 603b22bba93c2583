/* Repositories, branches, and the pushes that order them. */
#include "store_int.h"

bool store_repository_put(struct store *store, int64_t repository_id, const char *full_name,
                          struct err *err)
{
    struct query query = query_begin(store, ST_REPOSITORY_PUT);

    query_bind_int(&query, repository_id);
    query_bind_text(&query, full_name);
    return query_run(&query, err);
}

bool store_repository_find(struct store *store, const char *full_name, int64_t *ret_repository_id,
                           char ret_name[REPO_NAME_MAX], struct err *err)
{
    struct query query = query_begin(store, ST_REPOSITORY_FIND);

    query_bind_text(&query, full_name);
    bool found = query_step(&query);
    if (found) {
        *ret_repository_id = query_take_int(&query);
        query_take_text(&query, ret_name, REPO_NAME_MAX);
    }
    if (!query_end(&query, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND, "nothing was ever received from %.200s", full_name);
}

bool store_branch_get(struct store *store, int64_t repository_id, const char *branch,
                      struct branch_state *ret_state, struct err *err)
{
    struct query query = query_begin(store, ST_BRANCH_GET);
    struct branch_state state = {0};

    query_bind_int(&query, repository_id);
    query_bind_text(&query, branch);
    if (query_step(&query)) {
        query_take_text(&query, state.head.hex, sizeof(state.head.hex));
        state.pushed_at_ms = query_take_int(&query);
        query_take_text(&query, state.gap_start.hex, sizeof(state.gap_start.hex));
        query_take_text(&query, state.gap_end.hex, sizeof(state.gap_end.hex));
    }
    if (!query_end(&query, err))
        return false;
    *ret_state = state;
    return true;
}

bool store_branch_put(struct store *store, int64_t repository_id, const char *branch,
                      const struct branch_state *state, struct err *err)
{
    struct query query = query_begin(store, ST_BRANCH_PUT);

    query_bind_int(&query, repository_id);
    query_bind_text(&query, branch);
    query_bind_text(&query, state->head.hex);
    query_bind_int(&query, state->pushed_at_ms);
    query_bind_text(&query, state->gap_start.hex);
    query_bind_text(&query, state->gap_end.hex);
    return query_run(&query, err);
}

/* A push is known by what it says: two hooks may deliver the same one under bodies that differ. */
static struct query bind_push(struct store *store, enum statement which, int64_t repository_id,
                              const char *branch, const struct branch_push *push)
{
    struct query query = query_begin(store, which);

    query_bind_int(&query, repository_id);
    query_bind_text(&query, branch);
    query_bind_text(&query, push->before.hex);
    query_bind_text(&query, push->after.hex);
    query_bind_int(&query, push->pushed_at_ms);
    return query;
}

static bool find_chain(struct store *store, int64_t repository_id, const char *branch,
                       const struct git_sha *from, const struct git_sha *to, bool *ret_found,
                       struct err *err)
{
    struct query query = query_begin(store, ST_CHAIN);

    query_bind_int(&query, repository_id);
    query_bind_text(&query, branch);
    query_bind_text(&query, from->hex);
    query_bind_text(&query, to->hex);
    *ret_found = query_step(&query);
    return query_end(&query, err);
}

bool store_branch_facts(struct store *store, int64_t repository_id, const char *branch,
                        const struct branch_push *push, const struct git_sha *head,
                        struct branch_facts *ret_facts, struct err *err)
{
    struct query query = bind_push(store, ST_PUSH_FIND, repository_id, branch, push);
    struct branch_facts facts = {.is_known = query_step(&query)};

    if (!query_end(&query, err))
        return false;
    /* Also for a push that starts at the head, since the branch may have come back to where it was;
     * for a new commit the search ends at once. */
    if (head->hex[0] != '\0' && push->after.hex[0] != '\0' &&
        !find_chain(store, repository_id, branch, &push->after, head, &facts.leads_to_head, err))
        return false;
    *ret_facts = facts;
    return true;
}

bool store_push_put(struct store *store, int64_t repository_id, const char *branch,
                    const struct branch_push *push, uint64_t sequence, struct err *err)
{
    struct query query = bind_push(store, ST_PUSH_PUT, repository_id, branch, push);

    query_bind_int(&query, (int64_t)sequence);
    return query_run(&query, err);
}
