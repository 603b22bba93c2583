/*
 * Why something happened, was refused, or waits: a stable code for machines and a
 * sentence for a release manager. Every verdict, state change and refusal has one.
 *
 * The codes are a public interface (API, log, command line): never renamed, only added.
 */
#ifndef FLOW_REASON_H
#define FLOW_REASON_H

#include "base/attr.h"
#include "base/limits.h"

/* clang-format off */
#define REASON_LIST(X)                                                                            \
    /* verdicts on deliveries */                                                                  \
    X(REASON_NONE,                "none")                                                         \
    X(REASON_DEPLOYING,           "deploying")             /* a deployment was started */         \
    X(REASON_QUEUED,              "queued")            \
    X(REASON_PING,                "ping")                                                         \
    X(REASON_DUPLICATE_DELIVERY,  "duplicate_delivery")    /* same target, hook, GUID and body */ \
    X(REASON_REPLAYED_BODY,       "replayed_body")         /* an old body under a new GUID */     \
    X(REASON_PUSH_KNOWN,          "push_already_known")    /* the same push came before */        \
    X(REASON_PUSH_OLDER,          "older_than_head")       /* the branch has moved on */          \
    X(REASON_HEAD_UNCHANGED,      "head_unchanged")                                               \
    X(REASON_EVENT_UNUSED,        "event_not_used")        /* no handler for this event */        \
    X(REASON_REPOSITORY_UNKNOWN,  "repository_not_configured")                                    \
    X(REASON_FORK,                "fork")                                                         \
    X(REASON_TAG,                 "tag")                                                          \
    X(REASON_REF_UNKNOWN,         "ref_not_understood")                                           \
    X(REASON_BRANCH_DELETED,      "branch_deleted")                                               \
    X(REASON_BRANCH_UNUSED,       "branch_not_deployed")  \
    X(REASON_NO_DEPLOY,           "no_deploy_configured")                                         \
    X(REASON_PAYLOAD_INVALID,     "payload_invalid")                                              \
    X(REASON_PAYLOAD_TOO_COSTLY,  "payload_too_costly")    /* passed the parsing budget */        \
    X(REASON_CRASHED,             "crashed_envflow")       /* killed the process twice */         \
    X(REASON_JOURNAL_DAMAGED,     "journal_damaged")       /* the stored copy cannot be read */   \
    /* outcomes of deployments */                                                                 \
    X(REASON_SUCCEEDED,           "succeeded")                                                    \
    X(REASON_SUPERSEDED,          "superseded")            /* a newer commit took its place */    \
    X(REASON_COMMAND_FAILED,      "command_failed")        /* exit status other than 0 */         \
    X(REASON_COMMAND_KILLED,      "command_killed")        /* ended by a signal */                \
    X(REASON_COMMAND_TIMED_OUT,   "command_timed_out")                                            \
    X(REASON_COMMAND_NOT_STARTED, "command_not_started")   /* missing, not executable */        \
    X(REASON_OUTCOME_UNKNOWN,     "outcome_unknown")       /* nobody saw it end */                \
    X(REASON_REPEATED,            "repeated")              /* unknown outcome, tried again */     \
    X(REASON_CONFIG_GONE,         "no_longer_configured")
/* clang-format on */

enum reason_code {
#define REASON_ENUM(symbol, name) symbol,
    REASON_LIST(REASON_ENUM)
#undef REASON_ENUM
        REASON_COUNT
};

struct reason {
    enum reason_code code;
    char text[REASON_TEXT_MAX]; /* a whole sentence, without the full stop */
};

/* Stable name of a code; static storage. */
const char *reason_name(enum reason_code code);

struct reason reason_make(enum reason_code code, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
