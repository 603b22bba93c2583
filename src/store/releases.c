/* Releases: a name is bound once and for ever. */
#include <assert.h>
#include <string.h>

#include "store_int.h"

#define PREFIX_MIN 7 /* digits of a commit id that stand for it */

static void take_release(struct query *query, struct store_release *release)
{
    release->repository_id = query_take_int(query);
    query_take_text(query, release->name, sizeof(release->name));
    query_take_text(query, release->sha.hex, sizeof(release->sha.hex));
    query_take_text(query, release->branch, sizeof(release->branch));
    query_take_text(query, release->title, sizeof(release->title));
    release->created_ms = query_take_int(query);
    release->delivery_sequence = (uint64_t)query_take_int(query);
}

static bool find_by_name(struct store *store, int64_t repository_id, const char *name,
                         struct store_release *release, bool *ret_found, struct err *err)
{
    struct query query = query_begin(store, ST_RELEASE_BY_NAME);

    query_bind_int(&query, repository_id);
    query_bind_text(&query, name);
    *ret_found = query_step(&query);
    if (*ret_found)
        take_release(&query, release);
    return query_end(&query, err);
}

bool store_release_bind(struct store *store, const struct store_release *release,
                        struct store_release *ret_bound, struct err *err)
{
    struct query query = query_begin(store, ST_RELEASE_ADD);
    bool found = false;

    query_bind_int(&query, release->repository_id);
    query_bind_text(&query, release->name);
    query_bind_text(&query, release->sha.hex);
    query_bind_text(&query, release->branch);
    query_bind_text(&query, release->title);
    query_bind_int(&query, release->created_ms);
    query_bind_int(&query, (int64_t)release->delivery_sequence);
    if (!query_run(&query, err) ||
        !find_by_name(store, release->repository_id, release->name, ret_bound, &found, err))
        return false;
    assert(found);
    return true;
}

/* The earliest named release of the commits that begin with prefix, and one of another commit that
 * does too, if there is any. */
static bool find_by_sha(struct store *store, int64_t repository_id, const char *prefix,
                        struct store_release found[2], size_t *ret_count, struct err *err)
{
    struct query query = query_begin(store, ST_RELEASES_BY_SHA);
    size_t count = 0;

    query_bind_int(&query, repository_id);
    query_bind_text(&query, prefix);
    while (count < 2 && query_step(&query)) {
        take_release(&query, &found[count]);
        if (count == 0 || !git_sha_equal(&found[0].sha, &found[1].sha))
            count++;
    }
    *ret_count = count;
    return query_end(&query, err);
}

bool store_release_find(struct store *store, int64_t repository_id, const char *text,
                        struct store_release *ret_release, struct err *err)
{
    struct store_release found[2];
    bool is_name = false;
    size_t count = 0;

    if (!find_by_name(store, repository_id, text, &found[0], &is_name, err))
        return false;
    if (!is_name && strlen(text) >= PREFIX_MIN &&
        !find_by_sha(store, repository_id, text, found, &count, err))
        return false;
    if (!is_name && count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no release '%.64s'", text);
    if (count == 2)
        return err_set(err, ERR_CONFLICT,
                       "several commits begin with '%.64s': %.64s (release %.64s) and %.64s "
                       "(release %.64s)",
                       text, found[0].sha.hex, found[0].name, found[1].sha.hex, found[1].name);
    *ret_release = found[0];
    return true;
}

bool store_release_of_sha(struct store *store, int64_t repository_id, const struct git_sha *sha,
                          struct store_release *ret_release, struct err *err)
{
    struct store_release found[2];
    size_t count = 0;

    if (sha->hex[0] != '\0' && !find_by_sha(store, repository_id, sha->hex, found, &count, err))
        return false;
    if (count == 0 || !git_sha_equal(&found[0].sha, sha))
        return err_set(err, ERR_NOT_FOUND, "no release has commit '%.64s'", sha->hex);
    *ret_release = found[0];
    return true;
}

bool store_releases(struct store *store, const struct store_release_filter *filter,
                    store_release_fn *fn, void *arg, struct err *err)
{
    struct query query =
        query_begin(store, filter->repository != NULL ? ST_RELEASES_OF_REPOSITORY : ST_RELEASES);
    struct store_release release;
    bool go_on = true;

    assert(filter->limit > 0);
    query_bind_text(&query, filter->repository);
    query_bind_int(&query, filter->before_ms != 0 ? filter->before_ms : INT64_MAX);
    query_bind_int(&query, filter->before_name != NULL ? filter->before_repository_id : INT64_MIN);
    query_bind_text(&query, filter->before_name != NULL ? filter->before_name : "");
    query_bind_int(&query, filter->limit);
    while (go_on && query_step(&query)) {
        take_release(&query, &release);
        query_take_text(&query, release.repository, sizeof(release.repository));
        go_on = fn(&release, arg);
    }
    return query_end(&query, err);
}
