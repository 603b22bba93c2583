#include "dispatch_int.h"

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/engine.h"

#define ENVIRONMENT_BYTES_MAX (256 * KIB)
#define VARIABLES_MAX         128
#define MASKS_MAX             (CFG_SECRETS_MAX + VARIABLES_MAX)
#define OUTPUT_SLACK          1024 /* bytes of the line that says how much was cut */

/* A command that runs. */
struct running {
    struct dispatch *dispatch;
    struct id deployment;
    struct command *command; /* owned until it ends */
    struct running *next;
};

struct dispatch {
    struct loop *loop;
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

static void add_end(struct dispatch *dispatch, const struct id *deployment,
                    const struct lanes_outcome *outcome)
{
    struct dispatch_end *end = calloc(1, sizeof(*end));

    assert(end != NULL);
    end->deployment = *deployment;
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
    add_end(running->dispatch, &running->deployment, &outcome);
    free(running);
}

static void end_unstarted(struct dispatch *dispatch, const struct id *deployment,
                          enum reason_code code, const char *why)
{
    struct lanes_outcome outcome = {.kind = LANE_FAILED, .reason = reason_make(code, "%s", why)};

    add_end(dispatch, deployment, &outcome);
}

/* ---- what the command gets ---- */

/* Variables one after the other in one buffer, and pointers to them once it no longer moves. */
struct variables {
    struct buf bytes;
    size_t offsets[VARIABLES_MAX];
    size_t count;
};

static void add_variable(struct variables *variables, const char *name, const char *value)
{
    if (variables->count == VARIABLES_MAX)
        return;
    variables->offsets[variables->count++] = variables->bytes.len;
    buf_printf(&variables->bytes, "%s=%s", name, value);
    buf_putc(&variables->bytes, '\0');
}

/* What every program expects to find; nothing else of our environment is handed on unasked. */
static const char *const always_passed[] = {"PATH", "HOME", "USER",   "LOGNAME",
                                            "LANG", "TZ",   "TMPDIR", NULL};

static void pass_variables(struct variables *variables, const char *const *names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        const char *value = getenv(names[i]); /* NOLINT(concurrency-mt-unsafe): nobody sets any */
        if (value != NULL)
            add_variable(variables, names[i], value);
    }
}

static void add_facts(struct variables *variables, const struct store_deployment *deployment,
                      const struct store_lane *lane)
{
    char attempt[16];

    snprintf(attempt, sizeof(attempt), "%u", deployment->attempt);
    add_variable(variables, "ENVFLOW_REPOSITORY", deployment->repository);
    add_variable(variables, "ENVFLOW_ENVIRONMENT", deployment->environment);
    add_variable(variables, "ENVFLOW_SHA", deployment->sha.hex);
    add_variable(variables, "ENVFLOW_PREVIOUS_SHA", lane->holds.hex);
    add_variable(variables, "ENVFLOW_REF", deployment->ref);
    add_variable(variables, "ENVFLOW_DEPLOYMENT_ID", deployment->id.text);
    add_variable(variables, "ENVFLOW_DELIVERY", deployment->delivery_guid);
    add_variable(variables, "ENVFLOW_ATTEMPT", attempt);
}

/* A variable handed through is taken for a secret by its name. */
static bool names_a_secret(const char *name)
{
    static const char *const words[] = {"SECRET", "TOKEN", "PASSWORD",
                                        "PASSWD", "KEY",   "CREDENTIAL"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasestr(name, words[i]) != NULL)
            return true;
    }
    return false;
}

static void collect_masks(const struct cfg *cfg, const struct deploy_command *deploy,
                          const char *masks[MASKS_MAX + 1])
{
    size_t count = 0;

    for (size_t i = 0; i < cfg->secrets_count; i++) {
        if (cfg->secrets[i].bytes != NULL)
            masks[count++] = cfg->secrets[i].bytes;
    }
    for (size_t i = 0; deploy->pass_env != NULL && deploy->pass_env[i] != NULL; i++) {
        const char *value = getenv(deploy->pass_env[i]); /* NOLINT(concurrency-mt-unsafe) */
        if (value != NULL && value[0] != '\0' && names_a_secret(deploy->pass_env[i]) &&
            count < MASKS_MAX)
            masks[count++] = value;
    }
    masks[count] = NULL;
}

