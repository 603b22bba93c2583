/* What deliveries told of GitHub's own things: workflow runs, deployments, pull requests. */
#include <inttypes.h>

#include "store_int.h"

/* ---- workflow runs ---- */

bool store_run_put(struct store *store, const struct store_run *run, struct err *err)
{
    struct query query = query_begin(store, ST_RUN_PUT);

    query_bind_int(&query, run->run_id);
    query_bind_int(&query, run->repository_id);
    query_bind_text(&query, run->promotion.text);
    query_bind_text(&query, run->status);
    query_bind_text(&query, run->conclusion);
    query_bind_text(&query, run->url);
    query_bind_int(&query, run->changed_ms);
    return query_run(&query, err);
}

static void take_run(struct query *query, struct store_run *run)
{
    run->run_id = query_take_int(query);
    run->repository_id = query_take_int(query);
    query_take_text(query, run->promotion.text, sizeof(run->promotion.text));
    query_take_text(query, run->status, sizeof(run->status));
    query_take_text(query, run->conclusion, sizeof(run->conclusion));
    query_take_text(query, run->url, sizeof(run->url));
    run->changed_ms = query_take_int(query);
}

bool store_run_get(struct store *store, int64_t run_id, struct store_run *ret_run, struct err *err)
{
    struct query query = query_begin(store, ST_RUN_GET);

    query_bind_int(&query, run_id);
    bool found = query_step(&query);
    if (found)
        take_run(&query, ret_run);
    if (!query_end(&query, err))
        return false;
    return found ||
           err_set(err, ERR_NOT_FOUND, "workflow run %" PRId64 " belongs to no promotion", run_id);
}

/* ---- deployments ---- */

bool store_github_deployment_put(struct store *store,
                                 const struct store_github_deployment *deployment, struct err *err)
{
    struct query query = query_begin(store, ST_GITHUB_DEPLOYMENT_PUT);

    query_bind_int(&query, deployment->id);
    query_bind_int(&query, deployment->repository_id);
    query_bind_text(&query, deployment->environment);
    query_bind_text(&query, deployment->sha.hex);
    query_bind_text(&query, deployment->deployment.text);
    query_bind_text(&query, deployment->state);
    query_bind_int(&query, deployment->status_id);
    query_bind_text(&query, deployment->creator);
    query_bind_int(&query, deployment->creator_id);
    query_bind_int(&query, deployment->is_bypass);
    query_bind_int(&query, deployment->created_ms);
    query_bind_int(&query, deployment->changed_ms);
    return query_run(&query, err);
}

static void take_deployment(struct query *query, struct store_github_deployment *deployment)
{
    deployment->id = query_take_int(query);
    deployment->repository_id = query_take_int(query);
    query_take_text(query, deployment->environment, sizeof(deployment->environment));
    query_take_text(query, deployment->sha.hex, sizeof(deployment->sha.hex));
    query_take_text(query, deployment->deployment.text, sizeof(deployment->deployment.text));
    query_take_text(query, deployment->state, sizeof(deployment->state));
    deployment->status_id = query_take_int(query);
    query_take_text(query, deployment->creator, sizeof(deployment->creator));
    deployment->creator_id = query_take_int(query);
    deployment->is_bypass = query_take_int(query) != 0;
    deployment->created_ms = query_take_int(query);
    deployment->changed_ms = query_take_int(query);
}

bool store_github_deployment_get(struct store *store, int64_t id,
                                 struct store_github_deployment *ret_deployment, struct err *err)
{
    struct query query = query_begin(store, ST_GITHUB_DEPLOYMENT_GET);

    query_bind_int(&query, id);
    bool found = query_step(&query);
    if (found)
        take_deployment(&query, ret_deployment);
    if (!query_end(&query, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND, "GitHub deployment %" PRId64 " is not known", id);
}

/* ---- pull requests ---- */

bool store_pull_put(struct store *store, const struct store_pull *pull, struct err *err)
{
    struct query query = query_begin(store, ST_PULL_PUT);

    query_bind_int(&query, pull->repository_id);
    query_bind_int(&query, pull->number);
    query_bind_text(&query, pull->merge_sha.hex);
    query_bind_text(&query, pull->author);
    query_bind_int(&query, pull->author_id);
    query_bind_text(&query, pull->merger);
    query_bind_int(&query, pull->merger_id);
    query_bind_int(&query, pull->merged_ms);
    return query_run(&query, err);
}

static void take_pull(struct query *query, struct store_pull *pull)
{
    pull->repository_id = query_take_int(query);
    pull->number = query_take_int(query);
    query_take_text(query, pull->merge_sha.hex, sizeof(pull->merge_sha.hex));
    query_take_text(query, pull->author, sizeof(pull->author));
    pull->author_id = query_take_int(query);
    query_take_text(query, pull->merger, sizeof(pull->merger));
    pull->merger_id = query_take_int(query);
    pull->merged_ms = query_take_int(query);
}

bool store_pull_of_sha(struct store *store, int64_t repository_id, const struct git_sha *sha,
                       struct store_pull *ret_pull, struct err *err)
{
    struct query query = query_begin(store, ST_PULL_BY_SHA);

    query_bind_int(&query, repository_id);
    query_bind_text(&query, sha->hex);
    bool found = query_step(&query);
    if (found)
        take_pull(&query, ret_pull);
    if (!query_end(&query, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND, "no pull request made commit '%.64s'", sha->hex);
}
