#include "engine/engine.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "checks_int.h"
#include "dispatch_int.h"
#include "intake_int.h"
#include "net/loop.h"
#include "orders_int.h"
#include "promotions_int.h"
#include "trail_int.h"

#define BATCH_DELIVERIES_MAX 64
#define BATCH_ENDS_MAX       64
#define BATCH_DUE_MAX        64
#define RETRY_MS             1000  /* after the store refused a transaction */
#define SWEEP_MS             30000 /* what only time changes is looked at at least this often */
#define ENGINE_NICE          5     /* acknowledging comes before handling where they compete */

struct engine {
    struct engine_options options;
    pthread_t thread;
    struct loop *loop;
    struct wakeup *wakeup;
    struct timer *retry;
    struct timer *sweep;
    int64_t next_sweep_ms; /* of lanes that wait and of health */
    struct store *store;
    struct mark *mark;
    struct intake intake;
    struct dispatch *dispatch;
    struct journal_reader *reader;
    struct journal_reader *replay_reader;
    uint64_t cursor;   /* last sequence whose consequences are committed */
    bool is_recovered; /* what ran when the last envflow ended is taken up */

    pthread_mutex_t lock; /* requests and stall_text */
    struct engine_request *first_request, **last_request;
    char stall_text[256];

    atomic_uint_fast64_t handled_sequence;
    atomic_uint_fast64_t handled_total;
    atomic_int_fast64_t caught_up_ms;
    atomic_bool stalled;
};

/* What one turn did, to be told once it is committed. */
struct turn {
    struct engine *engine;
    uint64_t cursor;
    size_t ends;
    struct store_delivery *settled; /* BATCH_DELIVERIES_MAX of them */
    size_t settled_count;
    bool more;           /* the journal may hold further records */
    int64_t next_due_ms; /* of promotions; 0: none waits for a time */
    int64_t next_sweep_ms;
};

const char *engine_database_path(const char *store_dir, char *text, size_t size)
{
    snprintf(text, size, "%s/envflow.db", store_dir);
    return text;
}

const char *engine_run_dir(const char *store_dir, const char *deployment_id, char *text,
                           size_t size)
{
    snprintf(text, size, "%s/runs/%s", store_dir, deployment_id);
    return text;
}

/* ---- telling ---- */

static void tell_delivery(const struct store_delivery *delivery)
{
    struct log_ctx ctx = {
        .delivery = delivery->guid[0] != '\0' ? delivery->guid : NULL,
        .repository = delivery->repository[0] != '\0' ? delivery->repository : NULL,
        .deployment = delivery->deployment.text[0] != '\0' ? delivery->deployment.text : NULL,
    };
    enum log_level level =
        delivery->verdict == VERDICT_QUARANTINED ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO;

    log_at(level, &ctx, "delivery.settled", "%s #%" PRIu64 " %s (%s): %s", delivery->event,
           delivery->sequence, verdict_name(delivery->verdict), reason_name(delivery->reason.code),
           delivery->reason.text);
}

static void tell_check(struct engine *engine, const struct dispatch_end *end)
{
    struct store_check check;
    struct err err;

    if (!store_check_get(engine->store, end->of.id.text, &check, &err))
        return; /* it was stopped, or a newer health probe took its place */
    struct log_ctx ctx = {.environment = check.environment};
    bool failed = check.state == CHECK_FAILED;
    log_at(failed ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, &ctx, "check.ended", "%s %s %s: %s",
           check_phase_name(check.phase), check.name, check_state_name(check.state),
           check.reason.text);
}

static void tell_end(struct engine *engine, const struct dispatch_end *end)
{
    struct store_deployment deployment;
    struct err err;

    if (end->of.job == LANES_CHECK) {
        tell_check(engine, end);
        return;
    }
    if (!store_deployment_get(engine->store, end->of.id.text, &deployment, &err))
        return; /* told by whoever fails next */
    struct log_ctx ctx = {
        .delivery = deployment.delivery_guid,
        .repository = deployment.repository,
        .environment = deployment.environment,
        .deployment = deployment.id.text,
    };
    bool good =
        deployment.state == DEPLOYMENT_SUCCEEDED || deployment.state == DEPLOYMENT_VERIFYING;
    log_at(good ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, &ctx, "deployment.ended", "%.7s %s (%s): %s",
           deployment.sha.hex, deployment_state_name(deployment.state),
           reason_name(deployment.reason.code), deployment.reason.text);
}