static bool run_command(struct dispatch *dispatch, struct running *running,
                        const struct store_deployment *deployment,
                        const struct deploy_command *deploy, struct err *err)
{
    struct variables variables = {.bytes = BUF_INIT(ENVIRONMENT_BYTES_MAX)};
    const char *pointers[VARIABLES_MAX + 1] = {NULL};
    const char *masks[MASKS_MAX + 1];
    struct store_lane lane;
    char run_dir[PATH_MAX];

    if (!store_lane_get(dispatch->lanes->store, deployment->repository_id, deployment->environment,
                        &lane, err))
        return false;
    add_facts(&variables, deployment, &lane);
    pass_variables(&variables, always_passed);
    pass_variables(&variables, deploy->pass_env);
    collect_masks(dispatch->cfg, deploy, masks);
    for (size_t i = 0; i < variables.count && !variables.bytes.failed; i++)
        pointers[i] = variables.bytes.data + variables.offsets[i];

    struct command_spec spec = {
        .run_dir =
            engine_run_dir(dispatch->cfg->store_dir, deployment->id.text, run_dir, sizeof(run_dir)),
        .argv = deploy->argv,
        .workdir = deploy->workdir,
        .environment = pointers,
        .masks = masks,
        .timeout_ms = deploy->timeout_ms,
        .kill_grace_ms = deploy->kill_grace_ms,
        .output_bytes_max = deploy->output_bytes_max,
    };
    bool started =
        variables.bytes.failed
            ? err_set(err, ERR_LIMIT, "the environment is larger than %zu bytes",
                      (size_t)ENVIRONMENT_BYTES_MAX)
            : command_start(dispatch->loop, &spec, on_command_end, running, &running->command, err);
    buf_done(&variables.bytes);
    return started;
}

/* ---- starting and taking up ---- */

static struct running *running_new(struct dispatch *dispatch, const struct id *deployment)
{
    struct running *running = calloc(1, sizeof(*running));

    assert(running != NULL);
    running->dispatch = dispatch;
    running->deployment = *deployment;
    running->next = dispatch->running;
    dispatch->running = running;
    return running;
}

static void running_drop(struct running *running)
{
    unlink_running(running);
    free(running);
}

static struct log_ctx context_of(const struct store_deployment *deployment)
{
    return (struct log_ctx){
        .delivery = deployment->delivery_guid,
        .repository = deployment->repository,
        .environment = deployment->environment,
        .deployment = deployment->id.text,
    };
}

static void start_one(struct dispatch *dispatch, const struct store_deployment *deployment)
{
    const struct flow_environment *environment = lanes_environment(dispatch->lanes, deployment);
    struct log_ctx ctx = context_of(deployment);
    struct err err;

    if (environment == NULL || environment->deploy.argv == NULL) {
        end_unstarted(dispatch, &deployment->id, REASON_CONFIG_GONE,
                      "the configuration no longer says how to deploy this environment");
        return;
    }
    struct running *running = running_new(dispatch, &deployment->id);
    if (!run_command(dispatch, running, deployment, &environment->deploy, &err)) {
        log_error(&ctx, "deployment.not_started", "%s", err.text);
        running_drop(running);
        end_unstarted(dispatch, &deployment->id, REASON_COMMAND_NOT_STARTED, err.text);
        return;
    }
    log_info(&ctx, "deployment.started", "runs %s for %.7s, attempt %u",
             environment->deploy.argv[0], deployment->sha.hex, deployment->attempt);
}

