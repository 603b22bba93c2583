/*
 * One error type for the whole daemon: what kind of failure, and a sentence
 * that reads from the outermost intention to the innermost cause.
 *
 * A function that can fail returns bool and takes `struct err *err` last:
 *   true   success; *err is untouched, every ret_ argument is set
 *   false  failure; *err is set, no ret_ argument was touched
 * err is never NULL. Nothing here allocates, so reporting ENOMEM cannot fail.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/attr.h"

#define ERR_TEXT_SIZE 512 /* bytes, with the NUL; longer text ends in "..." */

enum err_code {
    ERR_OK = 0,
    ERR_NOMEM,       /* reply 503, keep running */
    ERR_IO,          /* a system call or SQLite failed; retry later */
    ERR_NO_SPACE,    /* the disk or a quota is full; reply 503, retry later */
    ERR_CORRUPT,     /* what we stored reads back differently; report, never guess */
    ERR_PARSE,       /* input is malformed; reply 400, never retry */
    ERR_AUTH,        /* bad signature or token; reply 401, never retry */
    ERR_LIMIT,       /* a configured bound was hit; reply 413, 429 or 503 */
    ERR_CONFIG,      /* envflow.yaml or the command line is wrong; exit 2 */
    ERR_NOT_FOUND,   /* exit 3 */
    ERR_CONFLICT,    /* someone else holds it; exit 6 */
    ERR_TIMEOUT,     /* exit 7 */
    ERR_UNREACHABLE, /* no answer from the other side; exit 8 */
    ERR_REMOTE,      /* the other side refused; see its status in the text */
    ERR_CODE_COUNT
};

struct err {
    enum err_code code;
    char text[ERR_TEXT_SIZE];
};

/* Set *err to a root cause. Returns false, so a caller can `return err_set(...)`. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set, with the meaning of errno value `number` added behind ": ". ENOSPC and
 * EDQUOT become ERR_NO_SPACE, ENOMEM becomes ERR_NOMEM, anything else ERR_IO. */
bool err_errno(struct err *err, int number, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Put what we were doing in front of the cause, keeping its code. Returns false. */
bool err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
