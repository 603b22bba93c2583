/* The payloads of npm @octokit/webhooks-examples, which tests/run.sh installs. */
#ifndef TESTS_EXAMPLES_H
#define TESTS_EXAMPLES_H

#include <jansson.h>

typedef void example_fn(const char *event, const json_t *payload, void *arg);

/* Fails the test when they are not installed, or fewer than there were when it was written. */
void examples_each(example_fn *fn, void *arg);

#endif
