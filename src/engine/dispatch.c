#include "dispatch_int.h"

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "checks_int.h"
#include "engine/engine.h"
#include "exec/spawner.h"
#include "jobs_int.h"

#define OUTPUT_SLACK 1024 /* bytes of the line that says how much was cut */

/* A command that runs, for a deployment or a check. */
struct running {
    struct dispatch *dispatch;
    struct lanes_start what;
    struct command *command; /* owned until it ends */
    struct running *next;
};

struct dispatch {
    struct loop *loop;
    struct spawner *spawner;
    const struct cfg *cfg;
    struct lanes *lanes;
    void (*on_end)(void *arg);
    void *arg;
    struct running *running;
    struct dispatch_end *first_end, **last_end;
};

/* ---- how it ended ---- */

/* What stands behind the words: nothing, the number, or the meaning of an errno. */
enum tail { TAIL_NONE, TAIL_NUMBER, TAIL_ERRNO };

static const struct {
    enum lane_event_kind kind;
    enum reason_code code;
    const char *words;
    enum tail tail;
} wordings[COMMAND_END_COUNT] = {
    [COMMAND_EXITED] = {LANE_FAILED, REASON_COMMAND_FAILED, "the command ended with status",
                        TAIL_NUMBER},
    [COMMAND_SIGNALED] = {LANE_FAILED, REASON_COMMAND_KILLED, "the command was ended by signal",
                          TAIL_NUMBER},
    [COMMAND_TIMED_OUT] = {LANE_FAILED, REASON_COMMAND_TIMED_OUT,
                           "the command ran into its time-out and was ended by signal",
                           TAIL_NUMBER},
    [COMMAND_CANCELLED] = {LANE_FAILED, REASON_COMMAND_KILLED,
                           "the command was cancelled and ended by signal", TAIL_NUMBER},
    [COMMAND_NOT_STARTED] = {LANE_FAILED, REASON_COMMAND_NOT_STARTED,
                             "the command could not be started:", TAIL_ERRNO},
    [COMMAND_LOST] = {LANE_OUTCOME_LOST, REASON_OUTCOME_UNKNOWN, "nobody saw how the command ended",
                      TAIL_NONE},
};

static struct reason reason_of(const struct command_result *result)
{
    enum reason_code code = wordings[result->end].code;
    const char *words = wordings[result->end].words;
    const char *meaning = strerrordesc_np(result->code);

    if (wordings[result->end].tail == TAIL_NONE)
        return reason_make(code, "%s", words);
    if (wordings[result->end].tail == TAIL_NUMBER)
        return reason_make(code, "%s %d", words, result->code);
    return reason_make(code, "%s %s", words, meaning != NULL ? meaning : "unknown error");
}

static struct lanes_outcome outcome_of(const struct command_result *result)
{
    struct lanes_outcome outcome = {
        .kind = wordings[result->end].kind,
        .exit_code = result->code,
        .started_ms = result->started_ms,
        .ended_ms = result->ended_ms,
    };

    if (result->end == COMMAND_EXITED && result->code == 0) {
        outcome.kind = LANE_SUCCEEDED;
        outcome.reason = reason_make(REASON_SUCCEEDED, "the command ended with status 0");
    } else {
        outcome.reason = reason_of(result);
    }
    return outcome;
}

static void add_end(struct dispatch *dispatch, const struct lanes_start *started,
                    const struct lanes_outcome *outcome)
{
    struct dispatch_end *end = calloc(1, sizeof(*end));

    assert(end != NULL);
    end->of = *started;
    end->outcome = *outcome;
    *dispatch->last_end = end;
    dispatch->last_end = &end->next;
    dispatch->on_end(dispatch->arg);
}

static void unlink_running(struct running *running)
{
    struct running **link = &running->dispatch->running;

    while (*link != running)
        link = &(*link)->next;
    *link = running->next;
}

static void on_command_end(const struct command_result *result, void *arg)
{
    struct running *running = arg;
    struct lanes_outcome outcome = outcome_of(result);

    unlink_running(running);
    add_end(running->dispatch, &running->what, &outcome);
    free(running);
}

static void end_unstarted(struct dispatch *dispatch, const struct lanes_start *what,
                          enum reason_code code, const char *why)
{
    struct lanes_outcome outcome = {.kind = LANE_FAILED, .reason = reason_make(code, "%s", why)};

    add_end(dispatch, what, &outcome);
}

/* ---- starting and taking up ---- */

static struct running *running_new(struct dispatch *dispatch, const struct lanes_start *what)
{
    struct running *running = calloc(1, sizeof(*running));

    assert(running != NULL);
    running->dispatch = dispatch;
    running->what = *what;
    running->next = dispatch->running;
    dispatch->running = running;
    return running;
}

