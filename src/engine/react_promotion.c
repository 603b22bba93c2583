/* What moves promotions: reviews, workflow runs, requests that come by GitHub. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "engine/gate.h"
#include "passage_int.h"
#include "promotions_int.h"
#include "store/promotions.h"

#define ID_CHARACTERS 26

/* ---- which promotion is meant ---- */

/* The first thing in a run's name that has the form of a promotion's id; "" when there is none. */
static struct id find_id(const char *title)
{
    struct id id = {.text = ""};
    size_t len = strlen(title);

    for (size_t at = 0; at + ID_CHARACTERS <= len && id.text[0] == '\0'; at++) {
        memcpy(id.text, title + at, ID_CHARACTERS);
        id.text[ID_CHARACTERS] = '\0';
        if (!id_is_valid(id.text))
            id.text[0] = '\0';
    }
    return id;
}

static const struct flow_environment *target_of(const struct passage *passage,
                                                const struct store_promotion *promotion)
{
    return graph_find_environment(passage->rule->flow, promotion->to);
}

/* A run may belong to any promotion of this repository whose approvals are given there. */
static bool fits(const struct passage *passage, const struct store_promotion *promotion,
                 const char *approval_environment)
{
    const struct flow_environment *target = target_of(passage, promotion);

    return promotion->repository_id == passage->facts.repository_id && target != NULL &&
           target->approval_environment != NULL &&
           strcmp(target->approval_environment, approval_environment) == 0;
}

struct search {
    const struct passage *passage;
    const struct gh_review *review;
    struct store_promotion *found;
};

static bool take_by_sha(const struct store_promotion *promotion, void *arg)
{
    const struct search *search = arg;

    if (!git_sha_equal(&promotion->sha, &search->review->head_sha) ||
        !fits(search->passage, promotion, search->review->environment))
        return true;
    *search->found = *promotion;
    return false;
}

static bool find_by_sha(const struct passage *passage, const struct gh_review *review,
                        struct store_promotion *ret_promotion, struct err *err)
{
    struct store_promotion_filter filter = {
        .repository_id = passage->facts.repository_id,
        .state = STORE_PROMOTIONS_OPEN,
        .limit = UINT32_MAX,
    };
    struct search search = {passage, review, ret_promotion};

    return review->head_sha.hex[0] == '\0' ||
           store_promotions(passage->intake->lanes.store, &filter, take_by_sha, &search, err);
}

/* ret_promotion->id "" when it is none of ours. */
static bool find_by_id(const struct passage *passage, const char *id,
                       const char *approval_environment, struct store_promotion *ret_promotion,
                       struct err *err)
{
    struct store_promotion promotion;

    if (id[0] == '\0')
        return true;
    if (!store_promotion_get(passage->intake->lanes.store, id, &promotion, err))
        return err->code == ERR_NOT_FOUND;
    if (fits(passage, &promotion, approval_environment))
        *ret_promotion = promotion;
    return true;
}

/* By the run that is known, by the id in its name, or (foreign workflows) by the approval
 * environment and the commit. */
static bool find_promotion(const struct passage *passage, const struct gh_review *review,
                           struct store_promotion *ret_promotion, struct err *err)
{
    struct store_run run = {0};

    ret_promotion->id.text[0] = '\0';
    if (review->run_id != 0 &&
        !store_run_get(passage->intake->lanes.store, review->run_id, &run, err) &&
        err->code != ERR_NOT_FOUND)
        return false;
    if (!find_by_id(passage, run.promotion.text, review->environment, ret_promotion, err))
        return false;
    if (ret_promotion->id.text[0] == '\0' && !find_by_id(passage, find_id(review->run_title).text,
                                                         review->environment, ret_promotion, err))
        return false;
    return ret_promotion->id.text[0] != '\0' || find_by_sha(passage, review, ret_promotion, err);
}

/* ---- deployment_review ---- */

