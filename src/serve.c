#include "serve.h"

#include <assert.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/limits.h"
#include "base/log.h"
#include "cfg/cfg.h"
#include "engine/engine.h"
#include "engine/ingest.h"
#include "github/payload.h"
#include "github/signature.h"
#include "http/server.h"
#include "journal/journal.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/notify.h"
#include "net/tls.h"

#define DRAIN_MS       10000 /* longest wait for answers in progress after SIGTERM */
#define DRAIN_POLL_MS  20    /* the journal has no callback for "nobody waits" */
#define PROBLEMS_BYTES (64 * KIB)
#define SIGNALS_COUNT  3

/* Descriptors that connections leave to all else, a quarter within these; and the fewest
 * connections anyway. */
#define DESCRIPTORS_KEPT_MIN 48
#define DESCRIPTORS_KEPT_MAX 512
#define CONNECTIONS_MIN      16

/* A process has one of these; it lives in serve_run. */
struct serve {
    struct cfg *cfg;
    struct loop *loop;
    struct watch *signals[SIGNALS_COUNT];
    struct wakeup *settled; /* the journal has entries to collect */
    struct timer *drain_timer;
    struct journal *journal;
    struct signature_keys *keys;
    struct ingest *ingest;
    struct http_server *server;
    struct tls_context *tls;     /* NULL for plain HTTP */
    pthread_mutex_t engine_lock; /* the journal's thread wakes the engine through this pointer */
    struct engine *engine;
    struct admin *admin;
    bool stopping;
    bool drained;
    int64_t drain_until_ms;
};

/* ---- the process ---- */

/* Secrets are in our memory: no core dump, and no other process of this user reads it. Leak
 * checkers must be able to, so builds for them are left as they are. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LEAK_CHECKED true
#elif defined(__has_feature)
#define LEAK_CHECKED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define LEAK_CHECKED false
#endif

static void protect_memory(void)
{
    bool dumpable = LEAK_CHECKED;

    if (!dumpable)
        prctl(PR_SET_DUMPABLE, 0);
}

static void prepare_process(void)
{
    struct rlimit files;

    protect_memory();
    signal(SIGPIPE, SIG_IGN); /* NOLINT(concurrency-mt-unsafe): before any thread */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    mallopt(M_ARENA_MAX, 2); /* four threads, of which two allocate much */
    /* Left alone, the allocator would learn from large bodies to keep their memory for ever. */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    mallopt(M_MMAP_THRESHOLD, (int)(2 * MIB));
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    mallopt(M_TRIM_THRESHOLD, (int)(8 * MIB));
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    payload_init();
}

static void configure_log(const struct cfg *cfg)
{
    bool text = cfg->log_format == CFG_LOG_TEXT ||
                (cfg->log_format == CFG_LOG_AUTO && isatty(STDERR_FILENO) == 1);

    log_configure(text ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON, (enum log_level)cfg->log_level);
}

/* NULL: the problems were printed. */
static struct cfg *load_configuration(const struct cli_args *args)
{
    AUTO(buf) struct buf text = BUF_INIT(PROBLEMS_BYTES);
    struct cfg_problems problems = {0};
    struct cfg *cfg = NULL;
    const char *path = cli_config_path(args);

    if (path == NULL) {
        cli_fail(CLI_USAGE, "there is no envflow.yaml here; `envflow init` writes one, or name "
                            "yours with --config FILE");
        return NULL;
    }
    if (cfg_load(path, &cfg, &problems) && cfg_read_secrets(cfg, &problems))
        return cfg;
    cfg_free(cfg);
    cfg_problems_print(&problems, path, &text);
    fputs(buf_text(&text), stderr);
    return NULL;
}

/* ---- what the threads tell each other ---- */

static void on_journal_done(void *arg)
{
    struct serve *serve = arg;

    wakeup_signal(serve->settled);
}

static void on_journal_durable(void *arg)
{
    struct serve *serve = arg;

    pthread_mutex_lock(&serve->engine_lock);
    if (serve->engine != NULL)
        engine_wake(serve->engine);
    pthread_mutex_unlock(&serve->engine_lock);
}

static void set_engine(struct serve *serve, struct engine *engine)
{
    pthread_mutex_lock(&serve->engine_lock);
    serve->engine = engine;
    pthread_mutex_unlock(&serve->engine_lock);
}

/* From the journal's or the engine's thread. Nothing that waits may be answered any more: what is
 * on the disk is no longer known, and the next start reads it anew. */
static void on_fatal(const struct err *err, void *arg)
{
    (void)arg;
    log_error(NULL, "process.fatal", "stopping at once: %s", err->text);
    _exit(CLI_FAILED);
}

static void on_settled(void *arg)
{
    struct serve *serve = arg;

    ingest_collect(serve->ingest);
}

/* ---- stopping and reloading ---- */

