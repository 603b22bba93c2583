/*
 * Room for bodies: two pools of bytes, and who waits for which.
 *
 * A body claims all the room it may need before the first byte of it is read into memory of its
 * own, so no set of half-received bodies can keep each other from completing. Claims that do not
 * fit wait in order of arrival; nobody overtakes a claim that waits for room.
 *
 * Small bodies use the reserve first and the large pool where that has room and no queue; when
 * neither has, they wait for the reserve. So large bodies never delay small ones.
 * A chunked body announces no length: it claims a small one, from the reserve only, and trades
 * that for a large one when it outgrows it. Waits go from the reserve to the large pool and never
 * back, so there is no cycle among them.
 *
 * One address holds at most half of the reserve. Of the large pool it holds at most half, or one
 * claim if that is more, as long as another one waits. Its claims are passed over meanwhile.
 *
 * Pure. Ownership: claims and shares are the caller's, and linked in here while they wait or
 * hold something.
 */
#ifndef HTTP_BUDGET_INT_H
#define HTTP_BUDGET_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

enum http_claim_kind {
    HTTP_CLAIM_SMALL,   /* the reserve, or the large pool */
    HTTP_CLAIM_RESERVE, /* the reserve only */
    HTTP_CLAIM_LARGE
};

enum http_pool { HTTP_POOL_RESERVE, HTTP_POOL_LARGE, HTTP_POOL_COUNT };

/* What one address holds. */
struct http_share {
    size_t bytes[HTTP_POOL_COUNT];
};

struct http_claim {
    size_t held[HTTP_POOL_COUNT];
    size_t wanted; /* bytes; 0 when it does not wait */
    enum http_pool wanted_of;
    struct http_share *share; /* borrowed; NULL for an address without bounds */
    void *owner;              /* the caller's */
    TAILQ_ENTRY(http_claim) link;
};

TAILQ_HEAD(http_claims, http_claim);

struct http_budget {
    size_t capacity[HTTP_POOL_COUNT];
    size_t used[HTTP_POOL_COUNT];
    struct http_claims waiting[HTTP_POOL_COUNT];
    struct http_claims granted; /* after a wait; taken out by http_budget_pop */
};

void http_budget_init(struct http_budget *budget, size_t reserve_bytes, size_t large_bytes);

/* True: granted. False: the claim waits, and comes out of http_budget_pop() when it has been
 * granted. bytes is not 0 and within the pool's capacity; the claim waits for nothing else. A
 * claim that holds room from the reserve gives it back when it is granted a large one. */
bool http_budget_claim(struct http_budget *budget, struct http_claim *claim,
                       enum http_claim_kind kind, size_t bytes);

/* Gives back everything held and stops waiting. Others may be granted: pop them. */
void http_budget_release(struct http_budget *budget, struct http_claim *claim);

/* The next claim that was granted after a wait, or NULL. */
struct http_claim *http_budget_pop(struct http_budget *budget);

#endif
