#include "jobs_int.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/units.h"
#include "engine/engine.h"
#include "store/promotions.h"

#define ENVIRONMENT_BYTES_MAX (256 * KIB)
#define VARIABLES_MAX         128
#define MASKS_MAX             (CFG_SECRETS_MAX + VARIABLES_MAX)

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
static bool run_with(const struct job *job, const struct variables *variables,
                     struct command_spec *spec, struct err *err)
{
    const char *pointers[VARIABLES_MAX + 1] = {NULL};
    char run_dir[PATH_MAX];

    if (variables->bytes.failed)
        return err_set(err, ERR_LIMIT, "the environment is larger than %zu bytes",
                       (size_t)ENVIRONMENT_BYTES_MAX);
    for (size_t i = 0; i < variables->count; i++)
        pointers[i] = variables->bytes.data + variables->offsets[i];
    spec->environment = pointers;
    spec->run_dir = engine_run_dir(job->cfg->store_dir, job->id->text, run_dir, sizeof(run_dir));
    return command_start(job->loop, job->spawner, spec, job->on_end, job->arg, job->ret_command,
                         err);
}

bool jobs_run_deployment(const struct job *job, const struct store_deployment *deployment,
                         const struct deploy_command *deploy, struct err *err)
{
    struct variables variables = {.bytes = BUF_INIT(ENVIRONMENT_BYTES_MAX)};
    const char *masks[MASKS_MAX + 1];
    struct store_lane lane;

    if (!store_lane_get(job->store, deployment->repository_id, deployment->environment, &lane, err))
        return false;
    add_facts(&variables, deployment, &lane);
    pass_variables(&variables, always_passed);
    pass_variables(&variables, deploy->pass_env);
    collect_masks(job->cfg, deploy->pass_env, masks);
    struct command_spec spec = {
        .argv = deploy->argv,
        .workdir = deploy->workdir,
        .masks = masks,
        .timeout_ms = deploy->timeout_ms,
        .kill_grace_ms = deploy->kill_grace_ms,
        .output_bytes_max = deploy->output_bytes_max,
    };
    bool started = run_with(job, &variables, &spec, err);
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

static bool find_subject(const struct job *job, const struct store_check *check,
                         struct check_subject *ret_subject, struct err *err)
{
    struct store_promotion promotion;
    struct store_deployment deployment;

    if (check->phase == CHECK_BEFORE) {
        if (!store_promotion_get(job->store, check->subject.text, &promotion, err))
            return false;
        memcpy(ret_subject->repository, promotion.repository, sizeof(promotion.repository));
        memcpy(ret_subject->release, promotion.release, sizeof(promotion.release));
        ret_subject->sha = promotion.sha;
        return true;
    }
    if (!store_deployment_get(job->store, check->subject.text, &deployment, err))
        return false;
    memcpy(ret_subject->repository, deployment.repository, sizeof(deployment.repository));
    memcpy(ret_subject->release, deployment.release, sizeof(deployment.release));
    ret_subject->sha = deployment.sha;
    return true;
}

bool jobs_run_check(const struct job *job, const struct store_check *row,
                    const struct flow_check *check, struct err *err)
{
    struct variables variables = {.bytes = BUF_INIT(ENVIRONMENT_BYTES_MAX)};
    struct probe_arguments arguments = {.count = 0};
    const char *masks[MASKS_MAX + 1];
    struct check_subject subject;

    if (!find_subject(job, row, &subject, err))
        return false;
    add_variable(&variables, "ENVFLOW_REPOSITORY", subject.repository);
    add_variable(&variables, "ENVFLOW_ENVIRONMENT", row->environment);
    add_variable(&variables, "ENVFLOW_SHA", subject.sha.hex);
    add_variable(&variables, "ENVFLOW_RELEASE", subject.release);
    add_variable(&variables, "ENVFLOW_CHECK", row->name);
    pass_variables(&variables, always_passed);
    collect_masks(job->cfg, NULL, masks);
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
    bool started = run_with(job, &variables, &spec, err);
    buf_done(&variables.bytes);
    return started;
}
