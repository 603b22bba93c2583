/*
 * send: what GitHub does when something happened, from the same machine: a payload, its
 * HMAC over the exact bytes, GitHub's headers. To try a configuration before a hook exists,
 * and to see again why a delivery was refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/random.h"
#include "commands_int.h"
#include "github/signature.h"
#include "made_up_int.h"
#include "text_int.h"
#include "view_int.h"

#define PAYLOAD_BYTES_MAX (25 * MIB) /* above it GitHub delivers nothing */
#define SECRET_BYTES_MAX  ((size_t)4096)
#define SEND_TIMEOUT_MS   10000L /* as long as GitHub waits */
#define DEFAULT_PATH      "/webhooks/github"
#define HEADER_SIZE       256

struct delivery {
    const char *event;
    char guid[GUID_MAX];
    const char *hook_id;
    int64_t target_id;
    bool is_form;
    struct buf body;   /* owned */
    struct buf secret; /* owned; wiped */
    struct endpoint endpoint;
    char path[ENDPOINT_SIZE];
    struct cfg *cfg;         /* owned; NULL when nothing was needed from it */
    const char *certificate; /* borrowed from cfg: what that listener shows; or NULL */
};

static void delivery_cleanup(struct delivery *delivery)
{
    if (delivery->secret.data != NULL)
        explicit_bzero(delivery->secret.data, delivery->secret.cap);
    buf_done(&delivery->secret);
    buf_done(&delivery->body);
    cfg_free(delivery->cfg);
}

/* ---- what to send ---- */

static bool is_made_of(const char *text, const char *bytes, size_t len_max)
{
    size_t len = strlen(text);

    return len > 0 && len <= len_max && strspn(text, bytes) == len;
}

