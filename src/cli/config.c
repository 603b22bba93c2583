/* config check, show, schema, document: envflow.yaml, without a running envflow. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api_int.h"
#include "args_int.h"
#include "commands_int.h"
#include "term_int.h"
#include "text_int.h"
#include "view_int.h"

#define TEXT_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* Appends "name, name, …" of a NULL-terminated list. */
static void put_list(struct buf *out, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++)
        buf_printf(out, "%s%s", out->len > 0 ? ", " : "", *list);
}

static void line_of_list(const struct view *view, struct buf *out, const char *name,
                         const char *const *list)
{
    AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);

    put_list(&text, list);
    view_line(view, out, name, STYLE_PLAIN, buf_text(&text));
}

static void put_repositories(const struct view *view, struct buf *out,
                             const struct flow_graph *graph)
{
    AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);

    for (size_t i = 0; i < graph->repositories_count; i++)
        buf_printf(&text, "%s%s (flow %s)", i > 0 ? ", " : "", graph->repositories[i].pattern,
                   graph->repositories[i].flow->name);
    view_line(view, out, "Repositories", STYLE_PLAIN, text.len > 0 ? buf_text(&text) : "none");
}

static bool deploys_alone(const struct flow_environment *environment)
{
    return environment->deploy.argv != NULL && environment->auto_branches != NULL &&
           environment->auto_branches[0] != NULL;
}

static void put_environments(const struct view *view, struct buf *out,
                             const struct flow_graph *graph)
{
    bool is_any = false;

    for (size_t i = 0; i < graph->flows_count; i++) {
        for (size_t j = 0; j < graph->flows[i].environments_count; j++) {
            const struct flow_environment *environment = &graph->flows[i].environments[j];
            AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
            if (!deploys_alone(environment))
                continue;
            AUTO(buf) struct buf branches = BUF_INIT(TEXT_BYTES_MAX);
            put_list(&branches, environment->auto_branches);
            buf_printf(&text, "%s (flow %s) on a push to %s, by %s", environment->name,
                       graph->flows[i].name, buf_text(&branches), environment->deploy.argv[0]);
            view_line(view, out, "Deploys", STYLE_PLAIN, buf_text(&text));
            is_any = true;
        }
    }
    if (!is_any)
        view_line(view, out, "Deploys", STYLE_YELLOW, "nothing: no environment has a command");
}

static void put_summary(const struct view *view, struct buf *out, const struct cfg *cfg,
                        bool are_secrets_read)
{
    char text[128];

    put_repositories(view, out, &cfg->graph);
    put_environments(view, out, &cfg->graph);
    line_of_list(view, out, "Webhooks", cfg->webhook_listeners);
    snprintf(text, sizeof(text), "%s%.64s", cfg->tls_certificate != NULL ? "https, " : "http, ",
             cfg->webhook_path);
    view_line(view, out, "", STYLE_PLAIN, text);
    line_of_list(view, out, "Admin", cfg->admin_listeners);
    snprintf(text, sizeof(text), "%zu, %s", cfg->secrets_count,
             are_secrets_read ? "readable" : "not read");
    view_line(view, out, "Secrets", STYLE_PLAIN, text);
}

/* ---- --json ---- */

static json_t *problems_json(const struct cfg_problems *problems)
{
    json_t *list = json_array();
    size_t kept = problems->count < CFG_PROBLEMS_MAX ? problems->count : CFG_PROBLEMS_MAX;

    for (size_t i = 0; i < kept; i++)
        json_array_append_new(list, json_pack("{s:i, s:i, s:s}", "line", problems->items[i].line,
                                              "column", problems->items[i].column, "sentence",
                                              problems->items[i].text));
    return list;
}

static int check_json(const char *path, bool is_ok, const struct cfg_problems *problems)
{
    AUTO(json)
    json_t *tree = json_pack("{s:s, s:b, s:I, s:o}", "path", path, "ok", is_ok, "count",
                             (json_int_t)problems->count, "problems", problems_json(problems));

    json_dumpf(tree, stdout, JSON_COMPACT);
    putchar('\n');
    return is_ok ? CLI_DONE : CLI_USAGE;
}

/* Loads once more for the problems themselves, which api_load_cfg prints and forgets. */
static int check_for_program(const struct cli_args *args, bool with_secrets)
{
    const char *path = cli_config_path(args);
    struct cfg_problems problems = {.count = 0};
    struct cfg *loaded = NULL;

    if (path == NULL)
        return api_no_config();
    bool is_ok = cfg_load(path, &loaded, &problems) &&
                 (!with_secrets || cfg_read_secrets(loaded, &problems));
    cfg_free(loaded);
    return check_json(path, is_ok, &problems);
}

/* ---- commands ---- */

int config_check_run(const struct cli_args *args)
{
    bool with_secrets = cli_option(args, "no-secrets") == NULL;
    AUTO(buf) struct buf out = BUF_INIT(TEXT_BYTES_MAX);
    struct view view = view_of_stdout();
    int code = CLI_DONE;

    if (cli_option(args, "json") != NULL)
        return check_for_program(args, with_secrets);
    AUTO(cfg) struct cfg *cfg = api_load_cfg(args, with_secrets, &code);
    if (cfg == NULL)
        return code;

    text_clean(&out, cli_config_path(args));
    buf_puts(&out, ": ");
    term_styled(&view.term, &out, STYLE_GREEN, "ok");
    buf_putc(&out, '\n');
    put_summary(&view, &out, cfg, with_secrets);
    return term_print(&out);
}

int config_show_run(const struct cli_args *args)
{
    AUTO(buf) struct buf out = BUF_INIT(TEXT_BYTES_MAX);
    int code = CLI_DONE;

    AUTO(cfg) struct cfg *cfg = api_load_cfg(args, false, &code);
    if (cfg == NULL)
        return code;
    cfg_show(cfg, &out);
    return term_print(&out);
}

static int print_made(void make(struct buf *))
{
    AUTO(buf) struct buf out = BUF_INIT(TEXT_BYTES_MAX);

    make(&out);
    if (out.len > 0 && out.data[out.len - 1] != '\n')
        buf_putc(&out, '\n');
    return term_print(&out);
}

int config_schema_run(const struct cli_args *args)
{
    (void)args;
    return print_made(cfg_schema);
}

int config_document_run(const struct cli_args *args)
{
    (void)args;
    return print_made(cfg_document);
}