static void set_stalled(struct engine *engine, const char *why)
{
    bool was = atomic_exchange(&engine->stalled, why != NULL);

    pthread_mutex_lock(&engine->lock);
    snprintf(engine->stall_text, sizeof(engine->stall_text), "%s", why != NULL ? why : "");
    pthread_mutex_unlock(&engine->lock);
    if (why != NULL && !was)
        log_error(NULL, "engine.stalled", "deliveries are kept but not handled: %s", why);
    else if (why == NULL && was)
        log_info(NULL, "engine.resumed", "deliveries are handled again");
}

/* ---- one turn: what fits in one transaction ---- */

static bool write_ends(struct turn *turn, struct err *err)
{
    struct engine *engine = turn->engine;
    struct lanes *lanes = &engine->intake.lanes;
    const struct dispatch_end *end = dispatch_first_end(engine->dispatch);

    for (; end != NULL && turn->ends < BATCH_ENDS_MAX && lanes_have_room(lanes); end = end->next) {
        bool applied = false;
        if (!(end->of.job == LANES_CHECK ? checks_end : lanes_end)(lanes, end->of.id.text,
                                                                   &end->outcome, &applied, err))
            return false;
        if (applied && !dispatch_store_output(engine->dispatch, end, err))
            return false;
        turn->ends++;
    }
    return true;
}

static bool write_lost(struct turn *turn, const struct journal_lost *lost, const char *where,
                       struct err *err)
{
    log_error(NULL, "journal.damaged", "numbers %" PRIu64 " to %" PRIu64 " cannot be read: %s",
              lost->first_sequence, lost->last_sequence, where);
    turn->cursor = lost->last_sequence;
    return intake_lost(&turn->engine->intake, lost, where, err);
}

/* The next record of the journal. *ret_ended when there is none to handle now. */
static bool write_next(struct turn *turn, bool *ret_ended, struct err *err)
{
    struct engine *engine = turn->engine;
    struct journal_record record;
    struct journal_lost lost;
    struct err why;

    switch (journal_reader_next(engine->reader, &record, &lost, &why)) {
    case JOURNAL_READ_RECORD:
        turn->cursor = record.sequence;
        return intake_handle(&engine->intake, &record, &turn->settled[turn->settled_count++], err);
    case JOURNAL_READ_DAMAGED:
        return write_lost(turn, &lost, why.text, err);
    case JOURNAL_READ_GONE:
        /* Retention never drops what was not handled: somebody removed files. */
        return write_lost(turn, &lost, "segment files are gone", err);
    case JOURNAL_READ_END:
        *ret_ended = true;
        return true;
    case JOURNAL_READ_ERROR:
        *err = why;
        return false;
    }
    return false;
}

static bool write_deliveries(struct turn *turn, struct err *err)
{
    const struct lanes *lanes = &turn->engine->intake.lanes;
    bool ended = false;

    while (!ended && turn->settled_count < BATCH_DELIVERIES_MAX && lanes_have_room(lanes)) {
        if (!write_next(turn, &ended, err))
            return false;
    }
    turn->more = !ended;
    return true;
}

/* Whatever nobody told of: a gate that the configuration changed, a freeze that ended, health to be
 * probed. */
static bool sweep(struct turn *turn, struct err *err)
{
    struct lanes *lanes = &turn->engine->intake.lanes;
    int64_t next_ms = 0;

    if (!promotions_evaluate_open(lanes, 0, err) || !lanes_open_all(lanes, err) ||
        !checks_probe_health(lanes, &next_ms, err))
        return false;
    turn->next_sweep_ms = lanes->now_ms + (lanes_have_room(lanes) ? SWEEP_MS : 0);
    if (next_ms != 0 && next_ms < turn->next_sweep_ms)
        turn->next_sweep_ms = next_ms;
    return true;
}

