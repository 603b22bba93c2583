#include "api_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "term_int.h"
#include "text_int.h"

#define API_TIMEOUT_MS     30000L
#define PROBLEMS_BYTES_MAX ((size_t)64 * 1024)

static const char *const config_places[] = {"envflow.yaml", "/etc/envflow/envflow.yaml"};

const char *cli_config_path(const struct cli_args *args)
{
    const char *given = cli_option(args, "config");
    const char *variable = secure_getenv("ENVFLOW_CONFIG");

    if (given != NULL)
        return given;
    if (variable != NULL && variable[0] != '\0')
        return variable;
    for (size_t i = 0; i < ARRAY_LEN(config_places); i++) {
        if (access(config_places[i], F_OK) == 0)
            return config_places[i];
    }
    return NULL;
}

static void print_problems(const struct cfg_problems *problems, const char *path)
{
    struct buf text = BUF_INIT(PROBLEMS_BYTES_MAX);
    struct buf clean = BUF_INIT(2 * PROBLEMS_BYTES_MAX);

    cfg_problems_print(problems, path, &text);
    text_clean_lines(&clean, buf_text(&text), text.len);
    fflush(stdout);
    fputs(buf_text(&clean), stderr);
    buf_done(&text);
    buf_done(&clean);
}

int api_no_config(void)
{
    return cli_fail(CLI_USAGE,
                    "no configuration was found: neither %s nor %s exists\n"
                    "'envflow init' writes one; --config FILE names another",
                    config_places[0], config_places[1]);
}

struct cfg *api_load_cfg(const struct cli_args *args, bool with_secrets, int *ret_code)
{
    const char *path = cli_config_path(args);
    struct cfg_problems problems = {.count = 0};
    struct cfg *cfg = NULL;

    if (path == NULL) {
        *ret_code = api_no_config();
        return NULL;
    }
    if (cfg_load(path, &cfg, &problems) && (!with_secrets || cfg_read_secrets(cfg, &problems)))
        return cfg;

    cfg_free(cfg);
    print_problems(&problems, path);
    *ret_code = cli_fail(
        CLI_USAGE,
        "%s has %zu problem%s\n'envflow config schema' lets an editor find them while you write",
        path, problems.count, problems.count == 1 ? "" : "s");
    return NULL;
}

/* ---- where to ask ---- */

struct candidates {
    struct endpoint items[ENDPOINTS_MAX];
    size_t count;
};

static void add_listeners(const struct cfg *cfg, bool is_socket_file, struct candidates *to)
{
    for (const char *const *at = cfg->admin_listeners; at != NULL && *at != NULL; at++) {
        bool fits = (strncmp(*at, "unix:", 5) == 0) == is_socket_file;
        if (fits && to->count < ENDPOINTS_MAX &&
            endpoint_of_listener(*at, false, &to->items[to->count]))
            to->count++;
    }
}

static int find_candidates(const struct cli_args *args, struct candidates *to)
{
    const char *given = cli_option(args, "server");
    const char *variable = secure_getenv("ENVFLOW_SERVER");
    int code = CLI_DONE;
    struct err err;

    if (given == NULL && variable != NULL && variable[0] != '\0')
        given = variable;
    if (given != NULL) {
        if (!endpoint_parse(given, &to->items[0], &err))
            return cli_fail(CLI_USAGE, "%s\n--server or $ENVFLOW_SERVER names the admin listener",
                            err.text);
        to->count = 1;
        return CLI_DONE;
    }
    if (cli_config_path(args) == NULL)
        return cli_fail(CLI_UNREACHABLE,
                        "which envflow? no --server, no $ENVFLOW_SERVER and no configuration\n"
                        "name one: --server unix:/run/envflow/admin.sock, or --config FILE");

    AUTO(cfg) struct cfg *cfg = api_load_cfg(args, false, &code);
    if (cfg == NULL)
        return code;
    add_listeners(cfg, true, to);
    add_listeners(cfg, false, to);
    if (to->count == 0)
        return cli_fail(CLI_UNREACHABLE,
                        "%s has no admin listener that can be reached from here\n"
                        "name one: --server unix:/path or --server http://host:port",
                        cfg->path);
    return CLI_DONE;
}

/* ---- what went wrong ---- */

static int no_answer(const struct endpoint *endpoint, const struct err *err)
{
    if (err->code == ERR_TIMEOUT)
        return cli_fail(CLI_TIMED_OUT,
                        "envflow at %s took the request and did not answer in %ld s\n"
                        "its log says what it is busy with",
                        endpoint->text, API_TIMEOUT_MS / 1000);
    if (err->code == ERR_PARSE)
        return cli_fail(CLI_USAGE, "%s: %s\nexpected unix:/path or http://host:port",
                        endpoint->text, err->text);
    return cli_fail(CLI_FAILED, "asking %s: %s\ndoes envflow's admin listener answer there?",
                    endpoint->text, err->text);
}

static int unreachable(const struct candidates *candidates, const char *causes)
{
    return cli_fail(CLI_UNREACHABLE,
                    "envflow does not answer: %s\n"
                    "is it running ('envflow serve')%s? --server names another address",
                    causes, candidates->items[0].socket[0] != '\0' ? ", and as the same user" : "");
}

