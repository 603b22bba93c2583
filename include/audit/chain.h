/*
 * The audit trail's chain: every record carries the hash of the one before it.
 *
 * A record's canonical form is one line of JSON with fixed fields in a fixed order (see
 * audit_write); its hash is SHA-256 over the previous hash and that line. An export is those
 * lines, each with its hash, and a closing line with count and head. So a changed, removed,
 * inserted or moved record is found from the export alone, and a missing tail too.
 *
 * Pure but for memory. Source: docs/adr/0008-audit-chain.md.
 */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sha256.h"

#define AUDIT_EVENT_MAX   64
#define AUDIT_TEXT_MAX    1024
#define AUDIT_DETAILS_MAX 2048       /* bytes of the JSON object with the NUL */
#define AUDIT_LINE_MAX    (32 * KIB) /* no line of an export is longer */

struct audit_record {
    uint64_t sequence; /* from 1, without gaps */
    int64_t time_ms;
    char event[AUDIT_EVENT_MAX]; /* stable: "promotion.requested", "vote.approved", … */
    char actor[64];              /* login; "" for envflow itself */
    int64_t actor_id;
    char via[64];
    char repository[REPO_NAME_MAX]; /* "" where it concerns none */
    char environment[ENV_NAME_MAX];
    char subject[64];                /* id of what it is about */
    char reason[64];                 /* stable code */
    char text[AUDIT_TEXT_MAX];       /* the sentence */
    char details[AUDIT_DETAILS_MAX]; /* a JSON object, or "" */
    uint8_t previous[SHA256_BYTES];  /* zeros for the first */
    uint8_t hash[SHA256_BYTES];
};

struct audit_head {
    uint64_t sequence;
    uint8_t hash[SHA256_BYTES];
};

/* The canonical line, without hashes and without a line end. */
void audit_write(const struct audit_record *record, struct buf *out);

/* Set previous and hash from the head before it; sequence is head->sequence + 1. */
void audit_link(struct audit_record *record, const struct audit_head *head);

/* One line of an export, with previous and hash, and its line end. */
void audit_export_line(const struct audit_record *record, struct buf *out);
/* The closing line: count and head. */
void audit_export_end(const struct audit_head *head, struct buf *out);

/* Reads an export line by line. Starts as zeros. */
struct audit_check {
    struct audit_head head;
    uint64_t lines;
    bool is_closed; /* the closing line came */
};
/* line is len bytes with the line end, so that no byte of an export is outside of the check.
 * Errors: ERR_CORRUPT naming the line and what is wrong with it; then the check is over. */
MUST_CHECK bool audit_check_line(struct audit_check *check, const char *line, size_t len,
                                 struct err *err);
/* After the last line: ERR_CORRUPT when the closing line is missing. */
MUST_CHECK bool audit_check_end(const struct audit_check *check, struct err *err);

#endif