static struct job job_of(struct running *running)
{
    const struct dispatch *dispatch = running->dispatch;

    return (struct job){
        .loop = dispatch->loop,
        .spawner = dispatch->spawner,
        .cfg = dispatch->cfg,
        .store = dispatch->lanes->store,
        .id = &running->what.id,
        .on_end = on_command_end,
        .arg = running,
        .ret_command = &running->command,
    };
}

static void running_drop(struct running *running)
{
    unlink_running(running);
    free(running);
}

static struct log_ctx context_of(const struct store_deployment *deployment)
{
    return (struct log_ctx){
        .delivery = deployment->delivery_guid[0] != '\0' ? deployment->delivery_guid : NULL,
        .repository = deployment->repository,
        .environment = deployment->environment,
        .deployment = deployment->id.text,
    };
}

static void start_deployment(struct dispatch *dispatch, const struct lanes_start *what)
{
    struct store_deployment deployment;
    struct err err;

    /* The row was committed a moment ago: not finding it is the store's failure. */
    if (!store_deployment_get(dispatch->lanes->store, what->id.text, &deployment, &err)) {
        end_unstarted(dispatch, what, REASON_COMMAND_NOT_STARTED, err.text);
        return;
    }
    const struct flow_environment *environment = lanes_environment(dispatch->lanes, &deployment);
    struct log_ctx ctx = context_of(&deployment);
    if (environment == NULL || environment->deploy.argv == NULL) {
        end_unstarted(dispatch, what, REASON_CONFIG_GONE,
                      "the configuration does not say how to deploy this environment");
        return;
    }
    struct running *running = running_new(dispatch, what);
    struct job job = job_of(running);
    if (!jobs_run_deployment(&job, &deployment, &environment->deploy, &err)) {
        log_error(&ctx, "deployment.not_started", "%s", err.text);
        running_drop(running);
        end_unstarted(dispatch, what, REASON_COMMAND_NOT_STARTED, err.text);
        return;
    }
    log_info(&ctx, "deployment.started", "runs %s for %.7s, attempt %u",
             environment->deploy.argv[0], deployment.sha.hex, deployment.attempt);
}

static void start_check(struct dispatch *dispatch, const struct lanes_start *what)
{
    const struct flow_check *check = NULL;
    struct store_check row;
    struct err err;

    if (!store_check_get(dispatch->lanes->store, what->id.text, &row, &err) ||
        !checks_find(dispatch->lanes, &row, &check, &err)) {
        end_unstarted(dispatch, what, REASON_COMMAND_NOT_STARTED, err.text);
        return;
    }
    if (check == NULL) {
        end_unstarted(dispatch, what, REASON_CONFIG_GONE,
                      "the configuration no longer has this check");
        return;
    }
    struct running *running = running_new(dispatch, what);
    struct job job = job_of(running);
    if (!jobs_run_check(&job, &row, check, &err)) {
        struct log_ctx ctx = {.environment = row.environment};
        log_error(&ctx, "check.not_started", "%s: %s", row.name, err.text);
        running_drop(running);
        end_unstarted(dispatch, what, REASON_COMMAND_NOT_STARTED, err.text);
    }
}

typedef void start_fn(struct dispatch *dispatch, const struct lanes_start *what);

static start_fn *const starters[] = {
    [LANES_DEPLOYMENT] = start_deployment,
    [LANES_CHECK] = start_check,
};

static void stop(struct dispatch *dispatch, const struct id *id)
{
    for (struct running *running = dispatch->running; running != NULL; running = running->next) {
        if (strcmp(running->what.id.text, id->text) == 0)
            command_cancel(running->command);
    }
}

void dispatch_follow(struct dispatch *dispatch)
{
    struct lanes *lanes = dispatch->lanes;

    for (size_t i = 0; i < lanes->stops_count; i++)
        stop(dispatch, &lanes->stops[i]);
    for (size_t i = 0; i < lanes->starts_count; i++)
        starters[lanes->starts[i].job](dispatch, &lanes->starts[i]);
    lanes->starts_count = 0;
    lanes->stops_count = 0;
}

/* ---- after a restart ---- */

static void take_up(struct dispatch *dispatch, const struct lanes_start *what)
{
    struct log_ctx ctx = {.deployment = what->id.text};
    char run_dir[PATH_MAX];
    struct err err;

    engine_run_dir(dispatch->cfg->store_dir, what->id.text, run_dir, sizeof(run_dir));
    struct running *running = running_new(dispatch, what);
    if (command_adopt(dispatch->loop, run_dir, on_command_end, running, &running->command, &err)) {
        log_info(&ctx, "deployment.taken_up", "was running when the last envflow ended");
        return;
    }
    running_drop(running);
    if (err.code == ERR_NOT_FOUND) {
        starters[what->job](dispatch, what);
        return;
    }
    struct lanes_outcome lost = {
        .kind = LANE_OUTCOME_LOST,
        .reason = reason_make(REASON_OUTCOME_UNKNOWN, "cannot be taken up again: %.400s", err.text),
    };
    add_end(dispatch, what, &lost);
}

