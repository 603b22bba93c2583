/* push: a branch moved. ping: GitHub says hello. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "passage_int.h"
#include "store/promotions.h"

static bool note_branch(struct passage *passage, const struct gh_push *push,
                        struct branch_result *ret_result, struct err *err)
{
    struct store *store = passage->intake->lanes.store;
    int64_t repository_id = passage->facts.repository_id;
    struct branch_state state;
    struct branch_facts facts;

    if (!store_branch_get(store, repository_id, push->branch, &state, err) ||
        !store_branch_facts(store, repository_id, push->branch, &push->push, &state.head, &facts,
                            err))
        return false;
    *ret_result = branch_step(&state, &push->push, &facts);

    /* Asked again about a push that is still the head: take it as new. */
    if (passage->is_replay && push->push.after.hex[0] != '\0' &&
        git_sha_equal(&push->push.after, &state.head)) {
        *ret_result = (struct branch_result){.order = BRANCH_NEWER, .next = state};
        return true;
    }
    return store_branch_put(store, repository_id, push->branch, &ret_result->next, err) &&
           store_push_put(store, repository_id, push->branch, &push->push,
                          passage->record->sequence, err);
}

static struct store_deployment candidate_of(const struct passage *passage,
                                            const struct gh_push *push,
                                            const struct store_release *release,
                                            const struct flow_environment *environment)
{
    struct store_deployment candidate = {
        .repository_id = passage->facts.repository_id,
        .sha = push->push.after,
        .delivery_sequence = passage->record->sequence,
    };

    snprintf(candidate.repository, sizeof(candidate.repository), "%s", passage->facts.repository);
    snprintf(candidate.environment, sizeof(candidate.environment), "%s", environment->name);
    snprintf(candidate.ref, sizeof(candidate.ref), "%s", push->branch);
    snprintf(candidate.title, sizeof(candidate.title), "%s", push->title);
    memcpy(candidate.release, release->name, sizeof(candidate.release));
    snprintf(candidate.delivery_guid, sizeof(candidate.delivery_guid), "%s", passage->record->guid);
    return candidate;
}

/* One environment that the branch deploys by itself. */
static bool deploy_to(struct passage *passage, const struct gh_push *push,
                      const struct store_release *release,
                      const struct flow_environment *environment, struct err *err)
{
    if (environment->deploy.argv == NULL) {
        conclude(passage, VERDICT_RECORDED,
                 reason_make(REASON_NO_DEPLOY, "%s has no deploy.command in the configuration",
                             environment->name));
        return true;
    }

    struct store_deployment candidate = candidate_of(passage, push, release, environment);
    if (!lanes_add_candidate(&passage->intake->lanes, environment, &candidate, err))
        return false;

    bool runs = candidate.state == DEPLOYMENT_RUNNING;
    passage->delivery->deployment = candidate.id;
    conclude(passage, VERDICT_ACTED,
             runs ? reason_make(REASON_DEPLOYING, "deploys %.7s to %s", push->push.after.hex,
                                environment->name)
                  : reason_make(candidate.reason.code, "%.7s goes to %s later: %.300s",
                                push->push.after.hex, environment->name, candidate.reason.text));
    return true;
}

/* Pushes to any other branch say nothing to this flow. */
static bool branch_matters(const struct flow *flow, const char *branch)
{
    for (size_t i = 0; i < flow->environments_count; i++) {
        const struct flow_environment *environment = &flow->environments[i];
        if (graph_matches_branch(environment->auto_branches, branch) ||
            graph_matches_branch(environment->manual_branches, branch))
            return true;
    }
    return graph_matches_branch(flow->release_branches, branch);
}

/* A branch of releases gives its name to the first commit, and its name with the commit to later
 * ones; any other commit is called by its first digits, as many as it takes. */