static void make_guid(char guid[GUID_MAX])
{
    uint8_t bytes[16];
    char hex[33];

    random_bytes(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40); /* RFC 9562, version 4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    hex_format(bytes, sizeof(bytes), hex);
    snprintf(guid, GUID_MAX, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

/* Everything that becomes a header is checked: a line end in it would make another header. */
static int read_identity(const struct cli_args *args, struct delivery *delivery)
{
    const char *guid = cli_option(args, "guid");
    const char *hook_id = cli_option(args, "hook-id");

    delivery->event = cli_operand(args, 0);
    delivery->hook_id = hook_id != NULL ? hook_id : "1";
    delivery->is_form = cli_option(args, "form") != NULL;
    if (!is_made_of(delivery->event, "abcdefghijklmnopqrstuvwxyz_", EVENT_NAME_MAX - 1))
        return cli_fail(CLI_USAGE,
                        "'%s' is no event\nGitHub's events are named like push, "
                        "deployment_status",
                        delivery->event);
    if (!is_made_of(delivery->hook_id, "0123456789", 18))
        return cli_fail(CLI_USAGE,
                        "--hook-id %s: expected a number of at most 18 digits\n"
                        "GitHub shows it in the address of the hook's page",
                        delivery->hook_id);
    if (guid == NULL) {
        make_guid(delivery->guid);
        return CLI_DONE;
    }
    if (!is_made_of(guid, "0123456789abcdefABCDEF-", GUID_MAX - 1))
        return cli_fail(CLI_USAGE,
                        "--guid %s: expected hexadecimal digits and dashes\n"
                        "as in 72d3162e-cc78-11e3-81ab-4c9367dc0958",
                        guid);
    snprintf(delivery->guid, sizeof(delivery->guid), "%s", guid);
    return CLI_DONE;
}

static int read_sha(const struct cli_args *args, const char *option, struct git_sha *ret_sha)
{
    const char *text = cli_option(args, option);
    struct err err;

    if (text == NULL) {
        *ret_sha = made_up_sha();
        return CLI_DONE;
    }
    if (!git_sha_parse(text, ret_sha, &err))
        return cli_fail(CLI_USAGE, "--%s: %s\nit is a full commit id; forty zeros mean none",
                        option, err.text);
    return CLI_DONE;
}

static const char *option_or(const struct cli_args *args, const char *name, const char *fallback)
{
    const char *value = cli_option(args, name);

    return value != NULL ? value : fallback;
}

/* One that the configuration knows: its first, with made-up words for wildcards. */
static const char *default_repository(const struct cfg *cfg, char name[REPO_NAME_MAX])
{
    for (size_t i = 0; cfg != NULL && i < cfg->graph.repositories_count; i++) {
        const char *pattern = cfg->graph.repositories[i].pattern;
        int owner_len = (int)strcspn(pattern, "/");
        const char *own = pattern + owner_len + 1;
        bool has_owner = strcspn(pattern, "*?") > (size_t)owner_len;
        snprintf(name, REPO_NAME_MAX, "%.*s/%s", has_owner ? owner_len : 4,
                 has_owner ? pattern : "acme", strpbrk(own, "*?") == NULL ? own : "shop");
        if (graph_find_repository(&cfg->graph, name) != NULL)
            return name;
    }
    return "acme/shop";
}

static int make_up(const struct cli_args *args, struct delivery *delivery)
{
    char repository[REPO_NAME_MAX];
    struct made_up facts = {
        .repository = option_or(args, "repository", default_repository(delivery->cfg, repository)),
        .branch = option_or(args, "branch", "main"),
        .title = option_or(args, "title", "Made up by envflow send"),
        .now_ms = clock_wall_ms(&clock_system),
    };
    const char *slash = strchr(facts.repository, '/');

    if (slash == NULL || slash == facts.repository || slash[1] == '\0' ||
        strchr(slash + 1, '/') != NULL || strlen(facts.repository) >= REPO_NAME_MAX)
        return cli_fail(CLI_USAGE, "--repository %s: expected owner/name\nas in acme/shop",
                        facts.repository);
    int code = read_sha(args, "before", &facts.before);
    if (code == CLI_DONE)
        code = read_sha(args, "after", &facts.after);
    if (code != CLI_DONE)
        return code;

    facts.hook_id = strtoll(delivery->hook_id, NULL, 10); /* 18 digits at most: checked */
    if (strcmp(delivery->event, "ping") == 0)
        made_up_ping(&facts, &delivery->body);
    else
        made_up_push(&facts, &delivery->body);
    delivery->target_id = made_up_repository_id(facts.repository);
    return CLI_DONE;
}

/* Hook deliveries carry the id of what the hook sits on; a payload of one's own names it. */
static int64_t target_of(const struct buf *body)
{
    AUTO(json) json_t *tree = json_loadb(buf_text(body), body->len, 0, NULL);

    return payload_int_or(tree, "repository.id", 1);
}

static int read_body(const struct cli_args *args, struct delivery *delivery)
{
    const char *path = cli_operand(args, 1);
    bool can_make_up = strcmp(delivery->event, "push") == 0 || strcmp(delivery->event, "ping") == 0;
    struct err err;

    if (path == NULL && can_make_up)
        return make_up(args, delivery);
    if (path == NULL)
        return cli_fail(CLI_USAGE,
                        "a made-up %s is not to be had, only push and ping\n"
                        "name a file with the payload: envflow send %s FILE",
                        delivery->event, delivery->event);
    if (!file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &delivery->body, &err))
        return cli_fail(CLI_USAGE, "%s\nthe payload is at most 25 MiB, as GitHub's are", err.text);
    delivery->target_id = target_of(&delivery->body);
    return CLI_DONE;
}

static void to_form(struct delivery *delivery)
{
    struct buf form = BUF_INIT(3 * PAYLOAD_BYTES_MAX + 16);

    buf_puts(&form, "payload=");
    text_url(&form, buf_text(&delivery->body));
    buf_done(&delivery->body);
    delivery->body = form;
}

/* ---- where to, and signed with what ---- */

static int load_cfg(const struct cli_args *args, struct delivery *delivery)
{
    bool has_url = cli_option(args, "url") != NULL;
    bool has_secret = cli_option(args, "secret-file") != NULL;
    int code = CLI_DONE;

    if (has_url && has_secret)
        return CLI_DONE;
    delivery->cfg = api_load_cfg(args, !has_secret, &code);
    return code;
}

static int read_given_url(const char *url, struct delivery *delivery)
{
    struct err err;

    if (!endpoint_parse(url, &delivery->endpoint, &err))
        return cli_fail(CLI_USAGE, "--url: %s\nas in http://127.0.0.1:8080%s", err.text,
                        delivery->path);
    if (delivery->endpoint.socket[0] == '\0')
        delivery->path[0] = '\0'; /* a URL brings its own */
    return CLI_DONE;
}

static int find_url(const struct cfg *cfg, struct delivery *delivery)
{
    for (const char *const *at = cfg->webhook_listeners; at != NULL && *at != NULL; at++) {
        if (endpoint_of_listener(*at, cfg->tls_certificate != NULL, &delivery->endpoint)) {
            delivery->certificate = cfg->tls_certificate;
            return CLI_DONE;
        }
    }
    return cli_fail(CLI_USAGE,
                    "%s has no webhook listener that can be reached from here\n"
                    "name one: --url http://127.0.0.1:8080%s",
                    cfg->path, delivery->path);
}