/* What time alone changed. */
static bool write_due(struct turn *turn, struct err *err)
{
    struct engine *engine = turn->engine;
    struct lanes *lanes = &engine->intake.lanes;

    if (!promotions_evaluate_due(lanes, BATCH_DUE_MAX, err) ||
        !store_promotions_due(engine->store, &turn->next_due_ms, err))
        return false;
    bool is_early = lanes->now_ms < engine->next_sweep_ms;
    bool was_set_back = engine->next_sweep_ms - lanes->now_ms > SWEEP_MS; /* the wall clock */
    return (is_early && !was_set_back) || sweep(turn, err);
}

static bool write_turn(struct turn *turn, struct err *err)
{
    struct engine *engine = turn->engine;

    lanes_begin(&engine->intake.lanes);
    if (!store_begin(engine->store, err))
        return false;
    if (write_ends(turn, err) && write_deliveries(turn, err) && write_due(turn, err) &&
        (turn->cursor == engine->cursor || store_set_cursor(engine->store, turn->cursor, err)) &&
        store_commit(engine->store, err))
        return true;
    store_rollback(engine->store);
    lanes_begin(&engine->intake.lanes); /* what it collected is void */
    journal_reader_seek(engine->reader, engine->cursor + 1);
    return false;
}

/* Look again when the next thing is due. */
static void arm_sweep(const struct turn *turn)
{
    struct engine *engine = turn->engine;
    int64_t now_ms = engine->intake.lanes.now_ms;
    int64_t next_ms = turn->next_sweep_ms;

    engine->next_sweep_ms = turn->next_sweep_ms;
    if (turn->next_due_ms != 0 && turn->next_due_ms < next_ms)
        next_ms = turn->next_due_ms;
    timer_set(engine->sweep, next_ms > now_ms ? next_ms - now_ms : 0);
}

/* Everything is committed: tell, start, forget. */
static void follow_up(struct turn *turn)
{
    struct engine *engine = turn->engine;

    for (size_t i = 0; i < turn->settled_count; i++)
        tell_delivery(&turn->settled[i]);
    for (size_t i = 0; i < turn->ends; i++) {
        tell_end(engine, dispatch_first_end(engine->dispatch));
        dispatch_drop_end(engine->dispatch);
    }
    dispatch_follow(engine->dispatch);
    arm_sweep(turn);
    engine->cursor = turn->cursor;
    engine->handled_total += turn->settled_count;
    engine->handled_sequence = turn->cursor;
    journal_release(engine->options.journal, turn->cursor);
    if (!turn->more)
        engine->caught_up_ms = clock_wall_ms(engine->options.clock);
    set_stalled(engine, NULL);
}

/* What may pass by itself, and what is beyond repair while we run: after an I/O error of a flush
 * nobody knows what is on the disk. */
static void on_failure(struct engine *engine, const struct err *err)
{
    bool passing = err->code == ERR_NO_SPACE || err->code == ERR_NOMEM || err->code == ERR_CONFLICT;

    set_stalled(engine, err->text);
    if (passing)
        timer_set(engine->retry, RETRY_MS);
    else
        engine->options.on_fatal(err, engine->options.arg);
}

/* ---- requests ---- */

static bool replay_now(struct engine *engine, uint64_t sequence,
                       struct store_delivery *ret_delivery, struct err *err)
{
    struct journal_record record;
    struct journal_lost lost;
    struct err why;

    journal_reader_seek(engine->replay_reader, sequence);
    enum journal_read read = journal_reader_next(engine->replay_reader, &record, &lost, &why);
    if (read != JOURNAL_READ_RECORD || record.sequence != sequence)
        return err_set(err, ERR_NOT_FOUND, "delivery number %" PRIu64 " is no longer kept",
                       sequence);
    if ((record.flags & JOURNAL_BODY_DROPPED) != 0)
        return err_set(err, ERR_NOT_FOUND,
                       "the body of a %s event is not kept: envflow does not act on it",
                       record.event);
    return intake_replay(&engine->intake, &record, ret_delivery, err);
}

