/*
 * The simulated world around the real engine: GitHub, people, machines that deploy, a clock
 * that jumps, and what the world itself knows to be true. The engine's decisions run on a
 * store in memory exactly as its thread runs them; everything else is in here.
 *
 * hub        pushes, reviews, requests as signed JSON; lost, repeated, late, reordered
 * people     what they ask for, vote, stop, pin, cancel
 * executor   what a start does, and how it ends
 * drive      one transaction after the other, and crashes between them
 * oracle     what is true, kept by the world alone; blames the engine by invariant
 * probe      link-time adapters that see what is written, and the planted bugs
 *
 * One seed decides everything; the same seed gives the same run, bit for bit.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"
#include "cfg/cfg.h"
#include "intake_int.h"
#include "sim/plant.h"
#include "sim/prng.h"
#include "store/promotions.h"
#include "support/fake_clock.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

#define REPOSITORIES  2
#define PEOPLE        12
#define STOPS_MAX     32
#define VOTERS_MAX    PEOPLE
#define TRACE_LINES   50
#define TRACE_LINE    200
#define BRANCHES      3 /* main, and two of releases */
#define STEP_ACTS_MAX 8

enum environment { DEV_INT, FUTURE, ACTIVE, UAT, STAGING, PROD, ENVIRONMENTS };
extern const char *const environment_names[ENVIRONMENTS];
extern const char *const repository_names[REPOSITORIES];
extern const char *const branch_names[BRANCHES];
enum environment environment_of(const char *name); /* ENVIRONMENTS: none */

/* ---- people ---- */

/* Which of the configuration's teams; a member without an id is known by login alone. */
enum { TEAM_SRE = 1, TEAM_QA = 2, TEAM_OPS = 4 };

struct human {
    int64_t id;
    char login[32]; /* as it is now */
    bool is_bot;
    unsigned teams;         /* by id, as configured */
    const char *team_login; /* the login by which the configuration knows this person */
};

/* ---- what happens on GitHub ---- */

struct commit {
    struct git_sha sha;
    int repository, branch;
    int author;           /* of its pull request */
    bool is_author_known; /* that the engine has been told */
    unsigned good_on;     /* environments on which it was once deployed and verified */
};

enum act_kind { ACT_PUSH, ACT_REVIEW, ACT_PULL_REVIEW, ACT_PULL, ACT_REQUEST, ACT_STATUS };

struct act {
    enum act_kind kind;
    int repository;
    int person;
    char login[32]; /* then; the person may have another name when it arrives */
    size_t commit;
    size_t promotion; /* reviews: index into world.promotions */
    enum environment environment;
    bool rejects, withdraws;
    bool is_misplaced; /* a review in an environment that is none of the promotion's */
};

struct delivery {
    struct act act;
    const char *event;
    char guid[40];
    char *body; /* owned */
    size_t body_bytes;
    bool is_handled; /* committed at least once */
};

struct letter { /* one delivery on its way; may be one of several */
    size_t delivery;
    int64_t due_ms;
};

/* ---- what the world knows of the engine's rows ---- */

struct ballot {
    int64_t person_id;
    char login[32];
    bool approves, is_withdrawn, is_bot, is_requester;
    unsigned teams; /* when it was cast */
    int64_t cast_ms;
};

#define STATE_NONE (-1)

struct truth_promotion {
    struct id id;
    enum promotion_kind kind;
    int repository;
    enum environment from, to;
    size_t commit;
    int64_t requester_id; /* 0: envflow */
    bool is_caused;
    bool is_author_known; /* when its deployment started: what comes later in that turn is late */
    int state, committed; /* enum promotion_state, or STATE_NONE */
    struct ballot ballots[VOTERS_MAX];
    size_t ballots_count;
};

struct truth_deployment {
    struct id id, promotion;
    int repository;
    enum environment environment;
    size_t commit;
    uint64_t delivery_sequence;
    struct id superseded_by;
    int state, committed; /* enum deployment_state, or STATE_NONE */
};

struct stop {
    bool is_set, holds_rollbacks;
    char flow[16], repository[32], environment[16];
};

/* ---- machines ---- */

