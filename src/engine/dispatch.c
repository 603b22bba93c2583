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
#include "base/units.h"
#include "checks_int.h"
#include "engine/engine.h"

#define ENVIRONMENT_BYTES_MAX (256 * KIB)
#define VARIABLES_MAX         128
#define MASKS_MAX             (CFG_SECRETS_MAX + VARIABLES_MAX)
#define OUTPUT_SLACK          1024 /* bytes of the line that says how much was cut */

/* A command that runs, for a deployment or a check. */
struct running {
    struct dispatch *dispatch;
    struct lanes_start what;
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
    add_variable(variables, "ENVFLOW_RELEASE", deployment->release);
    add_variable(variables, "ENVFLOW_PROMOTION_ID", deployment->promotion.text);
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

/* pass_env may be NULL. */
static void collect_masks(const struct cfg *cfg, const char *const *pass_env,
                          const char *masks[MASKS_MAX + 1])
{
    size_t count = 0;

    for (size_t i = 0; i < cfg->secrets_count; i++) {
        if (cfg->secrets[i].bytes != NULL)
            masks[count++] = cfg->secrets[i].bytes;
    }
    for (size_t i = 0; pass_env != NULL && pass_env[i] != NULL; i++) {
        const char *value = getenv(pass_env[i]); /* NOLINT(concurrency-mt-unsafe) */
        if (value != NULL && value[0] != '\0' && names_a_secret(pass_env[i]) && count < MASKS_MAX)
            masks[count++] = value;
    }
    masks[count] = NULL;
}

/* Starts what the spec says, with these variables as all the environment it gets. */
static bool run_with(struct dispatch *dispatch, struct running *running,
                     struct variables *variables, struct command_spec *spec, struct err *err)
{
    const char *pointers[VARIABLES_MAX + 1] = {NULL};
    char run_dir[PATH_MAX];

    if (variables->bytes.failed)
        return err_set(err, ERR_LIMIT, "the environment is larger than %zu bytes",
                       (size_t)ENVIRONMENT_BYTES_MAX);
    for (size_t i = 0; i < variables->count; i++)
        pointers[i] = variables->bytes.data + variables->offsets[i];
    spec->environment = pointers;
    spec->run_dir =
        engine_run_dir(dispatch->cfg->store_dir, running->what.id.text, run_dir, sizeof(run_dir));
    return command_start(dispatch->loop, spec, on_command_end, running, &running->command, err);
}

static bool run_deployment(struct dispatch *dispatch, struct running *running,
                           const struct store_deployment *deployment,
                           const struct deploy_command *deploy, struct err *err)
{
    struct variables variables = {.bytes = BUF_INIT(ENVIRONMENT_BYTES_MAX)};
    const char *masks[MASKS_MAX + 1];
    struct store_lane lane;

    if (!store_lane_get(dispatch->lanes->store, deployment->repository_id, deployment->environment,
                        &lane, err))
        return false;
    add_facts(&variables, deployment, &lane);
    pass_variables(&variables, always_passed);
    pass_variables(&variables, deploy->pass_env);
    collect_masks(dispatch->cfg, deploy->pass_env, masks);
    struct command_spec spec = {
        .argv = deploy->argv,
        .workdir = deploy->workdir,
        .masks = masks,
        .timeout_ms = deploy->timeout_ms,
        .kill_grace_ms = deploy->kill_grace_ms,
        .output_bytes_max = deploy->output_bytes_max,
    };
    bool started = run_with(dispatch, running, &variables, &spec, err);
    buf_done(&variables.bytes);
    return started;
}

/* ---- checks ---- */

#define PROBE_ARGUMENTS_MAX 24
#define CHECK_KILL_GRACE_MS 2000
#define CHECK_SLACK_MS      5000 /* for the probe to say itself that time is up */
#define CHECK_OUTPUT_BYTES  (64 * KIB)

/* An HTTP check is this program again, as `envflow probe`: what a foreign server answers is read in
 * a process of its own. */
struct probe_arguments {
    const char *argv[PROBE_ARGUMENTS_MAX];
    char numbers[8][UNITS_TEXT_SIZE];
    size_t count, numbers_count;
};

static void add_argument(struct probe_arguments *arguments, const char *text)
{
    assert(arguments->count < PROBE_ARGUMENTS_MAX - 1);
    arguments->argv[arguments->count++] = text;
}

static void add_duration(struct probe_arguments *arguments, const char *option, int64_t ms)
{
    add_argument(arguments, option);
    add_argument(arguments,
                 units_format_duration(ms, arguments->numbers[arguments->numbers_count++]));
}

static void make_arguments(const struct flow_check *check, struct probe_arguments *arguments)
{
    char *status = arguments->numbers[arguments->numbers_count++];

    snprintf(status, UNITS_TEXT_SIZE, "%d", (int)check->status);
    add_argument(arguments, "/proc/self/exe");
    add_argument(arguments, "probe");
    add_argument(arguments, "--status");
    add_argument(arguments, status);
    if (check->match != NULL) {
        add_argument(arguments, "--match");
        add_argument(arguments, check->match);
    }
    add_duration(arguments, "--timeout", check->timeout_ms);
    add_duration(arguments, "--interval", check->interval_ms);
    add_duration(arguments, "--for", check->for_ms);
    add_duration(arguments, "--within", check->within_ms);
    add_argument(arguments, "--");
    add_argument(arguments, check->url);
}

/* What a check is about: its promotion's release, or what its deployment brought. */
struct check_subject {
    char repository[REPO_NAME_MAX];
    struct git_sha sha;
    char release[STORE_RELEASE_MAX];
};

static bool find_subject(const struct dispatch *dispatch, const struct store_check *check,
                         struct check_subject *ret_subject, struct err *err)
{
    struct store_promotion promotion;
    struct store_deployment deployment;