static bool keep_deployment(const struct store_deployment *deployment, void *arg)
{
    struct lanes_start start = {.job = LANES_DEPLOYMENT, .id = deployment->id};

    list_add(arg, &start);
    return true;
}

static bool keep_check(const struct store_check *check, void *arg)
{
    struct lanes_start start = {.job = LANES_CHECK, .id = check->id};

    list_add(arg, &start);
    return true;
}

static bool is_listed(const struct list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct lanes_start *start = list_at(list, i);
        if (strcmp(start->id.text, id) == 0)
            return true;
    }
    return false;
}

/* Run directories whose end is in the store, left by a crash before they could be removed. */
static void remove_leftovers(const struct dispatch *dispatch, const struct list *running)
{
    char path[PATH_MAX];
    DIR *dir = opendir(engine_run_dir(dispatch->cfg->store_dir, "", path, sizeof(path)));

    if (dir == NULL)
        return;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone */
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct id id;
        snprintf(id.text, sizeof(id.text), "%.*s", (int)strcspn(entry->d_name, "."), entry->d_name);
        if (id_is_valid(id.text) && !is_listed(running, id.text))
            command_remove(engine_run_dir(dispatch->cfg->store_dir, id.text, path, sizeof(path)));
    }
    closedir(dir);
}

bool dispatch_recover(struct dispatch *dispatch, struct err *err)
{
    struct store_deployment_filter filter = {.state = DEPLOYMENT_RUNNING, .limit = UINT_MAX};
    AUTO(list) struct list running = LIST_INIT(struct lanes_start);

    if (!store_deployments(dispatch->lanes->store, &filter, keep_deployment, &running, err) ||
        !store_checks(dispatch->lanes->store, NULL, keep_check, &running, err))
        return false;
    remove_leftovers(dispatch, &running);
    for (size_t i = 0; i < running.count; i++)
        take_up(dispatch, list_at(&running, i));
    return true;
}

/* ---- ends ---- */

const struct dispatch_end *dispatch_first_end(const struct dispatch *dispatch)
{
    return dispatch->first_end;
}

void dispatch_drop_end(struct dispatch *dispatch)
{
    struct dispatch_end *end = dispatch->first_end;
    char run_dir[PATH_MAX];

    command_remove(
        engine_run_dir(dispatch->cfg->store_dir, end->of.id.text, run_dir, sizeof(run_dir)));
    dispatch->first_end = end->next;
    if (dispatch->first_end == NULL)
        dispatch->last_end = &dispatch->first_end;
    free(end);
}

bool dispatch_store_output(struct dispatch *dispatch, const struct dispatch_end *end,
                           struct err *err)
{
    AUTO(buf) struct buf output = BUF_INIT(16 * MIB + OUTPUT_SLACK);
    char run_dir[PATH_MAX];
    struct err unread;

    engine_run_dir(dispatch->cfg->store_dir, end->of.id.text, run_dir, sizeof(run_dir));
    if (!command_output(run_dir, &output, &unread)) {
        struct log_ctx ctx = {.deployment = end->of.id.text};
        log_warn(&ctx, "deployment.output_unread", "%s", unread.text);
        return true; /* the outcome counts more than what was printed */
    }
    return store_output_put(dispatch->lanes->store, end->of.id.text, buf_text(&output), output.len,
                            err);
}

/* ---- life ---- */

struct dispatch *dispatch_new(struct loop *loop, const struct cfg *cfg, struct lanes *lanes,
                              void (*on_end)(void *arg), void *arg)
{
    struct dispatch *dispatch = calloc(1, sizeof(*dispatch));

    assert(dispatch != NULL);
    *dispatch = (struct dispatch){
        .loop = loop,
        .spawner = spawner_new(),
        .cfg = cfg,
        .lanes = lanes,
        .on_end = on_end,
        .arg = arg,
    };
    dispatch->last_end = &dispatch->first_end;
    return dispatch;
}

void dispatch_free(struct dispatch *dispatch)
{
    if (dispatch == NULL)
        return;
    for (struct running *running = dispatch->running; running != NULL;) {
        struct running *next = running->next;
        command_forget(running->command);
        free(running);
        running = next;
    }
    while (dispatch->first_end != NULL) {
        struct dispatch_end *end = dispatch->first_end;
        dispatch->first_end = end->next;
        free(end);
    }
    spawner_free(dispatch->spawner);
    free(dispatch);
}