static bool bind_run(struct passage *passage, const struct gh_review *review,
                     const struct store_promotion *promotion, struct err *err)
{
    struct store_run run = {
        .run_id = review->run_id,
        .repository_id = passage->facts.repository_id,
        .promotion = promotion->id,
        .status = "waiting",
        .changed_ms = passage->intake->lanes.now_ms,
    };

    conclude(passage, VERDICT_RECORDED,
             reason_make(REASON_RUN_BOUND, "run %" PRId64 " asks for approval of promotion %s",
                         review->run_id, promotion->id.text));
    return review->run_id == 0 || store_run_put(passage->intake->lanes.store, &run, err);
}

static bool take_vote(struct passage *passage, const struct gh_review *review,
                      const struct store_promotion *promotion, struct err *err)
{
    struct store_actor person = passage_actor(passage, &review->reviewer);
    struct promotions_ballot ballot = {
        .person = &person,
        .is_bot = review->reviewer.is_bot,
        .verdict = review->verdict == GH_REVIEW_APPROVED ? QUORUM_APPROVE : QUORUM_REJECT,
        .comment = review->comment,
        .sha = &promotion->sha,
        .sequence = passage->record->sequence,
    };
    struct reason outcome;

    if (!promotions_vote(&passage->intake->lanes, promotion->id.text, &ballot, &outcome, err))
        return false;
    bool is_taken = outcome.code == REASON_VOTE || outcome.code == REASON_VOTE_VOID;
    conclude(passage, is_taken ? VERDICT_ACTED : VERDICT_RECORDED, outcome);
    return true;
}

bool react_to_review(struct passage *passage, const struct gh_signal *signal, struct err *err)
{
    const struct gh_review *review = &signal->as.review;
    struct store_promotion promotion;

    if (!find_promotion(passage, review, &promotion, err))
        return false;
    if (promotion.id.text[0] == '\0') {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_NO_PROMOTION,
                             "no promotion of %s waits for a review in '%.100s'",
                             passage->facts.repository, review->environment));
        return true;
    }
    if (review->verdict == GH_REVIEW_REQUESTED)
        return bind_run(passage, review, &promotion, err);
    if (review->reviewer.id == 0) {
        conclude(passage, VERDICT_RECORDED,
                 reason_make(REASON_PERSON_UNKNOWN, "GitHub does not say who reviewed; the run's "
                                                    "approvals have to be read"));
        return true;
    }
    return take_vote(passage, review, &promotion, err);
}

/* ---- pull_request_review ---- */

struct matching {
    const struct git_sha *sha;
    struct list found; /* struct store_promotion */
};

static bool keep_of_sha(const struct store_promotion *promotion, void *arg)
{
    struct matching *matching = arg;

    if (git_sha_equal(&promotion->sha, matching->sha))
        list_add(&matching->found, promotion);
    return true;
}

static bool accepts_pull_reviews(const struct passage *passage,
                                 const struct store_promotion *promotion)
{
    const struct flow_path *path =
        graph_find_path(passage->rule->flow, promotion->from, promotion->to);

    return gate_of(promotion, target_of(passage, promotion), path)->approvals.pull_request_reviews;
}

/* Changes asked for, and a dismissed review, take an approval back; neither rejects. */
static bool take_pull_review(struct passage *passage, const struct gh_pull_review *review,
                             const struct store_promotion *promotion, struct err *err)
{
    struct store_actor person = passage_actor(passage, &review->reviewer);
    struct promotions_ballot ballot = {
        .person = &person,
        .is_bot = review->reviewer.is_bot,
        .verdict = QUORUM_APPROVE,
        .withdraws = review->verdict != GH_PULL_APPROVED,
        .comment = review->comment,
        .sha = &review->sha,
        .sequence = passage->record->sequence,
    };
    struct reason outcome;

    if (!promotions_vote(&passage->intake->lanes, promotion->id.text, &ballot, &outcome, err))
        return false;
    bool counts = outcome.code == REASON_VOTE || outcome.code == REASON_VOTE_WITHDRAWN;
    conclude(passage, counts ? VERDICT_ACTED : VERDICT_RECORDED, outcome);
    return true;
}

