/*
 * /livez: this thread answers. /readyz: deliveries can be stored and handled; with
 * ?verbose the checks one by one. Open to all, so neither tells versions or names.
 */
#include "admin_int.h"

#include <stdio.h>

struct check {
    const char *code;
    const char *sentence; /* NULL when it passes */
};

#define CHECKS_COUNT 3

static void run_checks(struct admin *admin, struct check checks[CHECKS_COUNT], char stall_text[256])
{
    struct journal_stats journal;
    struct engine_stats engine;

    journal_stats(admin->options.journal, &journal);
    engine_stats(admin->options.engine, &engine);
    snprintf(stall_text, 256, "%s", engine.stall_text);
    checks[0] = (struct check){
        "journal", journal.out_of_space ? "the disk is full: deliveries are answered 503" : NULL};
    checks[1] = (struct check){"engine", engine.stalled ? stall_text : NULL};
    checks[2] =
        (struct check){"stopping", atomic_load(&admin->stopping) ? "envflow is stopping" : NULL};
}

bool admin_write_readiness(struct admin *admin, struct jsonw *w)
{
    struct check checks[CHECKS_COUNT];
    char stall_text[256];
    bool ready = true;

    run_checks(admin, checks, stall_text);
    for (size_t i = 0; i < CHECKS_COUNT; i++)
        ready = ready && checks[i].sentence == NULL;
    jsonw_bool(w, "ready", ready);
    jsonw_open_array(w, "not_ready");
    for (size_t i = 0; i < CHECKS_COUNT; i++) {
        if (checks[i].sentence == NULL)
            continue;
        jsonw_open_object(w, NULL);
        jsonw_text(w, "code", checks[i].code);
        jsonw_text(w, "sentence", checks[i].sentence);
        jsonw_close_object(w);
    }
    jsonw_close_array(w);
    return ready;
}

static void write_checks(struct admin *admin, struct jsonw *w)
{
    struct check checks[CHECKS_COUNT];
    char stall_text[256];

    run_checks(admin, checks, stall_text);
    jsonw_open_object(w, "checks");
    for (size_t i = 0; i < CHECKS_COUNT; i++)
        jsonw_text(w, checks[i].code, checks[i].sentence == NULL ? "ok" : checks[i].sentence);
    jsonw_close_object(w);
}

static void get_livez(struct call *call)
{
    buf_puts(&call->body, "{\"alive\":true}\n");
    admin_answer(call, 200);
}

static void get_readyz(struct call *call)
{
    struct jsonw w = JSONW_INIT(&call->body);
    char unused[8];

    jsonw_open_object(&w, NULL);
    bool ready = admin_write_readiness(call->admin, &w);
    if (admin_query(call, "verbose", unused, sizeof(unused)))
        write_checks(call->admin, &w);
    jsonw_close_object(&w);
    buf_putc(&call->body, '\n');
    admin_answer(call, ready ? 200 : 503);
}

const struct route admin_health_routes[] = {
    {"GET", "/livez", get_livez, 0, NULL},
    {"GET", "/readyz", get_readyz, 0, NULL},
};
const size_t admin_health_routes_count = ARRAY_LEN(admin_health_routes);