static int read_url(const struct cli_args *args, struct delivery *delivery)
{
    const char *url = cli_option(args, "url");

    snprintf(delivery->path, sizeof(delivery->path), "%s",
             delivery->cfg != NULL ? delivery->cfg->webhook_path : DEFAULT_PATH);
    return url != NULL ? read_given_url(url, delivery) : find_url(delivery->cfg, delivery);
}

static int read_secret(const struct cli_args *args, struct delivery *delivery)
{
    const char *path = cli_option(args, "secret-file");
    struct buf *secret = &delivery->secret;
    struct err err;

    if (path == NULL) {
        buf_append(secret, delivery->cfg->secrets[0].bytes, delivery->cfg->secrets[0].len);
        return CLI_DONE;
    }
    if (!file_read(path, secret, &err))
        return cli_fail(CLI_USAGE, "--secret-file: %s\nit holds the secret and nothing else",
                        err.text);
    if (secret->len > 0 && secret->data[secret->len - 1] == '\n')
        secret->data[--secret->len] = '\0';
    if (secret->len == 0)
        return cli_fail(CLI_USAGE, "--secret-file: %s is empty\n'envflow init' makes a secret",
                        path);
    return CLI_DONE;
}

/* ---- the request ---- */

#define HEADERS_COUNT 9

struct headers {
    char lines[HEADERS_COUNT][HEADER_SIZE];
    const char *list[HEADERS_COUNT + 1];
};