    if (check->phase == CHECK_BEFORE) {
        if (!store_promotion_get(dispatch->lanes->store, check->subject.text, &promotion, err))
            return false;
        memcpy(ret_subject->repository, promotion.repository, sizeof(promotion.repository));
        memcpy(ret_subject->release, promotion.release, sizeof(promotion.release));
        ret_subject->sha = promotion.sha;
        return true;
    }
    if (!store_deployment_get(dispatch->lanes->store, check->subject.text, &deployment, err))
        return false;
    memcpy(ret_subject->repository, deployment.repository, sizeof(deployment.repository));
    memcpy(ret_subject->release, deployment.release, sizeof(deployment.release));
    ret_subject->sha = deployment.sha;
    return true;
}

static bool run_check(struct dispatch *dispatch, struct running *running,
                      const struct store_check *row, const struct flow_check *check,
                      struct err *err)
{
    struct variables variables = {.bytes = BUF_INIT(ENVIRONMENT_BYTES_MAX)};
    struct probe_arguments arguments = {.count = 0};
    const char *masks[MASKS_MAX + 1];
    struct check_subject subject;

    if (!find_subject(dispatch, row, &subject, err))
        return false;
    add_variable(&variables, "ENVFLOW_REPOSITORY", subject.repository);
    add_variable(&variables, "ENVFLOW_ENVIRONMENT", row->environment);
    add_variable(&variables, "ENVFLOW_SHA", subject.sha.hex);
    add_variable(&variables, "ENVFLOW_RELEASE", subject.release);
    add_variable(&variables, "ENVFLOW_CHECK", row->name);
    pass_variables(&variables, always_passed);
    collect_masks(dispatch->cfg, NULL, masks);
    if (check->url != NULL)
        make_arguments(check, &arguments);
    struct command_spec spec = {
        .argv = check->url != NULL ? arguments.argv : check->argv,
        .masks = masks,
        .timeout_ms = check->timeout_ms + check->for_ms + check->within_ms +
                      (check->url != NULL ? CHECK_SLACK_MS : 0),
        .kill_grace_ms = CHECK_KILL_GRACE_MS,
        .output_bytes_max = CHECK_OUTPUT_BYTES,
    };
    bool started = run_with(dispatch, running, &variables, &spec, err);
    buf_done(&variables.bytes);
    return started;
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
    if (!run_deployment(dispatch, running, &deployment, &environment->deploy, &err)) {
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
    if (!run_check(dispatch, running, &row, check, &err)) {
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
        if (id_is_valid(entry->d_name) && !is_listed(running, entry->d_name))
            command_remove(
                engine_run_dir(dispatch->cfg->store_dir, entry->d_name, path, sizeof(path)));
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