struct run {
    struct lanes_start what;
    size_t deployment; /* index; of the check's subject too; SIZE_MAX for checks before */
    size_t promotion;  /* index, of checks before; else SIZE_MAX */
    char name[16];     /* checks */
    enum check_phase phase;
    enum lane_event_kind outcome;
    int64_t ends_ms;
    bool has_ended;    /* the machine is through with it */
    bool is_announced; /* its end waits to be told, or was told, to this life of the engine */
    bool is_settled;   /* the engine has committed its end */
    bool is_stopped;
};

struct end {
    size_t run;
    enum lane_event_kind outcome;
    bool is_stale; /* the engine knows already, or gave it up */
};

enum fault {
    FAULT_LOST,
    FAULT_REPEATED,
    FAULT_REORDERED,
    FAULT_LATE,
    FAULT_CRASH_BEFORE,
    FAULT_CRASH_AFTER,
    FAULT_CLOCK_FORWARD,
    FAULT_CLOCK_BACK,
    FAULT_RUN_FAILED,
    FAULT_RUN_HUNG,
    FAULT_RUN_REPEATED,
    FAULT_VOTED_TWICE,
    FAULT_WITHDRAWN,
    FAULT_RENAMED,
    FAULT_COUNT
};
extern const char *const fault_names[FAULT_COUNT];

struct tally {
    uint64_t worlds, steps, promotions, refused, deliveries, starts;
    uint64_t faults[FAULT_COUNT];
    uint64_t states[PROMOTION_STATE_COUNT];
    bool is_traced;  /* tell every step, not only the last ones before a violation */
    uint64_t digest; /* of everything that happened, in order */
};

struct world {
    uint64_t seed;
    struct prng prng;
    struct fake_clock clock; /* the engine's: it jumps */
    int64_t true_ms;         /* everybody else's */
    struct cfg *cfg;
    struct intake intake;
    struct tally *tally;
    bool is_calm; /* faults have stopped, people have gone home */

    struct human people[PEOPLE];
    struct list commits;                  /* struct commit */
    size_t heads[REPOSITORIES][BRANCHES]; /* index into commits; SIZE_MAX for none */
    struct list deliveries;               /* struct delivery */
    struct list letters, lost;            /* struct letter */
    struct list journal;                  /* size_t: deliveries, sequence - 1 is the index */
    uint64_t cursor;                      /* the engine's: committed */
    int64_t numbers;                      /* ids that GitHub gave away */

    size_t accepted;         /* promotions that were not refused at once */
    struct list promotions;  /* struct truth_promotion */
    struct list deployments; /* struct truth_deployment */
    struct {
        char login[32];
        int64_t id;
    } ties[PEOPLE * 2], ties_before[PEOPLE * 2];
    struct stop stops[STOPS_MAX];
    bool pins[REPOSITORIES][ENVIRONMENTS];

    struct list runs; /* struct run */
    struct list ends; /* struct end */
    int64_t next_sweep_ms;

    /* The step under way. */
    const struct act *acts[STEP_ACTS_MAX];
    struct {
        size_t promotion;
        struct ballot ballot;
    } votes[64];
    size_t votes_count, acts_count;
    int64_t asking_id;   /* whoever asks in this call; 0 envflow */
    struct list touched; /* size_t: promotions */
    struct list touched_deployments;
    struct list audited;    /* struct id: deployments whose start is on record */
    const struct id *stale; /* whose old news is being told; then nothing may be written */

    int blamed; /* invariant; 0 none; see blame() */
    char blame_text[512];
    char trace[TRACE_LINES][TRACE_LINE];
    size_t trace_count;
};

/* How many promotions one world sees before its faults stop. */
#define WORLD_PROMOTIONS 120

/* cfg is borrowed. */
void world_init(struct world *world, uint64_t seed, struct cfg *cfg, struct tally *tally);
void world_done(struct world *world);
struct cfg *world_cfg(void); /* the configuration everything here is about */
/* Until WORLD_PROMOTIONS were asked for, then until all is quiet. False: somebody is to blame. */
bool world_run(struct world *world);

