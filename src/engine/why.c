#include "engine/why.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "engine/gate.h"

/* Everything gathered for one explanation, which names people and switches in place. Some 60 KiB,
 * most of it votes: on the heap. */
struct why {
    const struct store_promotion *promotion; /* while gathering */
    struct explain_list explanation;
    struct gate_view view;
    struct list people; /* struct explain_person */
    struct list votes;  /* struct explain_vote */
    struct list checks; /* struct store_check */
    struct list shown;  /* struct explain_check, pointing into checks */
    char lane_release[STORE_RELEASE_MAX];
};

/* ---- people ---- */

static bool is_listed(const struct list *people, const struct flow_person *person)
{
    for (size_t i = 0; i < people->count; i++) {
        const struct explain_person *other = list_at(people, i);
        if (strcasecmp(other->login, person->login) == 0)
            return true;
    }
    return false;
}

static void add_person(struct why *why, const struct flow_person *person)
{
    const struct flow_approvals *approvals = &why->view.gate->approvals;
    const struct store_actor *requester = &why->promotion->requester;
    struct explain_person shown = {
        .login = person->login,
        .id = person->id,
        .memberships = graph_memberships(&approvals->reviewers, person),
        .is_requester = person->id != 0 ? person->id == requester->id
                                        : strcasecmp(person->login, requester->login) == 0,
    };

    if (!is_listed(&why->people, person))
        list_add(&why->people, &shown);
}

/* Everybody who is named as reviewer, alone or as member of a team. */
static void gather_people(struct why *why)
{
    const struct flow_parties *reviewers = &why->view.gate->approvals.reviewers;

    for (size_t i = 0; i < reviewers->count; i++) {
        const struct flow_party *party = &reviewers->items[i];
        if (party->person.login != NULL)
            add_person(why, &party->person);
        for (size_t k = 0; party->team != NULL && k < party->team->members_count; k++)
            add_person(why, &party->team->members[k]);
    }
}

static void gather_votes(struct why *why)
{
    const struct gate_view *view = &why->view;

    for (size_t i = 0; i < view->votes_count; i++) {
        struct explain_vote vote = {.login = view->voters[i], .vote = view->votes[i]};
        list_add(&why->votes, &vote);
    }
}

/* ---- checks ---- */

static bool keep_check(const struct store_check *check, void *arg)
{
    if (check->phase != CHECK_HEALTH && check->state != CHECK_STOPPED)
        list_add(arg, check);
    return true;
}

static bool gather_checks(struct store *store, struct why *why, struct err *err)
{
    const char *deployment = why->promotion->deployment.text;

    if (!store_checks(store, why->promotion->id.text, keep_check, &why->checks, err) ||
        (deployment[0] != '\0' && !store_checks(store, deployment, keep_check, &why->checks, err)))
        return false;
    for (size_t i = 0; i < why->checks.count; i++) {
        const struct store_check *check = list_at(&why->checks, i);
        struct explain_check shown = {
            .name = check->name,
            .state = check_state_name(check->state),
            .sentence = check->reason.text,
        };
        list_add(&why->shown, &shown);
    }
    return true;
}

/* ---- the lane ---- */

static bool gather_lane(struct store *store, struct why *why, struct err *err)
{
    struct store_lane lane;
    struct store_deployment running;

    if (!store_lane_get(store, why->promotion->repository_id, why->promotion->to, &lane, err))
        return false;
    if (lane.state.running.text[0] == '\0' ||
        strcmp(lane.state.running.text, why->promotion->deployment.text) == 0)
        return true;
    if (!store_deployment_get(store, lane.state.running.text, &running, err))
        return false;
    if (running.release[0] != '\0')
        snprintf(why->lane_release, STORE_RELEASE_MAX, "%s", running.release);
    else
        snprintf(why->lane_release, STORE_RELEASE_MAX, "%.7s", running.sha.hex);
    return true;
}

static const char *source_problem(const struct why *why)
{
    const struct source_view *source = &why->view.source;

    if (why->promotion->kind != PROMOTION_PROMOTE || source->is_ready)
        return NULL;
    if (source->is_unhealthy)
        return "is unhealthy, or its verification failed";
    return source->was_there ? NULL : "never held this release";
}

static void explain(struct why *why)
{
    const struct gate_view *view = &why->view;
    bool is_stopped = view->freeze.stop.id.text[0] != '\0';
    struct explain_facts facts = {
        .state = why->promotion->status.state,
        .reason = why->promotion->reason,
        .facts = view->facts,
        .status = why->promotion->status,
        .gate = view->gate,
        .people = why->people.items,
        .people_count = why->people.count,
        .votes = why->votes.items,
        .votes_count = why->votes.count,
        .checks = why->shown.items,
        .checks_count = why->shown.count,
        .window_name = view->freeze.window != NULL ? view->freeze.window->name : NULL,
        .window_until_ms = view->freeze.window_until_ms,
        .stop_reason = is_stopped ? view->freeze.stop.reason : NULL,
        .stop_by = is_stopped ? view->freeze.stop.by.login : NULL,
        .soak_until_ms = view->facts.is_source_ready ? 0 : view->source.soaked_ms,
        .source_problem = source_problem(why),
        .lane_release = why->lane_release[0] != '\0' ? why->lane_release : NULL,
    };

    explain_promotion(&facts, &why->explanation);
}

static bool gather(struct store *store, const struct flow_graph *graph, int64_t now_ms,
                   struct why *why, struct err *err)
{
    if (!gate_look(store, graph, why->promotion, now_ms, &why->view, err))
        return false;
    gather_people(why);
    gather_votes(why);
    return gather_checks(store, why, err) && gather_lane(store, why, err);
}

bool why_new(struct store *store, const struct flow_graph *graph,
             const struct store_promotion *promotion, int64_t now_ms, struct why **ret_why,
             struct err *err)
{
    struct why *why = calloc(1, sizeof(*why));

    if (why == NULL)
        return err_set(err, ERR_NOMEM, "no memory for an explanation");
    why->promotion = promotion;
    why->people = LIST_INIT(struct explain_person);
    why->votes = LIST_INIT(struct explain_vote);
    why->checks = LIST_INIT(struct store_check);
    why->shown = LIST_INIT(struct explain_check);
    if (!gather(store, graph, now_ms, why, err)) {
        why_free(why);
        return false;
    }
    explain(why);
    why->promotion = NULL;
    *ret_why = why;
    return true;
}

void why_free(struct why *why)
{
    if (why == NULL)
        return;
    list_done(&why->people);
    list_done(&why->votes);
    list_done(&why->checks);
    list_done(&why->shown);
    free(why);
}

const struct explain_list *why_list(const struct why *why)
{
    return &why->explanation;
}
