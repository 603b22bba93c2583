/*
 * Intake and lanes on a store in memory, with a clock that stands still and randomness from a
 * seed: deliveries go in, commands end when the test says so. No loop, thread or process.
 */
#ifndef TESTS_INTAKE_RIG_H
#define TESTS_INTAKE_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "../../src/engine/intake_int.h"
#include "support/fake_clock.h"

#define INTAKE_RIG_RUNS_MAX 512

struct intake_rig {
    struct fake_clock clock;
    struct intake intake;
    struct flow_environment environment; /* dev-int of acme/shop; set lane and repeatable at will */
    struct flow flow;
    struct repository_rule rule;
    struct flow_graph graph;
    uint64_t sequence;                                 /* of the newest delivery */
    struct store_deployment runs[INTAKE_RIG_RUNS_MAX]; /* in the order of starting */
    size_t runs_count;
};

/* One push to main of acme/shop: commits are letters, 0 for none. */
struct intake_push {
    char before, after;
    int64_t pushed_at; /* seconds */
};

int intake_rig_set_up(void **state);
int intake_rig_tear_down(void **state);

/* Each fails the test on an error of the store. */
struct store_delivery intake_rig_push(struct intake_rig *rig, struct intake_push push,
                                      const char *guid);
struct store_delivery intake_rig_replay(struct intake_rig *rig, uint64_t sequence,
                                        struct intake_push push, const char *guid);
/* The command of the lane ended; false when none runs. */
bool intake_rig_end(struct intake_rig *rig, enum lane_event_kind kind);
void intake_rig_finish(struct intake_rig *rig); /* ends with success until none runs */

struct store_lane intake_rig_lane(struct intake_rig *rig);
/* The letter of a commit; 0 for none. */
char intake_rig_letter(const struct git_sha *sha);
/* All deployments, oldest first, as "letter:state" parted by spaces; superseded ones name the
 * letter of the deployment that took their place: "b:superseded>c". */
const char *intake_rig_story(struct intake_rig *rig, char text[1024]);
/* Fails the test where lane and deployments contradict each other. */
void intake_rig_check(struct intake_rig *rig);

#endif
