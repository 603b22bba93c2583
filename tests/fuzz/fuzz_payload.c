/*
 * Any bytes at all as a body, JSON or form: the projection finds what jansson's parse of the whole
 * finds, and every handler says yes or gives a reason.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "github/payload.h"
#include "handlers.h"
#include "support/projection.h"

#define FORM_MAX 65536

static const char *const wants[] = {
    "action", "ref",          "a", "a.b", "b.c.d", "repository.id", "repository.full_name",
    "hook",   "sender.login", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_json(const char *text, size_t len)
{
    const char *disagreement = projection_disagreement(text, len, wants);
    struct gh_facts facts;
    struct err err = {.code = ERR_OK};

    if (disagreement != NULL) {
        fprintf(stderr, "%s\n", disagreement);
        abort();
    }
    for (size_t i = 0; handler_at(i) != NULL; i++) {
        if (gh_read(handler_at(i), text, len, &facts, &err))
            assert(facts.signals_count > 0 || facts.reason.text[0] != '\0');
        else
            assert((err.code == ERR_PARSE || err.code == ERR_LIMIT) && err.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_ready;
    AUTO(buf) struct buf json = BUF_INIT(FORM_MAX);
    struct err err;

    if (!is_ready)
        payload_init();
    is_ready = true;
    read_json((const char *)data, size);
    if (!payload_from_form((const char *)data, size, &json, &err))
        return 0;
    assert(json.len <= size);
    /* In memory of exactly its size: reading past the end would show. */
    char *exact = malloc(json.len > 0 ? json.len : 1);
    memcpy(exact, buf_text(&json), json.len);
    read_json(exact, json.len);
    free(exact);
    return 0;
}