bool react_to_pull_review(struct passage *passage, const struct gh_signal *signal, struct err *err)
{
    const struct gh_pull_review *review = &signal->as.pull_review;
    struct store_promotion_filter filter = {
        .repository_id = passage->facts.repository_id,
        .state = STORE_PROMOTIONS_OPEN,
        .limit = UINT32_MAX,
    };
    struct matching matching = {.sha = &review->sha, .found = LIST_INIT(struct store_promotion)};
    bool ok = store_promotions(passage->intake->lanes.store, &filter, keep_of_sha, &matching, err);

    conclude(passage, VERDICT_IGNORED,
             reason_make(REASON_NO_PROMOTION,
                         "no promotion that accepts reviews of pull requests waits for %.7s",
                         review->sha.hex));
    for (size_t i = 0; ok && review->reviewer.id != 0 && i < matching.found.count; i++) {
        const struct store_promotion *promotion = list_at(&matching.found, i);
        if (accepts_pull_reviews(passage, promotion))
            ok = take_pull_review(passage, review, promotion, err);
    }
    list_done(&matching.found);
    return ok;
}

/* ---- workflow_run, workflow_job ---- */

bool react_to_run(struct passage *passage, const struct gh_signal *signal, struct err *err)
{
    const struct gh_run *gh = &signal->as.run;
    struct store *store = passage->intake->lanes.store;
    struct store_promotion promotion;
    struct store_run run = {.run_id = gh->run_id, .repository_id = passage->facts.repository_id};

    if (!store_run_get(store, gh->run_id, &run, err)) {
        if (err->code != ERR_NOT_FOUND)
            return false;
        run.promotion = find_id(gh->title);
        if (run.promotion.text[0] != '\0' &&
            (!store_promotion_get(store, run.promotion.text, &promotion, err) ||
             promotion.repository_id != passage->facts.repository_id)) {
            if (err->code != ERR_NOT_FOUND)
                return false;
            run.promotion.text[0] = '\0';
        }
    }
    if (run.promotion.text[0] == '\0') {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_NO_PROMOTION, "run %" PRId64 " belongs to no promotion",
                             gh->run_id));
        return true;
    }
    if (!gh->is_job) { /* one job's end is not its run's */
        snprintf(run.status, sizeof(run.status), "%.31s", gh->status);
        snprintf(run.conclusion, sizeof(run.conclusion), "%.31s", gh->conclusion);
        snprintf(run.url, sizeof(run.url), "%s", gh->url);
    }
    run.changed_ms = passage->intake->lanes.now_ms;
    conclude(passage, VERDICT_RECORDED,
             reason_make(REASON_RUN_FOLLOWED, "run %" PRId64 " of promotion %s is %s %s",
                         gh->run_id, run.promotion.text, run.status, run.conclusion));
    return store_run_put(store, &run, err);
}

/* ---- repository_dispatch, workflow_dispatch ---- */

bool react_to_request(struct passage *passage, const struct gh_signal *signal, struct err *err)
{
    static const enum promotion_kind kinds[] = {
        [GH_REQUEST_PROMOTE] = PROMOTION_PROMOTE,
        [GH_REQUEST_DEPLOY] = PROMOTION_DEPLOY,
        [GH_REQUEST_ROLLBACK] = PROMOTION_ROLLBACK,
    };
    const struct gh_request *request = &signal->as.request;
    struct gh_person sender = {.id = passage->facts.sender_id};
    struct store_promotion promotion;
    struct reason refusal;

    snprintf(sender.login, sizeof(sender.login), "%s", passage->facts.sender);
    struct store_actor actor = passage_actor(passage, &sender);
    struct promotions_wish wish = {
        .kind = kinds[request->kind],
        .repository = passage->facts.repository,
        .from = request->from,
        .to = request->to,
        .release = request->release,
        .branch = request->branch,
        .reason = request->reason,
        .actor = &actor,
    };
    if (actor.id == 0) {
        conclude(passage, VERDICT_RECORDED,
                 reason_make(REASON_PERSON_UNKNOWN, "the request names no sender"));
        return true;
    }
    if (!promotions_ask(&passage->intake->lanes, &wish, &promotion, &refusal, err))
        return false;
    conclude(passage, refusal.code == REASON_NONE ? VERDICT_ACTED : VERDICT_RECORDED,
             refusal.code == REASON_NONE ? promotion.reason : refusal);
    return true;
}