/* Statuses with a meaning of their own, and the next step where the API names none. */
static const struct meaning {
    long status;
    enum cli_exit code;
    const char *hint;
} meanings[] = {
    {401, CLI_NOT_ALLOWED, "ask over the socket file, as root or as the user envflow runs as"},
    {403, CLI_NOT_ALLOWED,
     "'envflow audit list' shows who did what; tokens: 'envflow token create'"},
    {404, CLI_NOT_FOUND,
     "'envflow promotions list', 'deployments list' and 'deliveries list' show what there is"},
    {422, CLI_GATE_SHUT, "'envflow why' says what would open it"},
    {409, CLI_CONFLICT, "'envflow status' shows what goes on"},
    {504, CLI_TIMED_OUT, "'envflow status' shows what goes on"},
};

static const struct meaning *meaning_of(long status)
{
    static const struct meaning other = {0, CLI_FAILED, "the log of envflow says more"};

    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (meanings[i].status == status)
            return &meanings[i];
    }
    return &other;
}

enum cli_exit api_exit_of_status(long status)
{
    return meaning_of(status)->code;
}

static int refused(const struct endpoint *endpoint, long status, const json_t *tree)
{
    const char *sentence = payload_str_or(tree, "error.sentence", "");
    /* What the admin API finds malformed was given on the command line. */
    enum cli_exit code = status == 400 ? CLI_USAGE : api_exit_of_status(status);

    if (sentence[0] == '\0')
        return cli_fail(CLI_FAILED,
                        "%s answered status %ld, and not as envflow's admin API does\n"
                        "is this the admin listener, and not the webhook listener?",
                        endpoint->text, status);

    const char *fallback =
        status == 400 ? "'envflow help' shows what each command takes" : meaning_of(status)->hint;
    const char *hint = payload_str_or(tree, "error.hint", fallback);
    /* A line end in the server's words must not pass for our own hint. */
    struct buf clean = BUF_INIT((size_t)4096);
    struct buf clean_hint = BUF_INIT((size_t)4096);
    text_clean(&clean, sentence);
    text_clean(&clean_hint, hint);
    cli_fail(code, "%s\n%s", buf_text(&clean), buf_text(&clean_hint));
    buf_done(&clean);
    buf_done(&clean_hint);
    return (int)code;
}

/* Takes the answer's bytes. */
static int read_text(const struct endpoint *endpoint, struct client_answer *answer,
                     struct buf *ret_text)
{
    if (answer->status < 200 || answer->status > 299) {
        AUTO(json) json_t *tree = json_loadb(buf_text(&answer->body), answer->body.len, 0, NULL);
        return refused(endpoint, answer->status, tree);
    }
    *ret_text = answer->body;
    answer->body = BUF_INIT(ANSWER_BYTES_MAX);
    return CLI_DONE;
}

/* Takes the answer's bytes. */
static int read_answer(const struct endpoint *endpoint, struct client_answer *answer,
                       struct api_answer *ret_answer)
{
    AUTO(json)
    json_t *tree =
        json_loadb(buf_text(&answer->body), answer->body.len, JSON_REJECT_DUPLICATES, NULL);

    if (answer->status < 200 || answer->status > 299 || !json_is_object(tree))
        return refused(endpoint, answer->status, tree);
    ret_answer->text = answer->body;
    ret_answer->tree = TAKE(tree);
    answer->body = BUF_INIT(ANSWER_BYTES_MAX);
    return CLI_DONE;
}

#define CREDENTIAL_SIZE 256

/* Who asks: a token from the environment, which no process list shows; and over the socket the
 * person named by --as. */
struct caller {
    char authorization[CREDENTIAL_SIZE + 32];
    char as[CREDENTIAL_SIZE + 32];
    const char *headers[8];
};

/* A line end would begin another header. */
static bool is_one_line(const char *text)
{
    while (*text != '\0' && (unsigned char)*text >= ' ' && *text != 0x7F)
        text++;
    return *text == '\0';
}

static int name_caller(const struct cli_args *args, bool has_body, struct caller *caller)
{
    const char *token = secure_getenv("ENVFLOW_TOKEN");
    const char *as = cli_option_or_none(args, "as");
    size_t count = 0;

    caller->headers[count++] = "Accept: application/json";
    caller->headers[count++] = "User-Agent: envflow/" ENVFLOW_VERSION;
    caller->headers[count++] = has_body ? "Content-Type: application/json" : "Content-Type:";
    if ((token != NULL && strlen(token) > CREDENTIAL_SIZE) ||
        (as != NULL && strlen(as) > CREDENTIAL_SIZE))
        return cli_fail(CLI_USAGE,
                        "$ENVFLOW_TOKEN or --as is longer than %d bytes\n"
                        "as ENVFLOW_TOKEN=$(cat token) or --as octocat#583231",
                        CREDENTIAL_SIZE);
    if ((token != NULL && !is_one_line(token)) || (as != NULL && !is_one_line(as)))
        return cli_fail(CLI_USAGE, "$ENVFLOW_TOKEN or --as holds a line end or control character\n"
                                   "as ENVFLOW_TOKEN=$(cat token) or --as octocat#583231");
    if (token != NULL && token[0] != '\0') {
        snprintf(caller->authorization, sizeof(caller->authorization), "Authorization: Bearer %s",
                 token);
        caller->headers[count++] = caller->authorization;
    }
    if (as != NULL) {
        snprintf(caller->as, sizeof(caller->as), "X-Envflow-As: %s", as);
        caller->headers[count++] = caller->as;
    }
    caller->headers[count] = NULL;
    return CLI_DONE;
}

