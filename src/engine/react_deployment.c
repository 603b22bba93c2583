/* deployment, deployment_status: what others deploy. pull_request: who merged what. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "passage_int.h"
#include "promotions_int.h"
#include "store/promotions.h"
#include "trail_int.h"

/* ---- deployment ---- */

/* Is this GitHub deployment ours? By the key that we give it, and only for what it says. */
static bool find_own(const struct passage *passage, const char *key, const struct git_sha *sha,
                     struct id *ret_id, struct err *err)
{
    struct store_deployment deployment;

    ret_id->text[0] = '\0';
    if (!id_is_valid(key))
        return true;
    if (!store_deployment_get(passage->intake->lanes.store, key, &deployment, err))
        return err->code == ERR_NOT_FOUND;
    if (deployment.repository_id == passage->facts.repository_id &&
        git_sha_equal(&deployment.sha, sha))
        *ret_id = deployment.id;
    return true;
}

static struct reason word_foreign(const struct store_github_deployment *row)
{
    const char *creator = row->creator[0] != '\0' ? row->creator : "somebody";

    if (row->is_bypass)
        return reason_make(REASON_BYPASS,
                           "%.60s deploys %.7s to %.60s past its approvals: nobody asked envflow",
                           creator, row->sha.hex, row->environment);
    return reason_make(REASON_OUT_OF_BAND, "%.60s deploys %.7s to %.60s; nobody asked envflow",
                       creator, row->sha.hex, row->environment);
}

static bool note_foreign(struct passage *passage, const struct store_github_deployment *row,
                         struct err *err)
{
    struct store_actor actor = {.id = row->creator_id};
    struct reason reason = word_foreign(row);
    char subject[32];

    snprintf(actor.login, sizeof(actor.login), "%s", row->creator);
    snprintf(actor.via, sizeof(actor.via), "delivery %.54s", passage->record->guid);
    snprintf(subject, sizeof(subject), "%" PRId64, row->id);
    struct trail_note note = {
        .event = row->is_bypass ? "deployment.bypass" : "deployment.out_of_band",
        .actor = &actor,
        .repository = passage->facts.repository,
        .environment = row->environment,
        .subject = subject,
        .reason = &reason,
    };
    conclude(passage, VERDICT_RECORDED, reason);
    return trail_add(&passage->intake->lanes, &note, err);
}

/* Environments that no flow knows are none of our business: approval environments, previews. */
static const struct flow_environment *find_environment(struct passage *passage, const char *name)
{
    const struct flow_environment *environment = graph_find_environment(passage->rule->flow, name);

    if (environment == NULL)
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_ENVIRONMENT_UNKNOWN, "flow %s has no environment '%.100s'",
                             passage->rule->flow->name, name));
    return environment;
}

/* A row for a GitHub deployment that is not known yet. */
static bool add_deployment(struct passage *passage, const struct flow_environment *environment,
                           struct store_github_deployment *row, const char *key, struct err *err)
{
    row->repository_id = passage->facts.repository_id;
    row->changed_ms = passage->intake->lanes.now_ms;
    snprintf(row->environment, sizeof(row->environment), "%s", environment->name);
    if (!find_own(passage, key, &row->sha, &row->deployment, err))
        return false;
    row->is_bypass =
        row->deployment.text[0] == '\0' && graph_is_gated(passage->rule->flow, environment);
    if (!store_github_deployment_put(passage->intake->lanes.store, row, err))
        return false;
    if (row->deployment.text[0] == '\0')
        return note_foreign(passage, row, err);
    conclude(passage, VERDICT_RECORDED,
             reason_make(REASON_STATUS_NOTED, "GitHub's deployment %" PRId64 " is envflow's %s",
                         row->id, row->deployment.text));
    return true;
}

bool react_to_deployment(struct passage *passage, const struct gh_signal *signal, struct err *err)
{
    const struct gh_deployment *gh = &signal->as.deployment;
    const struct flow_environment *environment = find_environment(passage, gh->environment);
    struct store_github_deployment row;

    if (environment == NULL)
        return true;
    if (store_github_deployment_get(passage->intake->lanes.store, gh->id, &row, err)) {
        conclude(passage, VERDICT_RECORDED,
                 reason_make(REASON_STATUS_STALE,
                             "GitHub's deployment %" PRId64 " was known before", gh->id));
        return true;
    }
    if (err->code != ERR_NOT_FOUND)
        return false;
    row = (struct store_github_deployment){
        .id = gh->id,
        .sha = gh->sha,
        .creator_id = gh->creator.id,
        .created_ms = gh->created_ms,
    };
    snprintf(row.creator, sizeof(row.creator), "%s", gh->creator.login);
    return add_deployment(passage, environment, &row, gh->key, err);
}

