#include "engine/why.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "engine/gate.h"

/* Everything gathered for one explanation. */
struct gathering {
    const struct store_promotion *promotion;
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

static void add_person(struct gathering *gathering, const struct flow_person *person)
{
    const struct flow_approvals *approvals = &gathering->view.gate->approvals;
    const struct store_actor *requester = &gathering->promotion->requester;
    struct explain_person shown = {
        .login = person->login,
        .id = person->id,
        .memberships = graph_memberships(&approvals->reviewers, person),
        .is_requester = person->id != 0 ? person->id == requester->id
                                        : strcasecmp(person->login, requester->login) == 0,
    };

    if (!is_listed(&gathering->people, person))
        list_add(&gathering->people, &shown);
}

/* Everybody who is named as reviewer, alone or as member of a team. */
static void gather_people(struct gathering *gathering)
{
    const struct flow_parties *reviewers = &gathering->view.gate->approvals.reviewers;

    for (size_t i = 0; i < reviewers->count; i++) {
        const struct flow_party *party = &reviewers->items[i];
        if (party->person.login != NULL)
            add_person(gathering, &party->person);
        for (size_t k = 0; party->team != NULL && k < party->team->members_count; k++)
            add_person(gathering, &party->team->members[k]);
    }
}

static void gather_votes(struct gathering *gathering)
{
    const struct gate_view *view = &gathering->view;

    for (size_t i = 0; i < view->votes_count; i++) {
        struct explain_vote vote = {.login = view->voters[i], .vote = view->votes[i]};
        list_add(&gathering->votes, &vote);
    }
}

/* ---- checks ---- */

static bool keep_check(const struct store_check *check, void *arg)
{
    if (check->phase != CHECK_HEALTH && check->state != CHECK_STOPPED)
        list_add(arg, check);
    return true;
}

static bool gather_checks(struct store *store, struct gathering *gathering, struct err *err)
{
    const char *deployment = gathering->promotion->deployment.text;

    if (!store_checks(store, gathering->promotion->id.text, keep_check, &gathering->checks, err) ||
        (deployment[0] != '\0' &&
         !store_checks(store, deployment, keep_check, &gathering->checks, err)))
        return false;
    for (size_t i = 0; i < gathering->checks.count; i++) {
        const struct store_check *check = list_at(&gathering->checks, i);
        struct explain_check shown = {
            .name = check->name,
            .state = check_state_name(check->state),
            .sentence = check->reason.text,
        };
        list_add(&gathering->shown, &shown);
    }
    return true;
}

/* ---- the lane ---- */

static bool gather_lane(struct store *store, struct gathering *gathering, struct err *err)
{
    struct store_lane lane;
    struct store_deployment running;

    if (!store_lane_get(store, gathering->promotion->repository_id, gathering->promotion->to, &lane,
                        err))
        return false;
    if (lane.state.running.text[0] == '\0' ||
        strcmp(lane.state.running.text, gathering->promotion->deployment.text) == 0)
        return true;
    if (!store_deployment_get(store, lane.state.running.text, &running, err))
        return false;
    if (running.release[0] != '\0')
        snprintf(gathering->lane_release, STORE_RELEASE_MAX, "%s", running.release);
    else
        snprintf(gathering->lane_release, STORE_RELEASE_MAX, "%.7s", running.sha.hex);
    return true;
}

static const char *source_problem(const struct gathering *gathering)
{
    const struct source_view *source = &gathering->view.source;

    if (gathering->promotion->kind != PROMOTION_PROMOTE || source->is_ready)
        return NULL;
    if (source->is_unhealthy)
        return "is unhealthy, or its verification failed";
    if (!source->was_there)
        return "never held this release";
    return source->soaked_ms == 0 ? "holds another release before this one had soaked" : NULL;
}

static void explain(const struct gathering *gathering, why_fn *fn, void *arg)
{
    struct explain_list list;
    const struct gate_view *view = &gathering->view;
    bool is_stopped = view->freeze.stop.id.text[0] != '\0';
    struct explain_facts facts = {
        .state = gathering->promotion->status.state,
        .reason = gathering->promotion->reason,
        .facts = view->facts,
        .status = gathering->promotion->status,
        .gate = view->gate,
        .people = gathering->people.items,
        .people_count = gathering->people.count,
        .votes = gathering->votes.items,
        .votes_count = gathering->votes.count,
        .checks = gathering->shown.items,
        .checks_count = gathering->shown.count,
        .window_name = view->freeze.window != NULL ? view->freeze.window->name : NULL,
        .window_until_ms = view->freeze.window_until_ms,
        .stop_reason = is_stopped ? view->freeze.stop.reason : NULL,
        .stop_by = is_stopped ? view->freeze.stop.by.login : NULL,
        .soak_until_ms = view->facts.is_source_ready ? 0 : view->source.soaked_ms,
        .source_problem = source_problem(gathering),
        .lane_release = gathering->lane_release[0] != '\0' ? gathering->lane_release : NULL,
    };

    explain_promotion(&facts, &list);
    fn(&list, arg);
}

bool why_promotion(struct store *store, const struct flow_graph *graph,
                   const struct store_promotion *promotion, int64_t now_ms, why_fn *fn, void *arg,
                   struct err *err)
{
    struct gathering gathering = {
        .promotion = promotion,
        .people = LIST_INIT(struct explain_person),
        .votes = LIST_INIT(struct explain_vote),
        .checks = LIST_INIT(struct store_check),
        .shown = LIST_INIT(struct explain_check),
    };
    bool ok = gate_look(store, graph, promotion, now_ms, &gathering.view, err);

    if (ok) {
        gather_people(&gathering);
        gather_votes(&gathering);
        ok = gather_checks(store, &gathering, err) && gather_lane(store, &gathering, err);
    }
    if (ok)
        explain(&gathering, fn, arg);
    list_done(&gathering.people);
    list_done(&gathering.votes);
    list_done(&gathering.checks);
    list_done(&gathering.shown);
    return ok;
}
