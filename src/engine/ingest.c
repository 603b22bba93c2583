#include "engine/ingest.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "handlers.h"

#define ANSWER_BYTES_MAX 2048

/* Everything we say to a sender, but for the failures of a journal. */
enum answer {
    ANSWER_FAILED, /* zero: what an unforeseen error becomes */
    ANSWER_ACCEPTED,
    ANSWER_PING,
    ANSWER_NOT_FOUND,
    ANSWER_METHOD,
    ANSWER_CONTENT_TYPE,
    ANSWER_UNSIGNED,
    ANSWER_NO_EVENT,
    ANSWER_NO_DELIVERY,
    ANSWER_BAD_HEADER,
    ANSWER_DISK_FULL,
    ANSWER_BACKLOG_FULL,
    ANSWER_NO_MEMORY,
    ANSWER_COUNT
};

/* clang-format off */
static const struct {
    int status;
    const char *reason;
    const char *sentence;
    const char *const *headers;
} answers[ANSWER_COUNT] = {
#define RETRY(seconds) (const char *const[]){"Retry-After", seconds, NULL}
    [ANSWER_ACCEPTED] = {202, "accepted", "stored durably; envflow works on it now", NULL},
    [ANSWER_PING] = {200, "ping", "envflow hears this hook; the signature is right", NULL},
    [ANSWER_NOT_FOUND] = {404, "not_found", "nothing is here; check the hook's payload URL", NULL},
    [ANSWER_METHOD] = {405, "method_not_allowed", "webhooks are sent with POST",
                       (const char *const[]){"Allow", "POST", NULL}},
    [ANSWER_CONTENT_TYPE] = {415, "content_type",
        "the content type must be application/json or application/x-www-form-urlencoded", NULL},
    [ANSWER_UNSIGNED] = {401, "signature",
        "X-Hub-Signature-256 is missing or does not match; check the hook's secret", NULL},
    [ANSWER_NO_EVENT] = {400, "event_header", "X-GitHub-Event is missing or malformed", NULL},
    [ANSWER_NO_DELIVERY] = {400, "delivery_header",
        "X-GitHub-Delivery is missing or malformed", NULL},
    [ANSWER_BAD_HEADER] = {400, "hook_header",
        "an X-GitHub-Hook header is malformed", NULL},
    [ANSWER_DISK_FULL] = {503, "disk_full",
        "envflow cannot store deliveries: its disk is full; redeliver this one later", RETRY("30")},
    [ANSWER_BACKLOG_FULL] = {503, "backlog_full",
        "too many deliveries wait to be handled; redeliver this one later", RETRY("60")},
    [ANSWER_NO_MEMORY] = {503, "no_memory", "envflow is short of memory; redeliver this one later",
                          RETRY("10")},
    [ANSWER_FAILED] = {503, "storage_failed",
        "envflow could not store this delivery; redeliver it later", RETRY("10")},
#undef RETRY
};
/* clang-format on */

/* One delivery between its head and its answer. */
struct pending {
    struct journal_entry entry; /* first: the journal hands entries back */
    struct http_request *request;
    struct signature_check *check; /* owned; NULL once finished */
    char signature[SIGNATURE_HEADER_SIZE];
    struct pending *next_free;
};

struct ingest {
    struct journal *journal;
    struct signature_keys *keys;
    const char *webhook_path;
    const struct clock *clock;
    struct http_service service;
    struct pending *free_list;
    size_t waiting; /* submitted, not yet answered */
    atomic_uint_fast64_t accepted_total, unsigned_total, malformed_total, deferred_total;
    atomic_uint_fast64_t secret_used_total[SIGNATURE_SECRETS_MAX];
};

static struct pending *pending_new(struct ingest *ingest)
{
    struct pending *pending = ingest->free_list;

    if (pending != NULL)
        ingest->free_list = pending->next_free;
    else
        pending = malloc(sizeof(*pending));
    return pending;
}

static void pending_free(struct ingest *ingest, struct pending *pending)
{
    if (pending->check != NULL)
        signature_abandon(pending->check);
    pending->next_free = ingest->free_list;
    ingest->free_list = pending;
}

static void write_line(struct buf *line, const char *status, const char *reason,
                       const char *sentence, const char *guid)
{
    struct jsonw w = JSONW_INIT(line);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "status", status);
    jsonw_text(&w, "reason", reason);
    jsonw_text(&w, "message", sentence);
    if (guid != NULL && guid[0] != '\0')
        jsonw_text(&w, "delivery", guid);
    jsonw_close_object(&w);
    buf_putc(line, '\n');
}

static const char *status_word(int status)
{
    return status < 300 ? "accepted" : status < 500 ? "refused" : "deferred";
}

