/*
 * One delivery on its way through, as the reactions see it: what each event does, once it is
 * known to be new and what it says. All inside the caller's transaction.
 * Errors: those of the store. What is wrong with a delivery is never an error but its verdict.
 */
#ifndef ENGINE_PASSAGE_INT_H
#define ENGINE_PASSAGE_INT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "github/handler.h"
#include "intake_int.h"

struct passage {
    struct intake *intake;
    const struct journal_record *record;
    struct store_delivery *delivery; /* what will be stored */
    struct gh_facts facts;
    const struct repository_rule *rule; /* NULL: the repository is not configured */
    bool is_replay;
};

static inline void conclude(struct passage *passage, enum verdict verdict, struct reason reason)
{
    passage->delivery->verdict = verdict;
    passage->delivery->reason = reason;
}

/* Whoever did it on GitHub, with this delivery as evidence. */
struct store_actor passage_actor(const struct passage *passage, const struct gh_person *person);

typedef bool react_fn(struct passage *passage, const struct gh_signal *signal, struct err *err);

react_fn react_to_push;
react_fn react_to_ping;
react_fn react_to_deployment;
react_fn react_to_deployment_status;
react_fn react_to_review;
react_fn react_to_pull_review;
react_fn react_to_pull;
react_fn react_to_run;
react_fn react_to_request;

#endif