static void name_release(const struct flow *flow, const struct gh_push *push, size_t attempt,
                         char name[STORE_RELEASE_MAX])
{
    int digits = 7 + (int)attempt;

    if (!graph_matches_branch(flow->release_branches, push->branch))
        snprintf(name, STORE_RELEASE_MAX, "%.*s", digits, push->push.after.hex);
    else if (attempt == 0)
        snprintf(name, STORE_RELEASE_MAX, "%.180s", push->branch);
    else
        snprintf(name, STORE_RELEASE_MAX, "%.180s@%.*s", push->branch, digits - 1,
                 push->push.after.hex);
}

/* A name is bound for ever; one that means another commit already is passed over. */
static bool make_release(struct passage *passage, const struct gh_push *push,
                         struct store_release *ret_release, struct err *err)
{
    struct store_release release = {
        .repository_id = passage->facts.repository_id,
        .sha = push->push.after,
        .created_ms = passage->intake->lanes.now_ms,
        .delivery_sequence = passage->record->sequence,
    };
    size_t attempts_max = strlen(push->push.after.hex) - 5;

    snprintf(release.branch, sizeof(release.branch), "%s", push->branch);
    snprintf(release.title, sizeof(release.title), "%s", push->title);
    for (size_t attempt = 0; attempt < attempts_max; attempt++) {
        name_release(passage->rule->flow, push, attempt, release.name);
        if (!store_release_bind(passage->intake->lanes.store, &release, ret_release, err))
            return false;
        if (git_sha_equal(&ret_release->sha, &release.sha))
            return true;
    }
    return err_set(err, ERR_CORRUPT, "no name is left for commit %s", push->push.after.hex);
}

static bool deploy_branch(struct passage *passage, const struct gh_push *push,
                          const struct flow *flow, struct err *err)
{
    struct store_release release;

    if (!make_release(passage, push, &release, err))
        return false;
    conclude(passage, VERDICT_RECORDED,
             reason_make(REASON_RELEASE_MADE,
                         "release %.180s is %.7s; ask for it with envflow "
                         "deploy or promote",
                         release.name, release.sha.hex));
    for (size_t i = 0; i < flow->environments_count; i++) {
        const struct flow_environment *environment = &flow->environments[i];
        if (graph_matches_branch(environment->auto_branches, push->branch) &&
            !deploy_to(passage, push, &release, environment, err))
            return false;
    }
    return true;
}

bool react_to_push(struct passage *passage, const struct gh_signal *signal, struct err *err)
{
    const struct gh_push *push = &signal->as.push;
    struct branch_result result;

    snprintf(passage->delivery->ref, sizeof(passage->delivery->ref), "refs/heads/%.500s",
             push->branch);
    passage->delivery->sha = push->push.after;
    if (!branch_matters(passage->rule->flow, push->branch)) {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_BRANCH_UNUSED, "flow %s does nothing with branch %s",
                             passage->rule->flow->name, push->branch));
        return true;
    }
    if (!note_branch(passage, push, &result, err))
        return false;
    if (result.order != BRANCH_NEWER) {
        conclude(passage, result.order == BRANCH_KNOWN ? VERDICT_IGNORED : VERDICT_RECORDED,
                 result.reason);
        return true;
    }
    if (push->push.after.hex[0] == '\0') {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_BRANCH_DELETED, "branch %s was deleted; what it deployed stays",
                             push->branch));
        return true;
    }
    return deploy_branch(passage, push, passage->rule->flow, err);
}

bool react_to_ping(struct passage *passage, const struct gh_signal *signal, struct err *err)
{
    const struct gh_ping *ping = &signal->as.ping;

    (void)err;
    conclude(passage, VERDICT_RECORDED,
             reason_make(REASON_PING, "hook %" PRId64 " sends %s as %s%s%s", ping->hook_id,
                         ping->events[0] != '\0' ? ping->events : "nothing", ping->content_type,
                         ping->has_push ? "" : "; warning: it is not subscribed to push",
                         ping->insecure_ssl ? "; warning: it does not check our certificate" : ""));
    return true;
}