void trace(struct world *world, const char *fmt, ...) PRINTF_LIKE(2, 3);
void count_fault(struct world *world, enum fault fault);
void world_wait(struct world *world, int64_t ms);
/* Calm turns until nothing moves and every promotion has ended, or so much time has gone by. */
void world_settle(struct world *world, int64_t at_most_ms);

struct commit *commit_at(const struct world *world, size_t at);
size_t commit_find(const struct world *world, const struct git_sha *sha); /* SIZE_MAX: none */
size_t commit_add(struct world *world, int repository, int branch);
int repository_of(int64_t id); /* -1: none */
int64_t repository_id(int repository);

/* ---- hub ---- */

void hub_push(struct world *world, int repository, int branch);
void hub_review(struct world *world, int person, size_t promotion, bool rejects);
void hub_pull_review(struct world *world, int person, size_t commit, bool withdraws);
void hub_request(struct world *world, int person, enum promotion_kind kind, int repository,
                 enum environment from, enum environment to, size_t commit);
void hub_foreign(struct world *world, int repository, enum environment environment, size_t commit);
void hub_arrive(struct world *world);     /* what is due reaches the journal */
void hub_send_again(struct world *world); /* everything that was lost */
struct journal_record hub_record(const struct world *world, uint64_t sequence);

/* ---- people ---- */

void people_init(struct world *world);
void people_act(struct world *world);
void people_go_home(struct world *world); /* thaw and unpin */
struct engine_request;
void people_note(struct world *world, const struct engine_request *request); /* it was granted */
unsigned people_teams(const struct world *world, int64_t id, const char *login);

/* ---- executor ---- */

void executor_start(struct world *world, const struct lanes_start *start);
void executor_stop(struct world *world, const struct id *id);
void executor_pass(struct world *world); /* time went on */
bool executor_is_busy(const struct world *world);
struct lanes_outcome executor_outcome(enum lane_event_kind kind);

/* ---- drive ---- */

bool drive_turn(struct world *world);
/* What came of it stands in the request. False when a crash forgot it, or it came to nothing. */
bool drive_order(struct world *world, struct engine_request *request, const struct act *act);

/* ---- oracle ---- */

void blame(struct world *world, int invariant, const char *fmt, ...) PRINTF_LIKE(3, 4);
#define BLAME_LIVENESS 100
#define BLAME_CHECKS   101 /* part of I1's gate, told apart */

void oracle_see_write(struct world *world); /* of anything */
void oracle_see_promotion(struct world *world, const struct store_promotion *row);
void oracle_see_deployment(struct world *world, const struct store_deployment *row);
void oracle_see_person(struct world *world, int64_t id, const char *login);
void oracle_begin(struct world *world);
void oracle_act(struct world *world, const struct act *act); /* before the engine handles it */
void oracle_commit(struct world *world);
void oracle_rollback(struct world *world);
void oracle_judge_starts(struct world *world);
void oracle_judge_delivery(struct world *world, uint64_t sequence);
void oracle_note_good(struct world *world, const struct run *ended);
void oracle_judge_end(struct world *world);
struct truth_promotion *promotion_at(const struct world *world, size_t at);
struct truth_deployment *deployment_at(const struct world *world, size_t at);
size_t promotion_find(const struct world *world, const char *id);
size_t deployment_find(const struct world *world, const char *id);
bool promotion_may_change(const struct truth_promotion *promotion); /* votes and the like */

/* What a path or rollback takes, in the oracle's own words. */
struct gate_truth {
    enum environment from, to;
    int required;
    unsigned teams;    /* who counts */
    unsigned one_from; /* at least one of these; 0: no matter */
    bool no_authors, pull_reviews;
    int64_t valid_ms;
};
const struct gate_truth *gate_truth_of(const struct truth_promotion *promotion); /* NULL: open */
bool gate_truth_allows(const struct world *world, const struct truth_promotion *promotion,
                       int *ret_invariant, const char **ret_why);
bool freeze_truth(const struct world *world, int repository, enum environment environment,
                  bool is_rollback);
bool path_truth(enum environment from, enum environment to);

/* ---- probe ---- */

void probe_watch(struct world *world);

#endif