void dispatch_run_starts(struct dispatch *dispatch)
{
    struct lanes *lanes = dispatch->lanes;

    for (size_t i = 0; i < lanes->starts_count; i++) {
        struct store_deployment deployment;
        struct err err;

        /* The row was committed a moment ago: not finding it is the store's failure. */
        if (!store_deployment_get(lanes->store, lanes->starts[i].text, &deployment, &err))
            end_unstarted(dispatch, &lanes->starts[i], REASON_COMMAND_NOT_STARTED, err.text);
        else
            start_one(dispatch, &deployment);
    }
    lanes->starts_count = 0;
}

static void take_up(struct dispatch *dispatch, const struct store_deployment *deployment)
{
    struct log_ctx ctx = context_of(deployment);
    char run_dir[PATH_MAX];
    struct err err;

    engine_run_dir(dispatch->cfg->store_dir, deployment->id.text, run_dir, sizeof(run_dir));
    struct running *running = running_new(dispatch, &deployment->id);
    if (command_adopt(dispatch->loop, run_dir, on_command_end, running, &running->command, &err)) {
        log_info(&ctx, "deployment.taken_up", "was running when the last envflow ended");
        return;
    }
    running_drop(running);
    if (err.code == ERR_NOT_FOUND) {
        start_one(dispatch, deployment);
        return;
    }
    struct lanes_outcome lost = {
        .kind = LANE_OUTCOME_LOST,
        .reason = reason_make(REASON_OUTCOME_UNKNOWN, "cannot be taken up again: %.400s", err.text),
    };
    add_end(dispatch, &deployment->id, &lost);
}

/* Rows are copied out first: taking one up reads the store again. */
struct row_list {
    struct store_deployment *rows;
    size_t count, room;
};

static bool keep_row(const struct store_deployment *deployment, void *arg)
{
    struct row_list *list = arg;

    if (list->count == list->room) {
        size_t room = list->room == 0 ? 16 : list->room * 2;
        struct store_deployment *rows = reallocarray(list->rows, room, sizeof(*rows));
        assert(rows != NULL);
        list->rows = rows;
        list->room = room;
    }
    list->rows[list->count++] = *deployment;
    return true;
}

static bool is_listed(const struct row_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->rows[i].id.text, id) == 0)
            return true;
    }
    return false;
}

/* Run directories whose end is in the store, left by a crash before they could be removed. */
static void remove_leftovers(const struct dispatch *dispatch, const struct row_list *running)
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
    struct row_list list = {0};
    bool listed = store_deployments(dispatch->lanes->store, &filter, keep_row, &list, err);

    if (listed) {
        remove_leftovers(dispatch, &list);
        for (size_t i = 0; i < list.count; i++)
            take_up(dispatch, &list.rows[i]);
    }
    free(list.rows);
    return listed;
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
        engine_run_dir(dispatch->cfg->store_dir, end->deployment.text, run_dir, sizeof(run_dir)));
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

    engine_run_dir(dispatch->cfg->store_dir, end->deployment.text, run_dir, sizeof(run_dir));
    if (!command_output(run_dir, &output, &unread)) {
        struct store_deployment about = {.id = end->deployment}; /* all we know without the store */
        struct err unknown;
        bool told =
            store_deployment_get(dispatch->lanes->store, end->deployment.text, &about, &unknown);
        (void)told;
        struct log_ctx ctx = context_of(&about);
        log_warn(&ctx, "deployment.output_unread", "%s", unread.text);
        return true; /* the outcome counts more than what was printed */
    }
    return store_output_put(dispatch->lanes->store, end->deployment.text, buf_text(&output),
                            output.len, err);
}

/* ---- life ---- */

struct dispatch *dispatch_new(struct loop *loop, const struct cfg *cfg, struct lanes *lanes,
                              void (*on_end)(void *arg), void *arg)
{
    struct dispatch *dispatch = calloc(1, sizeof(*dispatch));

    assert(dispatch != NULL);
    *dispatch =
        (struct dispatch){.loop = loop, .cfg = cfg, .lanes = lanes, .on_end = on_end, .arg = arg};
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
    free(dispatch);
}
