#include "budget_int.h"

#include <assert.h>

void http_budget_init(struct http_budget *budget, size_t reserve_bytes, size_t large_bytes)
{
    *budget = (struct http_budget){
        .capacity = {[HTTP_POOL_RESERVE] = reserve_bytes, [HTTP_POOL_LARGE] = large_bytes},
    };
    TAILQ_INIT(&budget->waiting[HTTP_POOL_RESERVE]);
    TAILQ_INIT(&budget->waiting[HTTP_POOL_LARGE]);
    TAILQ_INIT(&budget->granted);
}

static bool fits(const struct http_budget *budget, enum http_pool pool, size_t bytes)
{
    return bytes <= budget->capacity[pool] - budget->used[pool];
}

/* With these bytes the claim's address would hold more than half. One claim is always within. */
static bool has_its_share(const struct http_budget *budget, const struct http_claim *claim,
                          enum http_pool pool, size_t bytes)
{
    const struct http_share *share = claim->share;

    return share != NULL && share->bytes[pool] > 0 &&
           share->bytes[pool] + bytes > budget->capacity[pool] / 2;
}

/* Slow senders of the large pool are few and their share is given back when others want it; the
 * reserve must have room at once, so its shares are kept to even when nobody waits. */
static bool may_have(const struct http_budget *budget, const struct http_claim *claim,
                     enum http_pool pool, size_t bytes)
{
    return fits(budget, pool, bytes) &&
           (pool == HTTP_POOL_LARGE || !has_its_share(budget, claim, pool, bytes));
}

static void give_back(struct http_budget *budget, struct http_claim *claim, enum http_pool pool)
{
    size_t bytes = claim->held[pool];

    assert(bytes <= budget->used[pool]);
    budget->used[pool] -= bytes;
    claim->held[pool] = 0;
    if (claim->share != NULL)
        claim->share->bytes[pool] -= bytes;
}

static void grant(struct http_budget *budget, struct http_claim *claim, enum http_pool pool,
                  size_t bytes)
{
    budget->used[pool] += bytes;
    claim->held[pool] = bytes;
    claim->wanted = 0;
    if (claim->share != NULL)
        claim->share->bytes[pool] += bytes;
    if (pool == HTTP_POOL_LARGE)
        give_back(budget, claim, HTTP_POOL_RESERVE);
}

static void grant_waiting(struct http_budget *budget, struct http_claim *claim)
{
    TAILQ_REMOVE(&budget->waiting[claim->wanted_of], claim, link);
    grant(budget, claim, claim->wanted_of, claim->wanted);
    TAILQ_INSERT_TAIL(&budget->granted, claim, link);
}

/* In order. The first that does not fit ends it: who waits longest is served first. */
static void serve_queue(struct http_budget *budget, enum http_pool pool, bool over_share_too)
{
    struct http_claim *claim = TAILQ_FIRST(&budget->waiting[pool]);

    while (claim != NULL) {
        struct http_claim *next = TAILQ_NEXT(claim, link);
        if (over_share_too || !has_its_share(budget, claim, pool, claim->wanted)) {
            if (!fits(budget, pool, claim->wanted))
                return;
            grant_waiting(budget, claim);
        }
        claim = next;
    }
}

static bool only_over_share_wait(const struct http_budget *budget)
{
    const struct http_claim *claim = NULL;

    TAILQ_FOREACH(claim, &budget->waiting[HTTP_POOL_LARGE], link)
    {
        if (!has_its_share(budget, claim, HTTP_POOL_LARGE, claim->wanted))
            return false;
    }
    return true;
}

/* Large claims first: a grant there may give room back to the reserve. */
static void serve(struct http_budget *budget)
{
    serve_queue(budget, HTTP_POOL_LARGE, false);
    if (only_over_share_wait(budget))
        serve_queue(budget, HTTP_POOL_LARGE, true);
    serve_queue(budget, HTTP_POOL_RESERVE, false);
}

static enum http_pool pool_for(const struct http_budget *budget, const struct http_claim *claim,
                               enum http_claim_kind kind, size_t bytes)
{
    if (kind == HTTP_CLAIM_LARGE)
        return HTTP_POOL_LARGE;
    if (kind == HTTP_CLAIM_RESERVE || may_have(budget, claim, HTTP_POOL_RESERVE, bytes))
        return HTTP_POOL_RESERVE;
    return TAILQ_EMPTY(&budget->waiting[HTTP_POOL_LARGE]) && fits(budget, HTTP_POOL_LARGE, bytes)
               ? HTTP_POOL_LARGE
               : HTTP_POOL_RESERVE;
}

bool http_budget_claim(struct http_budget *budget, struct http_claim *claim,
                       enum http_claim_kind kind, size_t bytes)
{
    enum http_pool pool = pool_for(budget, claim, kind, bytes);

    assert(bytes > 0 && bytes <= budget->capacity[pool] && claim->wanted == 0);
    if (TAILQ_EMPTY(&budget->waiting[pool]) && may_have(budget, claim, pool, bytes)) {
        grant(budget, claim, pool, bytes);
        serve(budget); /* it may have given room back to the reserve */
        return true;
    }
    claim->wanted = bytes;
    claim->wanted_of = pool;
    TAILQ_INSERT_TAIL(&budget->waiting[pool], claim, link);
    serve(budget);
    if (claim->wanted > 0)
        return false;
    TAILQ_REMOVE(&budget->granted, claim, link);
    return true;
}

void http_budget_release(struct http_budget *budget, struct http_claim *claim)
{
    if (claim->wanted > 0)
        TAILQ_REMOVE(&budget->waiting[claim->wanted_of], claim, link);
    claim->wanted = 0;
    give_back(budget, claim, HTTP_POOL_RESERVE);
    give_back(budget, claim, HTTP_POOL_LARGE);
    serve(budget);
}

struct http_claim *http_budget_pop(struct http_budget *budget)
{
    struct http_claim *claim = TAILQ_FIRST(&budget->granted);

    if (claim != NULL)
        TAILQ_REMOVE(&budget->granted, claim, link);
    return claim;
}