static void finish_when_idle(void *arg)
{
    struct serve *serve = arg;
    bool late = clock_mono_ms(&clock_system) >= serve->drain_until_ms;

    if (late)
        log_warn(NULL, "process.drain_timeout", "connections were still open after %d ms",
                 DRAIN_MS);
    if (late || (serve->drained && !ingest_is_busy(serve->ingest)))
        loop_stop(serve->loop);
    else
        timer_set(serve->drain_timer, DRAIN_POLL_MS);
}

static void on_drained(void *arg)
{
    struct serve *serve = arg;

    serve->drained = true;
    finish_when_idle(serve);
}

static void on_stop_signal(void *arg)
{
    struct serve *serve = arg;

    if (serve->stopping) {
        log_warn(NULL, "process.stopped", "second signal: ending at once");
        _exit(CLI_FAILED);
    }
    serve->stopping = true;
    log_info(NULL, "process.stopping", "no new deliveries; commands that run go on by themselves");
    notify_manager("STOPPING=1");
    admin_set_stopping(serve->admin);
    serve->drain_until_ms = clock_mono_ms(&clock_system) + DRAIN_MS;
    timer_set(serve->drain_timer, DRAIN_POLL_MS);
    http_server_drain(serve->server, on_drained, serve);
}

static bool load_tls(struct serve *serve, struct err *err)
{
    struct tls_context *tls = NULL;

    if (serve->cfg->tls_certificate == NULL)
        return true;
    if (!tls_context_new(serve->cfg->tls_certificate, serve->cfg->tls_key, &tls, err))
        return false;
    if (serve->server != NULL)
        http_server_set_tls(serve->server, tls);
    tls_context_free(serve->tls);
    serve->tls = tls;
    return true;
}

static void on_reload_signal(void *arg)
{
    struct serve *serve = arg;
    struct err err;

    if (!load_tls(serve, &err))
        log_error(NULL, "tls.reload_failed", "the old certificate stays: %s", err.text);
    else
        log_info(NULL, "tls.reloaded", "new connections use %s",
                 serve->tls != NULL ? serve->cfg->tls_certificate : "no TLS, as before");
}

/* ---- putting it together ---- */

/* The journal, the database and commands need descriptors whatever clients do. */
static int connections_of(const struct cfg *cfg)
{
    struct rlimit files = {.rlim_cur = RLIM_INFINITY};

    (void)getrlimit(RLIMIT_NOFILE, &files);
    rlim_t kept = files.rlim_cur / 4;
    kept = kept < DESCRIPTORS_KEPT_MIN   ? DESCRIPTORS_KEPT_MIN
           : kept > DESCRIPTORS_KEPT_MAX ? DESCRIPTORS_KEPT_MAX
                                         : kept;
    rlim_t left = files.rlim_cur > kept ? files.rlim_cur - kept : 0;
    left = left < CONNECTIONS_MIN ? CONNECTIONS_MIN : left;
    if (left >= (rlim_t)cfg->connections_max)
        return (int)cfg->connections_max;
    log_warn(NULL, "limits.connections",
             "only %llu connections instead of %lld: the process may open %llu files",
             (unsigned long long)left, (long long)cfg->connections_max,
             (unsigned long long)files.rlim_cur);
    return (int)left;
}

static struct http_limits limits_of(const struct cfg *cfg)
{
    struct http_limits limits = http_limits_default;

    limits.head_bytes_max = (size_t)cfg->head_bytes_max;
    limits.body_bytes_max = (size_t)cfg->body_bytes_max;
    limits.bodies_in_flight_max = (size_t)cfg->bodies_in_flight_max;
    limits.connections_max = connections_of(cfg);
    limits.connections_per_address_max = (int)cfg->connections_per_address_max;
    limits.head_timeout_ms = cfg->head_timeout_ms;
    limits.idle_timeout_ms = cfg->idle_timeout_ms;
    limits.body_timeout_ms = cfg->body_timeout_ms;
    limits.body_rate_min = cfg->body_rate_min;
    return limits;
}

static bool open_journal(struct serve *serve, struct err *err)
{
    const struct cfg *cfg = serve->cfg;
    char dir[4096];

    snprintf(dir, sizeof(dir), "%s/journal", cfg->store_dir);
    struct journal_options options = {
        .dir = dir,
        .segment_bytes = cfg->journal_segment_bytes,
        .keep_ms = cfg->journal_keep_ms,
        .keep_bytes = cfg->journal_keep_bytes,
        .backlog_bytes_max = cfg->journal_backlog_bytes_max,
        .on_done = on_journal_done,
        .on_durable = on_journal_durable,
        .on_fatal = on_fatal,
        .arg = serve,
    };
    if (!journal_open(&options, &serve->journal, err))
        return false;

    struct journal_stats stats;
    journal_stats(serve->journal, &stats);
    if (stats.tail_cut_bytes > 0)
        log_warn(NULL, "journal.tail_cut",
                 "%lld bytes of a write that was never acknowledged were cut off",
                 (long long)stats.tail_cut_bytes);
    return true;
}

