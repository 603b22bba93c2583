/*
 * What a keeper is told, as bytes: integers of 8 bytes, then texts with their lengths. It travels
 * in a memory file from one envflow to the same binary, so it has no version.
 */
#ifndef EXEC_JOB_INT_H
#define EXEC_JOB_INT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "exec/command.h"

#define JOB_BYTES_MAX (1 * MIB)
#define JOB_WORDS_MAX 4096 /* arguments, variables and secrets, each list */

/* A decoded job; everything in spec is owned. */
struct job {
    struct command_spec spec;
    const char **argv, **environment, **masks; /* NULL-terminated; texts point into bytes */
    struct buf bytes;
};

/* Errors: ERR_LIMIT. */
MUST_CHECK bool job_encode(const struct command_spec *spec, struct buf *out, struct err *err);
/* Takes over bytes. Errors: ERR_PARSE. */
MUST_CHECK bool job_decode(struct buf *bytes, struct job *ret_job, struct err *err);
void job_done(struct job *job);

#endif