static void make_headers(const struct delivery *delivery,
                         const char signature[SIGNATURE_HEADER_SIZE], struct headers *to)
{
    const struct {
        const char *name, *value;
    } texts[HEADERS_COUNT - 1] = {
        {"Accept", "*/*"},
        {"User-Agent", "GitHub-Hookshot/envflow"},
        {"Content-Type",
         delivery->is_form ? "application/x-www-form-urlencoded" : "application/json"},
        {"X-GitHub-Event", delivery->event},
        {"X-GitHub-Delivery", delivery->guid},
        {"X-GitHub-Hook-ID", delivery->hook_id},
        {"X-GitHub-Hook-Installation-Target-Type", "repository"},
        {"X-Hub-Signature-256", signature},
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        snprintf(to->lines[i], HEADER_SIZE, "%s: %s", texts[i].name, texts[i].value);
    snprintf(to->lines[HEADERS_COUNT - 1], HEADER_SIZE,
             "X-GitHub-Hook-Installation-Target-ID: %lld", (long long)delivery->target_id);
    for (size_t i = 0; i < HEADERS_COUNT; i++)
        to->list[i] = to->lines[i];
    to->list[HEADERS_COUNT] = NULL;
}

static int no_answer(const struct delivery *delivery, const struct err *err)
{
    if (err->code == ERR_TIMEOUT)
        return cli_fail(CLI_TIMED_OUT,
                        "%s did not answer within %ld s: GitHub would have given up\n"
                        "'envflow status' says what keeps it",
                        delivery->endpoint.text, SEND_TIMEOUT_MS / 1000);
    if (err->code == ERR_UNREACHABLE)
        return cli_fail(CLI_UNREACHABLE,
                        "nobody answers at %s (%s)\n"
                        "is it running ('envflow serve')? --url names another "
                        "address",
                        delivery->endpoint.text, err->text);
    return cli_fail(CLI_FAILED,
                    "sending to %s: %s\n--insecure accepts any certificate; "
                    "--url names another address",
                    delivery->endpoint.text, err->text);
}

static int exchange(const struct cli_args *args, struct delivery *delivery,
                    struct client_answer *ret_answer)
{
    char signature[SIGNATURE_HEADER_SIZE];
    struct headers headers;
    struct err err;
    struct signature_secret secret = {.bytes = buf_text(&delivery->secret),
                                      .len = delivery->secret.len};

    if (!signature_make(&secret, buf_text(&delivery->body), delivery->body.len, signature, &err))
        return cli_fail(CLI_FAILED, "the payload cannot be signed: %s", err.text);
    make_headers(delivery, signature, &headers);

    struct client_request request = {
        .method = "POST",
        .path = delivery->path,
        .headers = headers.list,
        .body = buf_text(&delivery->body),
        .body_bytes = delivery->body.len,
        .timeout_ms = SEND_TIMEOUT_MS,
        .trusted_certificate = delivery->certificate,
        .is_insecure = cli_option(args, "insecure") != NULL,
    };
    if (!client_call(&delivery->endpoint, &request, ret_answer, &err))
        return no_answer(delivery, &err);
    return CLI_DONE;
}

/* ---- what came back ---- */

static enum cli_exit exit_of(long status)
{
    return status >= 200 && status <= 299 ? CLI_DONE : api_exit_of_status(status);
}

static int print_json(const struct delivery *delivery, const struct client_answer *answer)
{
    json_t *parsed = json_loadb(buf_text(&answer->body), answer->body.len, 0, NULL);
    AUTO(json)
    json_t *tree = json_pack("{s:I, s:s, s:s, s:s, s:o?}", "status", (json_int_t)answer->status,
                             "guid", delivery->guid, "event", delivery->event, "url",
                             delivery->endpoint.text, "answer", parsed);
    char *text = tree != NULL ? json_dumps(tree, JSON_COMPACT) : NULL;

    if (text == NULL)
        return cli_fail(CLI_FAILED, "the answer cannot be printed as JSON: is it UTF-8?");
    puts(text);
    free(text);
    return (int)exit_of(answer->status);
}

/* The sentence in envflow's answer; of foreign answers the beginning. */
static void put_sentence(const struct client_answer *answer, struct buf *out)
{
    AUTO(json) json_t *tree = json_loadb(buf_text(&answer->body), answer->body.len, 0, NULL);
    const char *sentence = payload_str_or(tree, "message", "");
    struct buf clean = BUF_INIT(2 * ANSWER_BYTES_MAX);

    text_clean(&clean, sentence[0] != '\0' ? sentence : buf_text(&answer->body));
    text_cut(out, buf_text(&clean), 200);
    buf_done(&clean);
}

static int print_answer(const struct delivery *delivery, const struct client_answer *answer)
{
    static const struct {
        long status;
        const char *word, *hint;
    } known[] = {
        {200, "OK", NULL},
        {202, "Accepted", NULL},
        {400, "Bad Request", "the payload or a header is not as GitHub sends it"},
        {401, "Unauthorized", "the secret is not one that envflow was started with"},
        {404, "Not Found", "the path of the URL is not server.path of the configuration"},
        {413, "Content Too Large", "limits.body sets what is accepted"},
        {415, "Unsupported Media Type", NULL},
        {429, "Too Many Requests", "a limit was met; try again"},
        {503, "Service Unavailable", "envflow cannot store deliveries; see 'envflow status'"},
    };
    struct view view = view_of_stdout();
    AUTO(buf) struct buf out = BUF_INIT(MIB);
    char status[64];
    const char *hint = NULL;
    enum cli_exit code = exit_of(answer->status);

    snprintf(status, sizeof(status), "%ld", answer->status);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].status != answer->status)
            continue;
        snprintf(status, sizeof(status), "%ld %s", answer->status, known[i].word);
        hint = known[i].hint;
    }
    term_styled(&view.term, &out, code == CLI_DONE ? STYLE_GREEN : STYLE_RED, status);
    if (answer->body.len > 0) {
        buf_puts(&out, "  ");
        put_sentence(answer, &out);
    }
    buf_putc(&out, '\n');
    view_line(&view, &out, "Delivery", STYLE_PLAIN, delivery->guid);
    if (code == CLI_DONE) {
        buf_printf(&out, "what became of it: envflow deliveries show %s\n", delivery->guid);
        return term_print(&out);
    }
    int printed = term_print(&out);
    if (printed != CLI_DONE)
        return printed;
    return cli_fail(code, "%s answered %s%s%s", delivery->endpoint.text, status,
                    hint != NULL ? "\n" : "", hint != NULL ? hint : "");
}

int send_run(const struct cli_args *args)
{
    static int (*const steps[])(const struct cli_args *, struct delivery *) = {
        read_identity, load_cfg, read_body, read_url, read_secret};
    AUTO(delivery)
    struct delivery delivery = {.body = BUF_INIT(PAYLOAD_BYTES_MAX),
                                .secret = BUF_INIT(SECRET_BYTES_MAX)};
    AUTO(client_answer) struct client_answer answer = {.status = 0};

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int code = steps[i](args, &delivery);
        if (code != CLI_DONE)
            return code;
    }
    if (delivery.is_form)
        to_form(&delivery);
    if (delivery.body.failed || delivery.secret.failed)
        return cli_fail(CLI_USAGE, "the payload or the secret is too large to send");
    int code = exchange(args, &delivery, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return print_json(&delivery, &answer);
    return print_answer(&delivery, &answer);
}
