/*
 * envflow.yaml, loaded: every key from one table (src/cfg/table.c) that also makes the
 * JSON Schema, docs/config.md and `config show`.
 *
 * Loading never stops at the first mistake: it reports every one, each with line and
 * column, what was expected, and the nearest key that exists. Secrets are references
 * (file, env, credential); they are read by a second step, so that tools can check and
 * show a configuration whose secrets they may not read.
 *
 * Ownership: cfg_free() frees everything that struct cfg and its graph point to.
 */
#ifndef CFG_CFG_H
#define CFG_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "flow/graph.h"

#define CFG_FILE_BYTES_MAX (1 * MIB)
#define CFG_SECRETS_MAX    8
#define CFG_LISTENERS_MAX  8
#define CFG_PROBLEMS_MAX   20 /* further ones are counted, not kept */

enum cfg_secret_kind { CFG_SECRET_FILE, CFG_SECRET_ENV, CFG_SECRET_CREDENTIAL };

/* A secret: where it comes from, and (after cfg_read_secrets) what it is. */
struct cfg_secret {
    enum cfg_secret_kind kind;
    const char *name; /* path, variable name, or credential name */
    char *bytes;      /* owned; one trailing newline removed; NULL until read; wiped on free */
    size_t len;
};

enum cfg_log_format { CFG_LOG_AUTO, CFG_LOG_JSON, CFG_LOG_TEXT };

struct cfg {
    const char *path; /* the file it came from */

    /* server */
    const char *const *webhook_listeners; /* addresses as written; NULL-terminated */
    const char *const *admin_listeners;
    const char *webhook_path;    /* "/webhooks/github" */
    const char *tls_certificate; /* PEM file; NULL for plain HTTP on the webhook listeners */
    const char *tls_key;

    /* webhook */
    struct cfg_secret secrets[CFG_SECRETS_MAX];
    size_t secrets_count;

    /* store */
    const char *store_dir; /* from "sqlite:/path" */

    /* log */
    enum cfg_log_format log_format;
    int log_level; /* enum log_level */

    /* limits; units in the names, meaning in the table */
    int64_t body_bytes_max;
    int64_t bodies_in_flight_max;
    int64_t connections_max;
    int64_t connections_per_address_max;
    int64_t head_bytes_max;
    int64_t head_timeout_ms;
    int64_t idle_timeout_ms;
    int64_t body_timeout_ms;
    int64_t body_rate_min;
    int64_t parse_bytes_max; /* memory that parsing one payload may take */

    /* journal */
    int64_t journal_segment_bytes;
    int64_t journal_keep_ms;
    int64_t journal_keep_bytes;
    int64_t journal_backlog_bytes_max;

    struct flow_graph
        graph; /* repositories and flows; the built-in `standard` where none is written */

    void *memory; /* what owns it all; cfg.c's */
};

struct cfg_problem {
    int line, column; /* from 1; 0 when it concerns the whole file */
    char text[512];   /* what is wrong, what was expected, nearest valid key */
};

struct cfg_problems {
    struct cfg_problem items[CFG_PROBLEMS_MAX];
    size_t count; /* all that were found; may exceed CFG_PROBLEMS_MAX */
};

/* Load and validate. False: problems->count > 0, *ret_cfg untouched. An unreadable file is a
 * problem like any other. */
MUST_CHECK bool cfg_load(const char *path, struct cfg **ret_cfg, struct cfg_problems *problems);
/* The same from memory; `path` is for messages and for relative paths. */
MUST_CHECK bool cfg_load_text(const char *path, const char *text, size_t len, struct cfg **ret_cfg,
                              struct cfg_problems *problems);

/* Read every secret. Missing, empty, unreadable, or (files) readable by everybody: a problem with
 * the line of its reference. */
MUST_CHECK bool cfg_read_secrets(struct cfg *cfg, struct cfg_problems *problems);

void cfg_free(struct cfg *cfg); /* NULL is fine */

/* "envflow.yaml:12:3: text", one line each, with a note when there were more. */
void cfg_problems_print(const struct cfg_problems *problems, const char *path, struct buf *out);

/* The configuration in effect, defaults included, as YAML that loads again; secrets as references.
 */
void cfg_show(const struct cfg *cfg, struct buf *out);
void cfg_schema(struct buf *out);   /* JSON Schema, draft-07 */
void cfg_document(struct buf *out); /* docs/config.md */
void cfg_starter(struct buf *out);  /* the commented file that `envflow init` writes */

#endif
