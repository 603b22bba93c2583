/*
 * An exported line is the canonical line whose closing brace gave way to the link:
 *
 *     {"sequence":7, … ,"details":""  ,"previous":"<64 digits>","hash":"<64 digits>"}
 *     `-- open part: the canonical line without "}"   `-- link, LINK_BYTES long with its line end
 *
 * So a check parses nothing. It takes the link off, hashes what is left, and compares start and
 * link with the bytes that must stand there; whatever was touched, some byte differs.
 */
#include "audit/chain.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/jsonw.h"

#define HASH_DIGITS (2 * (size_t)SHA256_BYTES)

#define PREVIOUS_FORMAT ",\"previous\":\"%s\""
#define HASH_FORMAT     ",\"hash\":\"%s\"}\n"
#define PREVIOUS_BYTES  (sizeof(PREVIOUS_FORMAT) - 3 + HASH_DIGITS) /* without "%s" and NUL */
#define LINK_BYTES      (PREVIOUS_BYTES + sizeof(HASH_FORMAT) - 3 + HASH_DIGITS)

#define CLOSING_START "{\"count\":"

/* ---- writing ---- */

static void write_open_part(const struct audit_record *record, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);

    jsonw_open_object(&w, NULL);
    jsonw_int(&w, "sequence", (int64_t)record->sequence);
    jsonw_int(&w, "time_ms", record->time_ms);
    jsonw_text(&w, "event", record->event);
    jsonw_text(&w, "actor", record->actor);
    jsonw_int(&w, "actor_id", record->actor_id);
    jsonw_text(&w, "via", record->via);
    jsonw_text(&w, "repository", record->repository);
    jsonw_text(&w, "environment", record->environment);
    jsonw_text(&w, "subject", record->subject);
    jsonw_text(&w, "reason", record->reason);
    jsonw_text(&w, "text", record->text);
    jsonw_text(&w, "details", record->details);
}

static void format_link(const uint8_t previous[SHA256_BYTES], const uint8_t hash[SHA256_BYTES],
                        char link[LINK_BYTES + 1])
{
    char previous_text[HASH_DIGITS + 1];
    char hash_text[HASH_DIGITS + 1];

    hex_format(previous, SHA256_BYTES, previous_text);
    hex_format(hash, SHA256_BYTES, hash_text);
    int len = snprintf(link, LINK_BYTES + 1, PREVIOUS_FORMAT HASH_FORMAT, previous_text, hash_text);
    assert(len == (int)LINK_BYTES);
}

void audit_write(const struct audit_record *record, struct buf *out)
{
    write_open_part(record, out);
    buf_putc(out, '}');
}

void audit_link(struct audit_record *record, const struct audit_head *head)
{
    AUTO(buf) struct buf bytes = BUF_INIT(SHA256_BYTES + AUDIT_LINE_MAX);

    record->sequence = head->sequence + 1;
    memcpy(record->previous, head->hash, SHA256_BYTES);
    buf_append(&bytes, head->hash, SHA256_BYTES);
    audit_write(record, &bytes);
    assert(!bytes.failed);
    sha256(bytes.data, bytes.len, record->hash);
}

void audit_export_line(const struct audit_record *record, struct buf *out)
{
    char link[LINK_BYTES + 1];

    format_link(record->previous, record->hash, link);
    write_open_part(record, out);
    buf_puts(out, link);
}

void audit_export_end(const struct audit_head *head, struct buf *out)
{
    char hash_text[HASH_DIGITS + 1];

    buf_printf(out, CLOSING_START "%" PRIu64 ",\"head\":\"%s\"}\n", head->sequence,
               hex_format(head->hash, SHA256_BYTES, hash_text));
}

/* ---- checking ---- */

static bool starts_with(const char *line, size_t len, const char *start)
{
    size_t start_len = strlen(start);

    return len >= start_len && memcmp(line, start, start_len) == 0;
}

static bool hash_open_part(const uint8_t previous[SHA256_BYTES], const char *line, size_t len,
                           uint8_t hash[SHA256_BYTES], struct err *err)
{
    AUTO(buf) struct buf bytes = BUF_INIT(SHA256_BYTES + AUDIT_LINE_MAX);

    buf_append(&bytes, previous, SHA256_BYTES);
    buf_append(&bytes, line, len);
    buf_putc(&bytes, '}');
    if (bytes.failed)
        return err_set(err, ERR_NOMEM, "no memory to check it");
    sha256(bytes.data, bytes.len, hash);
    return true;
}

static bool check_record(struct audit_check *check, const char *line, size_t len, struct err *err)
{
    struct audit_head next = {.sequence = check->head.sequence + 1};
    char start[48];
    char link[LINK_BYTES + 1];

    snprintf(start, sizeof(start), "{\"sequence\":%" PRIu64 ",", next.sequence);
    if (len < LINK_BYTES || !starts_with(line, len - LINK_BYTES, start))
        return err_set(err, ERR_CORRUPT,
                       "it is not record %" PRIu64 ": records are missing, moved or added, or it "
                       "was changed",
                       next.sequence);

    const char *link_at = line + len - LINK_BYTES;
    if (!hash_open_part(check->head.hash, line, len - LINK_BYTES, next.hash, err))
        return false;
    format_link(check->head.hash, next.hash, link);
    if (memcmp(link_at, link, PREVIOUS_BYTES) != 0)
        return err_set(err, ERR_CORRUPT, "record %" PRIu64 " does not follow the one before it",
                       next.sequence);
    if (memcmp(link_at, link, LINK_BYTES) != 0)
        return err_set(err, ERR_CORRUPT, "record %" PRIu64 " was changed", next.sequence);
    check->head = next;
    return true;
}

static bool check_closing(struct audit_check *check, const char *line, size_t len, struct err *err)
{
    AUTO(buf) struct buf closing = BUF_INIT(AUDIT_LINE_MAX);

    audit_export_end(&check->head, &closing);
    assert(!closing.failed);
    if (len != closing.len || memcmp(line, closing.data, len) != 0)
        return err_set(err, ERR_CORRUPT,
                       "it does not close what came before it, %" PRIu64
                       " records: some are missing or added, or it was changed",
                       check->head.sequence);
    check->is_closed = true;
    return true;
}

bool audit_check_line(struct audit_check *check, const char *line, size_t len, struct err *err)
{
    bool fine;

    if (check->is_closed)
        fine = err_set(err, ERR_CORRUPT, "it stands behind the closing line");
    else if (len > AUDIT_LINE_MAX)
        fine = err_set(err, ERR_CORRUPT, "it is longer than any record");
    else if (starts_with(line, len, CLOSING_START))
        fine = check_closing(check, line, len, err);
    else
        fine = check_record(check, line, len, err);
    if (!fine)
        return err_wrap(err, "line %" PRIu64, check->lines + 1);
    check->lines++;
    return true;
}

bool audit_check_end(const struct audit_check *check, struct err *err)
{
    if (check->is_closed)
        return true;
    return err_set(err, ERR_CORRUPT,
                   "the closing line is missing: the export ends after line %" PRIu64
                   ", and nobody can tell what followed",
                   check->lines);
}