static void count_answer(struct ingest *ingest, int status)
{
    if (status < 300)
        ingest->accepted_total++;
    else if (status == 401)
        ingest->unsigned_total++;
    else if (status < 500)
        ingest->malformed_total++;
    else
        ingest->deferred_total++;
}

static void give_answer(struct ingest *ingest, struct http_request *request, enum answer answer,
                        const char *guid)
{
    AUTO(buf) struct buf line = BUF_INIT(ANSWER_BYTES_MAX);
    int status = answers[answer].status;

    write_line(&line, status_word(status), answers[answer].reason, answers[answer].sentence, guid);
    count_answer(ingest, status);
    if (status >= 300) {
        struct log_ctx ctx = {.delivery = guid, .peer = http_request_peer(request)};
        log_info(&ctx, "delivery.refused", "answered %d %s: %s", status, answers[answer].reason,
                 answers[answer].sentence);
    }
    http_reply(request, &(struct http_response){
                            .status = status,
                            .content_type = "application/json",
                            .body = line.data,
                            .body_len = line.len,
                            .headers = answers[answer].headers,
                            .close = status >= 400,
                        });
}

/* ---- the head ---- */

static bool is_media_type(const char *value, const char *type)
{
    size_t len = strlen(type);

    return strncasecmp(value, type, len) == 0 &&
           (value[len] == '\0' || value[len] == ';' || value[len] == ' ');
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* Copy a header made of letters, digits, '_', '-' and '.' only: it goes into listings, logs and
 * paths of our API. A missing header is "" where optional. */
static bool copy_name(const struct http_request *request, const char *header, bool required,
                      char *to, size_t size)
{
    const char *value = http_request_header(request, header);
    size_t len = 0;

    to[0] = '\0';
    if (value == NULL)
        return !required;
    while (is_name_byte(value[len]))
        len++;
    if (value[len] != '\0' || len >= size || (required && len == 0))
        return false;
    memcpy(to, value, len + 1);
    return true;
}

/* What of the head decides before a byte of the body is read; ANSWER_COUNT to go on. */
static enum answer judge_head(const struct ingest *ingest, const struct http_request *request,
                              struct pending *pending)
{
    struct journal_record *record = &pending->entry.record;
    const char *type = http_request_header(request, "content-type");
    const char *signature = http_request_header(request, "x-hub-signature-256");
    /* Before the signature is judged: the answers to a missing and to a wrong one are the same. */
    bool has_guid =
        copy_name(request, "x-github-delivery", true, record->guid, sizeof(record->guid));

    if (strcmp(http_request_path(request), ingest->webhook_path) != 0)
        return ANSWER_NOT_FOUND;
    if (strcmp(http_request_method(request), "POST") != 0)
        return ANSWER_METHOD;
    if (type != NULL && is_media_type(type, "application/x-www-form-urlencoded"))
        record->flags |= JOURNAL_FORM_BODY;
    else if (type == NULL || !is_media_type(type, "application/json"))
        return ANSWER_CONTENT_TYPE;
    if (signature == NULL || strlen(signature) >= sizeof(pending->signature))
        return ANSWER_UNSIGNED;
    snprintf(pending->signature, sizeof(pending->signature), "%s", signature);
    if (!copy_name(request, "x-github-event", true, record->event, sizeof(record->event)))
        return ANSWER_NO_EVENT;
    if (!has_guid)
        return ANSWER_NO_DELIVERY;
    if (!copy_name(request, "x-github-hook-id", false, record->hook_id, sizeof(record->hook_id)) ||
        !copy_name(request, "x-github-hook-installation-target-type", false, record->target_type,
                   sizeof(record->target_type)) ||
        !copy_name(request, "x-github-hook-installation-target-id", false, record->target_id,
                   sizeof(record->target_id)))
        return ANSWER_BAD_HEADER;
    return ANSWER_COUNT;
}

static bool refuse_head(struct ingest *ingest, struct http_request *request,
                        struct pending *pending, enum answer answer)
{
    char guid[GUID_MAX];

    snprintf(guid, sizeof(guid), "%s", pending != NULL ? pending->entry.record.guid : "");
    if (pending != NULL)
        pending_free(ingest, pending);
    give_answer(ingest, request, answer, guid);
    return false;
}

static bool on_head(struct http_request *request, void *self)
{
    struct ingest *ingest = self;
    struct pending *pending = pending_new(ingest);

    if (pending == NULL)
        return refuse_head(ingest, request, NULL, ANSWER_NO_MEMORY);
    *pending = (struct pending){.request = request};

    enum answer answer = judge_head(ingest, request, pending);
    if (answer != ANSWER_COUNT)
        return refuse_head(ingest, request, pending, answer);
    pending->check = signature_begin(ingest->keys);
    if (pending->check == NULL)
        return refuse_head(ingest, request, pending, ANSWER_NO_MEMORY);
    http_request_set_state(request, pending);
    return true;
}

/* ---- the body ---- */

static void on_body(struct http_request *request, const void *bytes, size_t len, void *self)
{
    struct pending *pending = http_request_state(request);

    (void)self;
    signature_update(pending->check, bytes, len);
}

static void on_gone(struct http_request *request, void *self)
{
    pending_free(self, http_request_state(request));
}

static void submit(struct ingest *ingest, struct pending *pending)
{
    struct journal_record *record = &pending->entry.record;

    record->received_ms = clock_wall_ms(ingest->clock);
    record->body = http_request_body(pending->request, &record->body_bytes);
    record->body_bytes_received = record->body_bytes;
    if (handler_find(record->event) == NULL) {
        record->flags |= JOURNAL_BODY_DROPPED;
        record->body = NULL;
        record->body_bytes = 0;
    }
    ingest->waiting++;
    journal_submit(ingest->journal, &pending->entry);
}

static void on_request(struct http_request *request, void *self)
{
    struct ingest *ingest = self;
    struct pending *pending = http_request_state(request);
    struct signature_check *check = TAKE(pending->check);
    size_t key = 0;

    if (!signature_finish(check, pending->signature, pending->entry.record.mac, &key)) {
        refuse_head(ingest, request, pending, ANSWER_UNSIGNED);
        return;
    }
    ingest->secret_used_total[key]++;
    submit(ingest, pending);
}

/* ---- the answer ---- */

static enum answer answer_of(const struct pending *pending)
{
    static const enum answer by_error[ERR_CODE_COUNT] = {
        [ERR_NO_SPACE] = ANSWER_DISK_FULL,
        [ERR_LIMIT] = ANSWER_BACKLOG_FULL,
        [ERR_NOMEM] = ANSWER_NO_MEMORY,
    };

    if (!pending->entry.durable)
        return by_error[pending->entry.err.code];
    return strcmp(pending->entry.record.event, "ping") == 0 ? ANSWER_PING : ANSWER_ACCEPTED;
}

void ingest_collect(struct ingest *ingest)
{
    struct journal_entry *entry = journal_collect(ingest->journal);

    while (entry != NULL) {
        struct pending *pending = (struct pending *)entry;
        struct http_request *request = pending->request;
        entry = entry->next;

        assert(ingest->waiting > 0);
        ingest->waiting--;
        give_answer(ingest, request, answer_of(pending), pending->entry.record.guid);
        pending_free(ingest, pending);
    }
}

bool ingest_is_busy(const struct ingest *ingest)
{
    return ingest->waiting > 0;
}

/* Framing errors and bounds that the server itself answers, in our words. */
static void write_refusal(int status, const char *reason, const char *sentence, void *self,
                          char *body, size_t body_size, const char **ret_content_type)
{
    AUTO(buf) struct buf line = BUF_INIT(ANSWER_BYTES_MAX);

    count_answer(self, status);
    write_line(&line, status_word(status), reason, sentence, NULL);
    snprintf(body, body_size, "%s", buf_text(&line));
    *ret_content_type = "application/json";
}

/* ---- life ---- */

static const char *const single_headers[] = {
    "x-github-event",
    "x-github-delivery",
    "x-github-hook-id",
    "x-github-hook-installation-target-type",
    "x-github-hook-installation-target-id",
    "x-hub-signature-256",
    "x-hub-signature",
    NULL,
};

struct ingest *ingest_new(struct journal *journal, struct signature_keys *keys,
                          const char *webhook_path, const struct clock *clock)
{
    struct ingest *ingest = calloc(1, sizeof(*ingest));

    assert(ingest != NULL);
    ingest->journal = journal;
    ingest->keys = keys;
    ingest->webhook_path = webhook_path;
    ingest->clock = clock;
    ingest->service = (struct http_service){
        .on_head = on_head,
        .on_body = on_body,
        .on_request = on_request,
        .on_gone = on_gone,
        .single_headers = single_headers,
        .refusal = write_refusal,
        .self = ingest,
    };
    return ingest;
}

void ingest_free(struct ingest *ingest)
{
    if (ingest == NULL)
        return;
    while (ingest->free_list != NULL) {
        struct pending *pending = ingest->free_list;
        ingest->free_list = pending->next_free;
        free(pending);
    }
    free(ingest);
}

const struct http_service *ingest_service(struct ingest *ingest)
{
    return &ingest->service;
}

void ingest_stats(const struct ingest *ingest, struct ingest_stats *ret_stats)
{
    *ret_stats = (struct ingest_stats){
        .accepted_total = ingest->accepted_total,
        .unsigned_total = ingest->unsigned_total,
        .malformed_total = ingest->malformed_total,
        .deferred_total = ingest->deferred_total,
    };
    for (size_t i = 0; i < SIGNATURE_SECRETS_MAX; i++)
        ret_stats->secret_used_total[i] = ingest->secret_used_total[i];
}
