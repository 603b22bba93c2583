/*
 * The admin API as commands use it: find the envflow to talk to, ask, and turn what goes
 * wrong into a message and an exit code.
 */
#ifndef CLI_API_INT_H
#define CLI_API_INT_H

#include <jansson.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/cli.h"
#include "client_int.h"
#include "github/payload.h"

/* Room for a path with its parameters. */
#define API_PATH_BYTES_MAX ((size_t)2048)

struct api_answer {
    struct buf text; /* the answer's bytes; owned */
    json_t *tree;    /* the same, an object; owned */
};

/* Asks the admin API for a path that was built with care ("/api/v1/…"; a path that grew past its
 * buffer is the user's too long operand). Tries --server, else $ENVFLOW_SERVER, else the admin
 * listeners of the configuration, socket files first, until one accepts the connection.
 * Returns CLI_DONE; or prints why not and returns the exit code, *ret_answer untouched. */
MUST_CHECK int api_get(const struct cli_args *args, const struct buf *path,
                       struct api_answer *ret_answer);
/* body: a JSON object, or NULL. In the name of --as, where the command has that option. */
MUST_CHECK int api_post(const struct cli_args *args, const struct buf *path, const struct buf *body,
                        struct api_answer *ret_answer);
/* The answer's bytes as they are: for what is no single JSON object. */
MUST_CHECK int api_get_text(const struct cli_args *args, const struct buf *path,
                            struct buf *ret_text);

/* For --json: the answer as it came, and a line end. Returns as term_print. */
int api_print_json(const struct api_answer *answer);

/* Appends "&name=value", or "?name=value" to the first, when the option was given. */
void api_query(struct buf *path, const struct cli_args *args, const char *option);

/* The exit code for a status that is no success. */
enum cli_exit api_exit_of_status(long status);

/* Items of an answer's list; NULL when there is none. Borrowed. */
const json_t *api_items(const struct api_answer *answer);

/* A whole number, or a text, under a dotted path, as text; "" when it is missing. Borrowed from
 * the tree or from space. */
#define API_NUMBER_SIZE 24
const char *api_text(const json_t *tree, const char *path, char space[API_NUMBER_SIZE]);

/* Says that there is no configuration file; returns CLI_USAGE. */
int api_no_config(void);

/* Loads the configuration, and where asked its secrets. NULL: printed, *ret_code set. */
struct cfg *api_load_cfg(const struct cli_args *args, bool with_secrets, int *ret_code);

DEFINE_AUTO(cfg, struct cfg, cfg_free);

static inline void api_answer_cleanup(struct api_answer *answer)
{
    buf_done(&answer->text);
    json_decref(answer->tree);
}

#endif
