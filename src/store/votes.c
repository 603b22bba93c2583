/* Votes: one row for each person on each promotion. */
#include "store_int.h"

static const char *const verdict_names[] = {
    [QUORUM_APPROVE] = "approve",
    [QUORUM_REJECT] = "reject",
};

bool store_vote_put(struct store *store, const struct store_vote *vote, struct err *err)
{
    struct query query = query_begin(store, ST_VOTE_PUT);

    query_bind_text(&query, vote->promotion.text);
    query_bind_actor(&query, &vote->person);
    query_bind_text(&query, verdict_names[vote->verdict]);
    query_bind_int(&query, vote->is_withdrawn);
    query_bind_int(&query, vote->is_bot);
    query_bind_text(&query, vote->comment);
    query_bind_text(&query, vote->sha.hex);
    query_bind_text(&query, vote->policy);
    query_bind_int(&query, (int64_t)vote->memberships);
    query_bind_int(&query, vote->voted_ms);
    query_bind_int(&query, (int64_t)vote->delivery_sequence);
    return query_run(&query, err);
}

/* A verdict nobody knows is a rejection: it must not open a gate. */
static void take_vote(struct query *query, struct store_vote *vote)
{
    query_take_text(query, vote->promotion.text, sizeof(vote->promotion.text));
    query_take_actor(query, &vote->person);
    vote->verdict =
        (enum quorum_verdict)query_take_name(query, verdict_names, ARRAY_LEN(verdict_names));
    vote->is_withdrawn = query_take_int(query) != 0;
    vote->is_bot = query_take_int(query) != 0;
    query_take_text(query, vote->comment, sizeof(vote->comment));
    query_take_text(query, vote->sha.hex, sizeof(vote->sha.hex));
    query_take_text(query, vote->policy, sizeof(vote->policy));
    vote->memberships = (uint64_t)query_take_int(query);
    vote->voted_ms = query_take_int(query);
    vote->delivery_sequence = (uint64_t)query_take_int(query);
}

bool store_votes(struct store *store, const char *promotion_id, store_vote_fn *fn, void *arg,
                 struct err *err)
{
    struct query query = query_begin(store, ST_VOTES);
    struct store_vote vote;
    bool go_on = true;

    query_bind_text(&query, promotion_id);
    while (go_on && query_step(&query)) {
        take_vote(&query, &vote);
        go_on = fn(&vote, arg);
    }
    return query_end(&query, err);
}