/* What a replay did is told by whatever it did; that somebody asked for it is told here. */
static bool note_replay(struct engine *engine, const struct engine_request *request,
                        const struct store_delivery *delivery, struct err *err)
{
    struct trail_note note = {
        .event = "delivery.replayed",
        .actor = &request->actor,
        .repository = delivery->repository,
        .subject = delivery->guid,
        .reason = &delivery->reason,
    };

    return trail_add(&engine->intake.lanes, &note, err);
}

static bool carry_out(struct engine *engine, struct engine_request *request,
                      struct store_delivery *ret_delivery, struct err *err)
{
    lanes_begin(&engine->intake.lanes);
    if (!store_begin(engine->store, err))
        return false;
    bool done = request->order == ENGINE_REPLAY
                    ? replay_now(engine, request->sequence, ret_delivery, err) &&
                          note_replay(engine, request, ret_delivery, err)
                    : orders_carry_out(&engine->intake.lanes, request, err);
    if (done && store_commit(engine->store, err))
        return true;
    store_rollback(engine->store);
    lanes_begin(&engine->intake.lanes); /* what it collected is void */
    return false;
}

static void tell_order(const struct engine_request *request)
{
    struct log_ctx ctx = {
        .repository = request->repository[0] != '\0' ? request->repository : NULL,
        .environment = request->to[0] != '\0' ? request->to : NULL,
    };

    const char *login = request->actor.login[0] != '\0' ? request->actor.login : "envflow";
    const char *code = reason_name(request->outcome.code);
    if (request->is_refused)
        log_info(&ctx, "request.refused", "%s by %s (%s): %s", request->subject.text, login, code,
                 request->outcome.text);
    else
        log_info(&ctx, "request.done", "%s by %s (%s): %s", request->subject.text, login, code,
                 request->outcome.text);
}

static struct engine_request *take_requests(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    struct engine_request *requests = engine->first_request;
    engine->first_request = NULL;
    engine->last_request = &engine->first_request;
    pthread_mutex_unlock(&engine->lock);
    return requests;
}

static void answer_requests(struct engine *engine)
{
    struct engine_request *request = take_requests(engine);

    while (request != NULL) {
        struct engine_request *next = request->next;
        struct store_delivery delivery = {0};

        request->ok = carry_out(engine, request, &delivery, &request->err);
        if (request->ok && request->order == ENGINE_REPLAY)
            tell_delivery(&delivery);
        else if (request->ok)
            tell_order(request);
        dispatch_follow(engine->dispatch);
        request->on_done(request);
        request = next;
    }
}

void engine_submit(struct engine *engine, struct engine_request *request)
{
    request->next = NULL;
    pthread_mutex_lock(&engine->lock);
    *engine->last_request = request;
    engine->last_request = &request->next;
    pthread_mutex_unlock(&engine->lock);
    wakeup_signal(engine->wakeup);
}

/* ---- the thread ---- */

/* Before anything is started: what an earlier run left running. */
static bool recover(struct engine *engine, struct err *err)
{
    if (!engine->is_recovered)
        engine->is_recovered = dispatch_recover(engine->dispatch, err);
    return engine->is_recovered;
}

static void on_wakeup(void *arg)
{
    struct engine *engine = arg;
    static struct store_delivery settled[BATCH_DELIVERIES_MAX]; /* one engine, one thread */
    struct turn turn = {
        .engine = engine,
        .cursor = engine->cursor,
        .settled = settled,
        .next_sweep_ms = engine->next_sweep_ms,
    };
    struct err err;

    if (!recover(engine, &err)) {
        on_failure(engine, &err);
        return;
    }
    answer_requests(engine);
    if (!write_turn(&turn, &err)) {
        on_failure(engine, &err);
        return;
    }
    follow_up(&turn);
    /* One transaction a turn: commands that ended meanwhile get theirs in between. */
    if (turn.more || dispatch_first_end(engine->dispatch) != NULL)
        wakeup_signal(engine->wakeup);
}

static void on_end(void *arg)
{
    struct engine *engine = arg;

    wakeup_signal(engine->wakeup);
}

