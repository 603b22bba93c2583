#include "support/examples.h"

#include <stdio.h>

#include "github/payload.h"
#include "support/test.h"

#define EXAMPLES_MIN 600 /* of all versions together */

/* github.com and the versions of GitHub Enterprise Server. */
static const char *const versions[] = {"api.github.com", "ghes-31", "ghes-32",
                                       "ghes-33",        "ghes-34", "ghes-35"};

static size_t visit(const char *path, example_fn *fn, void *arg)
{
    AUTO(json) json_t *events = json_load_file(path, 0, NULL);
    size_t visited = 0;
    size_t i = 0;
    size_t j = 0;
    const json_t *event = NULL;
    const json_t *payload = NULL;

    if (events == NULL)
        fail_msg("no payloads in %s: npm ci --prefix tests installs them", path);
    json_array_foreach(events, i, event)
    {
        const char *name = payload_str_or(event, "name", "");
        json_array_foreach(payload_get(event, "examples"), j, payload)
        {
            fn(name, payload, arg);
            visited++;
        }
    }
    return visited;
}

void examples_each(example_fn *fn, void *arg)
{
    size_t visited = 0;

    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/node_modules/@octokit/webhooks-examples/%s/index.json",
                 TESTS_DIR, versions[i]);
        visited += visit(path, fn, arg);
    }
    assert_true(visited >= EXAMPLES_MIN);
}
