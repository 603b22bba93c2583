#include "job_int.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void put_number(struct buf *out, uint64_t number)
{
    buf_append(out, &number, sizeof(number));
}

/* With its NUL, so that the reader can point into the bytes. */
static void put_text(struct buf *out, const char *text)
{
    size_t len = strlen(text) + 1;

    put_number(out, len);
    buf_append(out, text, len);
}

static void put_list(struct buf *out, const char *const *list)
{
    size_t count = 0;

    while (list != NULL && list[count] != NULL)
        count++;
    put_number(out, count);
    for (size_t i = 0; i < count; i++)
        put_text(out, list[i]);
}

bool job_encode(const struct command_spec *spec, struct buf *out, struct err *err)
{
    assert(spec->argv != NULL && spec->argv[0] != NULL);
    put_number(out, (uint64_t)spec->timeout_ms);
    put_number(out, (uint64_t)spec->kill_grace_ms);
    put_number(out, (uint64_t)spec->output_bytes_max);
    put_text(out, spec->run_dir);
    put_text(out, spec->workdir != NULL ? spec->workdir : spec->run_dir);
    put_list(out, spec->argv);
    put_list(out, spec->environment);
    put_list(out, spec->masks);
    return !out->failed || err_set(err, ERR_LIMIT,
                                   "arguments and environment of the command are "
                                   "larger than %zu bytes",
                                   JOB_BYTES_MAX);
}

/* ---- reading ---- */

struct cursor {
    const char *at, *end;
    bool failed;
};

static uint64_t take_number(struct cursor *cursor)
{
    uint64_t number = 0;

    if (cursor->failed || (size_t)(cursor->end - cursor->at) < sizeof(number)) {
        cursor->failed = true;
        return 0;
    }
    memcpy(&number, cursor->at, sizeof(number));
    cursor->at += sizeof(number);
    return number;
}

static const char *take_text(struct cursor *cursor)
{
    uint64_t len = take_number(cursor);
    const char *text = cursor->at;

    if (cursor->failed || len == 0 || len > (uint64_t)(cursor->end - cursor->at) ||
        text[len - 1] != '\0') {
        cursor->failed = true;
        return "";
    }
    cursor->at += len;
    return text;
}

static const char **take_list(struct cursor *cursor)
{
    uint64_t count = take_number(cursor);

    if (count > JOB_WORDS_MAX) {
        cursor->failed = true;
        count = 0;
    }
    const char **list = calloc(count + 1, sizeof(*list));
    assert(list != NULL);
    for (uint64_t i = 0; i < count; i++)
        list[i] = take_text(cursor);
    return list;
}

bool job_decode(struct buf *bytes, struct job *ret_job, struct err *err)
{
    struct job job = {.bytes = *bytes};
    struct cursor cursor = {buf_text(bytes), buf_text(bytes) + bytes->len, false};

    *bytes = BUF_INIT(bytes->max);
    job.spec.timeout_ms = (int64_t)take_number(&cursor);
    job.spec.kill_grace_ms = (int64_t)take_number(&cursor);
    job.spec.output_bytes_max = (int64_t)take_number(&cursor);
    job.spec.run_dir = take_text(&cursor);
    job.spec.workdir = take_text(&cursor);
    job.spec.argv = job.argv = take_list(&cursor);
    job.spec.environment = job.environment = take_list(&cursor);
    job.spec.masks = job.masks = take_list(&cursor);
    if (cursor.failed || cursor.at != cursor.end || job.argv[0] == NULL) {
        job_done(&job);
        return err_set(err, ERR_PARSE, "the job is malformed");
    }
    *ret_job = job;
    return true;
}

void job_done(struct job *job)
{
    free(job->argv);
    free(job->environment);
    free(job->masks);
    buf_done(&job->bytes);
}