static bool make_keys(struct serve *serve, struct err *err)
{
    struct signature_secret secrets[CFG_SECRETS_MAX];

    for (size_t i = 0; i < serve->cfg->secrets_count; i++)
        secrets[i] =
            (struct signature_secret){serve->cfg->secrets[i].bytes, serve->cfg->secrets[i].len};
    return signature_keys_new(secrets, serve->cfg->secrets_count, &serve->keys, err);
}

static bool start_engine(struct serve *serve, struct err *err)
{
    struct engine_options options = {
        .cfg = serve->cfg,
        .journal = serve->journal,
        .clock = &clock_system,
        .on_fatal = on_fatal,
        .arg = serve,
    };
    struct engine *engine = NULL;

    if (!engine_start(&options, &engine, err))
        return false;
    set_engine(serve, engine);
    return true;
}

static bool start_admin(struct serve *serve, struct err *err)
{
    struct admin_options options = {
        .cfg = serve->cfg,
        .journal = serve->journal,
        .engine = serve->engine,
        .ingest = serve->ingest,
        .clock = &clock_system,
        .started_ms = clock_wall_ms(&clock_system),
    };
    return admin_start(&options, &serve->admin, err);
}

static bool listen_everywhere(struct serve *serve, struct err *err)
{
    struct http_limits limits = limits_of(serve->cfg);

    serve->server =
        http_server_new(serve->loop, "webhooks", &limits, ingest_service(serve->ingest));
    for (size_t i = 0; serve->cfg->webhook_listeners[i] != NULL; i++) {
        struct address address;
        if (!address_parse(serve->cfg->webhook_listeners[i], &address, err) ||
            !http_server_listen(serve->server, &address, serve->tls, err))
            return err_wrap(err, "server.webhooks");
        log_info(NULL, "webhooks.listening", "%s on %s, path %s",
                 serve->tls != NULL ? "HTTPS" : "HTTP", address.text, serve->cfg->webhook_path);
    }
    return true;
}

/* First of all, so that a signal during the start waits for the loop instead of ending us. */
static void watch_signals(struct serve *serve)
{
    static const struct {
        int number;
        loop_fn *fn;
    } handled[SIGNALS_COUNT] = {
        {SIGTERM, on_stop_signal}, {SIGINT, on_stop_signal}, {SIGHUP, on_reload_signal}};

    for (size_t i = 0; i < SIGNALS_COUNT; i++)
        serve->signals[i] = loop_on_signal(serve->loop, handled[i].number, handled[i].fn, serve);
}

static bool start_all(struct serve *serve, struct err *err)
{
    serve->loop = loop_new();
    watch_signals(serve);
    serve->settled = wakeup_new(serve->loop, on_settled, serve);
    serve->drain_timer = timer_new(serve->loop, finish_when_idle, serve);
    if (!load_tls(serve, err) || !make_keys(serve, err) || !open_journal(serve, err) ||
        !start_engine(serve, err))
        return false;
    serve->ingest =
        ingest_new(serve->journal, serve->keys, serve->cfg->webhook_path, &clock_system);
    return listen_everywhere(serve, err) && start_admin(serve, err);
}

/* Any part may be missing after a failed start. The journal goes before the connections: its
 * writer reads bodies that belong to them. */
static void stop_all(struct serve *serve)
{
    struct engine *engine = serve->engine;

    admin_stop(serve->admin);
    set_engine(serve, NULL);
    engine_stop(engine);
    journal_close(serve->journal);
    http_server_free(serve->server);
    ingest_free(serve->ingest);
    signature_keys_unref(serve->keys);
    tls_context_free(serve->tls);
    timer_free(serve->drain_timer);
    wakeup_free(serve->settled);
    for (size_t i = 0; i < SIGNALS_COUNT; i++)
        watch_free(serve->signals[i]);
    loop_free(serve->loop);
    cfg_free(serve->cfg);
}

static void run(struct serve *serve)
{
    log_info(NULL, "process.ready", "envflow " ENVFLOW_VERSION " serves");
    notify_manager("READY=1");
    loop_run(serve->loop);
}

int serve_run(const struct cli_args *args)
{
    struct serve serve = {.cfg = load_configuration(args),
                          .engine_lock = PTHREAD_MUTEX_INITIALIZER};
    struct err err;

    if (serve.cfg == NULL)
        return CLI_USAGE;
    configure_log(serve.cfg);
    prepare_process();
    bool started = start_all(&serve, &err);
    if (started)
        run(&serve);
    else
        log_error(NULL, "process.not_started", "%s", err.text);
    stop_all(&serve);
    if (started)
        log_info(NULL, "process.stopped", "everything acknowledged is on disk");
    return started ? CLI_DONE : err.code == ERR_CONFIG ? CLI_USAGE : CLI_FAILED;
}