static void *run(void *arg)
{
    struct engine *engine = arg;

    pthread_setname_np(pthread_self(), "engine");
    setpriority(PRIO_PROCESS, 0, ENGINE_NICE); /* on Linux: this thread; see exec/spawner.h */
    wakeup_signal(engine->wakeup);
    loop_run(engine->loop);
    return NULL;
}

/* ---- life ---- */

static bool open_state(struct engine *engine, struct err *err)
{
    const struct cfg *cfg = engine->options.cfg;
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/runs", cfg->store_dir);
    if (!file_make_dirs(path, 0700, err) ||
        !store_open(engine_database_path(cfg->store_dir, path, sizeof(path)), &engine->store,
                    err) ||
        !store_cursor(engine->store, &engine->cursor, err))
        return false;
    if (journal_durable_sequence(engine->options.journal) < engine->cursor)
        return err_set(err, ERR_CORRUPT,
                       "the journal ends at number %" PRIu64 " but %" PRIu64
                       " were handled: journal/ is older than envflow.db or was removed; restore "
                       "both from one backup, or move envflow.db aside to begin anew",
                       journal_durable_sequence(engine->options.journal), engine->cursor);
    snprintf(path, sizeof(path), "%s/intake.mark", cfg->store_dir);
    return mark_open(path, &engine->mark, err);
}

static void assemble(struct engine *engine)
{
    const struct engine_options *options = &engine->options;

    engine->intake = (struct intake){
        .lanes = {.store = engine->store,
                  .graph = &options->cfg->graph,
                  .clock = options->clock,
                  .random = random_bytes},
        .mark = engine->mark,
        .parse_bytes_max = (size_t)options->cfg->parse_bytes_max,
    };
    engine->loop = loop_new();
    engine->wakeup = wakeup_new(engine->loop, on_wakeup, engine);
    engine->retry = timer_new(engine->loop, on_wakeup, engine);
    engine->sweep = timer_new(engine->loop, on_wakeup, engine);
    engine->dispatch =
        dispatch_new(engine->loop, options->cfg, &engine->intake.lanes, on_end, engine);
    engine->reader = journal_reader_new(options->journal);
    engine->replay_reader = journal_reader_new(options->journal);
    journal_reader_seek(engine->reader, engine->cursor + 1);
    engine->handled_sequence = engine->cursor;
    journal_release(options->journal, engine->cursor);
}

static void dismantle(struct engine *engine)
{
    dispatch_free(engine->dispatch);
    journal_reader_free(engine->reader);
    journal_reader_free(engine->replay_reader);
    timer_free(engine->retry);
    timer_free(engine->sweep);
    wakeup_free(engine->wakeup);
    loop_free(engine->loop);
    mark_close(engine->mark);
    store_close(engine->store);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

bool engine_start(const struct engine_options *options, struct engine **ret_engine, struct err *err)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    assert(engine != NULL);
    engine->options = *options;
    pthread_mutex_init(&engine->lock, NULL);
    engine->last_request = &engine->first_request;
    if (!open_state(engine, err)) {
        store_close(engine->store);
        free(engine);
        return err_wrap(err, "state in %s", options->cfg->store_dir);
    }
    assemble(engine);
    int rc = pthread_create(&engine->thread, NULL, run, engine);
    assert(rc == 0);
    *ret_engine = engine;
    return true;
}

void engine_stop(struct engine *engine)
{
    if (engine == NULL)
        return;
    loop_stop(engine->loop);
    pthread_join(engine->thread, NULL);
    dismantle(engine);
}

void engine_wake(struct engine *engine)
{
    wakeup_signal(engine->wakeup);
}

void engine_stats(struct engine *engine, struct engine_stats *ret_stats)
{
    *ret_stats = (struct engine_stats){
        .handled_sequence = engine->handled_sequence,
        .handled_total = engine->handled_total,
        .caught_up_ms = engine->caught_up_ms,
        .stalled = engine->stalled,
    };
    pthread_mutex_lock(&engine->lock);
    memcpy(ret_stats->stall_text, engine->stall_text, sizeof(ret_stats->stall_text));
    pthread_mutex_unlock(&engine->lock);
}