/* ---- deployment_status ---- */

/* Somebody else put something there: the lane says what is really there. Past the approvals, it
 * counts as unverified, so that nothing goes on from there. */
static bool hold_foreign(struct passage *passage, const struct store_github_deployment *row,
                         struct err *err)
{
    struct lanes *lanes = &passage->intake->lanes;
    struct store_deployment deployment = {
        .repository_id = row->repository_id,
        .sha = row->sha,
        .state = DEPLOYMENT_SUCCEEDED,
        .reason = word_foreign(row),
        .attempt = 1,
        .delivery_sequence = passage->record->sequence,
    };

    snprintf(deployment.repository, sizeof(deployment.repository), "%s", passage->facts.repository);
    memcpy(deployment.environment, row->environment, sizeof(deployment.environment));
    memcpy(deployment.delivery_guid, passage->record->guid, sizeof(deployment.delivery_guid));
    return lanes_note_foreign(lanes, &deployment, !row->is_bypass, err);
}

static bool move_deployment(struct passage *passage, const struct gh_deployment_status *status,
                            struct store_github_deployment *row, struct err *err)
{
    bool is_foreign = row->deployment.text[0] == '\0';

    row->status_id = status->status_id;
    row->changed_ms = passage->intake->lanes.now_ms;
    snprintf(row->state, sizeof(row->state), "%.31s", status->state);
    if (!store_github_deployment_put(passage->intake->lanes.store, row, err))
        return false;
    conclude(passage, VERDICT_RECORDED,
             reason_make(REASON_STATUS_NOTED, "GitHub's deployment %" PRId64 " to %.60s is %s",
                         row->id, row->environment, row->state));
    return !is_foreign || strcmp(status->state, "success") != 0 || hold_foreign(passage, row, err);
}

/* Final states stay: what comes later, or with a lower id, changes nothing. */
static bool is_stale(const struct gh_deployment_status *status,
                     const struct store_github_deployment *row)
{
    bool has_ended = strcmp(row->state, "success") == 0 || strcmp(row->state, "failure") == 0 ||
                     strcmp(row->state, "error") == 0;

    return has_ended || status->status_id <= row->status_id;
}

bool react_to_deployment_status(struct passage *passage, const struct gh_signal *signal,
                                struct err *err)
{
    const struct gh_deployment_status *status = &signal->as.deployment_status;
    const struct flow_environment *environment = find_environment(passage, status->environment);
    struct store_github_deployment row;

    if (environment == NULL)
        return true;
    if (!store_github_deployment_get(passage->intake->lanes.store, status->deployment_id, &row,
                                     err)) {
        if (err->code != ERR_NOT_FOUND)
            return false;
        /* Its own delivery was lost, or is late. */
        row = (struct store_github_deployment){.id = status->deployment_id, .sha = status->sha};
        if (!add_deployment(passage, environment, &row, status->key, err))
            return false;
    }
    if (is_stale(status, &row)) {
        conclude(passage, VERDICT_RECORDED,
                 reason_make(REASON_STATUS_STALE,
                             "deployment %" PRId64 " is %s; a status %s changes nothing", row.id,
                             row.state[0] != '\0' ? row.state : "further", status->state));
        return true;
    }
    return move_deployment(passage, status, &row, err);
}

/* ---- pull_request ---- */

bool react_to_pull(struct passage *passage, const struct gh_signal *signal, struct err *err)
{
    const struct gh_pull *gh = &signal->as.pull;
    struct store_pull pull = {
        .repository_id = passage->facts.repository_id,
        .number = gh->number,
        .merge_sha = gh->merge_sha,
        .author_id = gh->author.id,
        .merger_id = gh->merger.id,
        .merged_ms = gh->merged_ms,
    };

    snprintf(pull.author, sizeof(pull.author), "%s", gh->author.login);
    snprintf(pull.merger, sizeof(pull.merger), "%s", gh->merger.login);
    conclude(passage, VERDICT_RECORDED,
             reason_make(REASON_LINKED, "#%" PRId64 " of %.60s, merged by %.60s, is %.7s",
                         gh->number, pull.author, pull.merger, gh->merge_sha.hex));
    return store_pull_put(passage->intake->lanes.store, &pull, err);
}
