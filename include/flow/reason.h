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
    X(REASON_CONFIG_GONE,         "no_longer_configured")                                         \
    X(REASON_VERIFYING,           "verifying")             /* deployed; being looked at */        \
    X(REASON_UNVERIFIED,          "verification_failed")                                          \
    X(REASON_NOT_ADMITTED,        "gate_closed")           /* its gate closed before its turn */  \
    /* moves of promotions */                                                                     \
    X(REASON_REQUESTED,           "requested")                                                    \
    X(REASON_AWAITING_APPROVAL,   "awaiting_approval")                                            \
    X(REASON_APPROVED,            "approved")              /* the quorum is there */              \
    X(REASON_APPROVAL_LOST,       "approval_lost")         /* withdrawn, expired, changed */ \
    X(REASON_WAIT_TIMER,          "wait_timer")                                                   \
    X(REASON_SOAK,                "soak")                                                         \
    X(REASON_FROZEN,              "frozen")                /* a window is closed */               \
    X(REASON_STOPPED,             "stopped")               /* somebody pulled the switch */       \
    X(REASON_CHECKS_RUNNING,      "checks_running")                                               \
    X(REASON_CHECK_FAILED,        "check_failed")                                                 \
    X(REASON_CHECK_PASSED,        "check_passed")                                                 \
    X(REASON_REJECTED,            "rejected")                                                     \
    X(REASON_EXPIRED,             "expired")                                                      \
    X(REASON_CANCELLED,           "cancelled")                                                    \
    X(REASON_DEPLOY_FAILED,       "deployment_failed")                                            \
    X(REASON_ROLLED_BACK,         "rolled_back")                                                  \
    /* refusals of requests */                                                                    \
    X(REASON_NO_PATH,             "no_such_path")                                                 \
    X(REASON_ENVIRONMENT_UNKNOWN, "environment_unknown")                                          \
    X(REASON_RELEASE_UNKNOWN,     "release_unknown")                                              \
    X(REASON_RELEASE_AMBIGUOUS,   "release_ambiguous")                                            \
    X(REASON_PROMOTION_UNKNOWN,   "promotion_unknown")                                            \
    X(REASON_BRANCH_NOT_ALLOWED,  "branch_not_allowed")                                           \
    X(REASON_REQUESTER_NOT_ALLOWED, "requester_not_allowed")                                      \
    X(REASON_VOTER_NOT_ALLOWED,   "voter_not_allowed")                                            \
    X(REASON_PERSON_UNKNOWN,      "person_unknown")        /* no id is tied to the login */ \
    X(REASON_NOT_ON_SOURCE,       "not_on_source")                                                \
    X(REASON_SOURCE_UNHEALTHY,    "source_unhealthy")                                             \
    X(REASON_ALREADY_THERE,       "already_there")                                                \
    X(REASON_ALREADY_OPEN,        "already_open")                                                 \
    X(REASON_ALREADY_ENDED,       "already_ended")                                                \
    X(REASON_IN_DEPLOYMENT,       "deployment_in_progress")                                       \
    X(REASON_REASON_REQUIRED,     "reason_required")                                              \
    X(REASON_NOTHING_TO_ROLL_BACK, "nothing_to_roll_back_to")                                     \
    X(REASON_NEVER_VERIFIED,      "never_verified_here")                                          \
    X(REASON_PINNED,              "pinned")                                                       \
    X(REASON_NOT_PINNED,          "not_pinned")                                                   \
    X(REASON_NOT_FROZEN,          "not_frozen")                                                   \
    X(REASON_SCOPE_UNKNOWN,       "scope_unknown")                                                \
    /* verdicts on deliveries about promotions and deployments */                                 \
    X(REASON_VOTE,                "vote_recorded")                                                \
    X(REASON_VOTE_VOID,           "vote_not_counted")      /* recorded all the same */            \
    X(REASON_VOTE_WITHDRAWN,      "vote_withdrawn")                                               \
    X(REASON_NO_PROMOTION,        "no_matching_promotion")                                        \
    X(REASON_RUN_BOUND,           "run_bound")             /* to a promotion */ \
    X(REASON_RUN_FOLLOWED,        "run_followed")                                                 \
    X(REASON_RELEASE_MADE,        "release_made")                                                 \
    X(REASON_LINKED,              "linked")                /* a merge to its pull request */      \
    X(REASON_STATUS_NOTED,        "status_noted")                                                 \
    X(REASON_STATUS_STALE,        "status_stale")          /* of what has ended */ \
    X(REASON_OUT_OF_BAND,         "out_of_band")           /* nobody asked envflow */             \
    X(REASON_BYPASS,              "bypass")                /* … and the environment is gated */   \
    X(REASON_ACTION_UNUSED,       "action_not_used")                                              \
    /* outcomes of other requests */                                                              \
    X(REASON_THAWED,              "thawed")                                                       \
    X(REASON_UNPINNED,            "unpinned")                                                     \
    X(REASON_TOKEN_MADE,          "token_made")                                                   \
    X(REASON_TOKEN_REVOKED,       "token_revoked")                                                \
    X(REASON_TOKEN_EXISTS,        "token_exists")          /* a live one of that name */
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