/* Asks one listener after the other until one takes the connection; the caller reads its answer. */
static int ask_any(const struct candidates *candidates, const struct client_request *request,
                   struct endpoint *ret_endpoint, struct client_answer *ret_answer)
{
    char causes[2048] = "";
    size_t used = 0;
    struct err err = {.code = ERR_OK};

    for (size_t i = 0; i < candidates->count; i++) {
        *ret_endpoint = candidates->items[i];
        if (client_call(&candidates->items[i], request, ret_answer, &err))
            return CLI_DONE;
        if (err.code != ERR_UNREACHABLE)
            return no_answer(&candidates->items[i], &err);
        int put = snprintf(causes + used, sizeof(causes) - used, "%stried %s (%.200s)",
                           used > 0 ? ", " : "", candidates->items[i].text, err.text);
        used += put > 0 && (size_t)put < sizeof(causes) - used ? (size_t)put : 0;
    }
    return unreachable(candidates, causes);
}

static int call(const struct cli_args *args, const char *method, const struct buf *path,
                const struct buf *body, struct endpoint *ret_endpoint,
                struct client_answer *ret_answer)
{
    struct caller caller;
    struct client_request request = {
        .method = method,
        .path = buf_text(path),
        .headers = caller.headers,
        .body = body != NULL ? buf_text(body) : NULL,
        .body_bytes = body != NULL ? body->len : 0,
        .timeout_ms = API_TIMEOUT_MS,
    };
    struct candidates candidates = {.count = 0};

    if (path->failed || (body != NULL && body->failed))
        return cli_fail(CLI_USAGE, "the operands are longer than anything envflow knows");
    int code = name_caller(args, body != NULL, &caller);
    if (code == CLI_DONE)
        code = find_candidates(args, &candidates);
    return code != CLI_DONE ? code : ask_any(&candidates, &request, ret_endpoint, ret_answer);
}

int api_get(const struct cli_args *args, const struct buf *path, struct api_answer *ret_answer)
{
    AUTO(client_answer) struct client_answer answer = {.status = 0};
    struct endpoint endpoint;
    int code = call(args, "GET", path, NULL, &endpoint, &answer);

    return code != CLI_DONE ? code : read_answer(&endpoint, &answer, ret_answer);
}

int api_get_text(const struct cli_args *args, const struct buf *path, struct buf *ret_text)
{
    AUTO(client_answer) struct client_answer answer = {.status = 0};
    struct endpoint endpoint;
    int code = call(args, "GET", path, NULL, &endpoint, &answer);

    return code != CLI_DONE ? code : read_text(&endpoint, &answer, ret_text);
}

int api_post(const struct cli_args *args, const struct buf *path, const struct buf *body,
             struct api_answer *ret_answer)
{
    AUTO(client_answer) struct client_answer answer = {.status = 0};
    struct endpoint endpoint;
    int code = call(args, "POST", path, body, &endpoint, &answer);

    return code != CLI_DONE ? code : read_answer(&endpoint, &answer, ret_answer);
}

int api_print_json(const struct api_answer *answer)
{
    struct term term = term_of(STDOUT_FILENO);
    struct buf shown = BUF_INIT(2 * ANSWER_BYTES_MAX);

    /* A program gets every byte; a terminal none that it would obey. */
    if (term.is_terminal)
        text_clean_lines(&shown, buf_text(&answer->text), answer->text.len);
    else
        buf_append(&shown, buf_text(&answer->text), answer->text.len);
    if (shown.len > 0 && shown.data[shown.len - 1] != '\n')
        buf_putc(&shown, '\n');
    int code = term_print(&shown);
    buf_done(&shown);
    return code;
}

void api_query(struct buf *path, const struct cli_args *args, const char *option)
{
    const char *value = cli_option(args, option);

    if (value == NULL)
        return;
    buf_printf(path, "%c%s=", strchr(buf_text(path), '?') == NULL ? '?' : '&', option);
    text_url(path, value);
}

const json_t *api_items(const struct api_answer *answer)
{
    const json_t *items = json_object_get(answer->tree, "items");

    return json_is_array(items) ? items : NULL;
}

const char *api_text(const json_t *tree, const char *path, char space[API_NUMBER_SIZE])
{
    const json_t *value = payload_get(tree, path);

    if (json_is_string(value))
        return json_string_value(value);
    if (!json_is_integer(value))
        return "";
    snprintf(space, API_NUMBER_SIZE, "%lld", (long long)json_integer_value(value));
    return space;
}
