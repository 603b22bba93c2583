/*
 * init: the files of a first run. The configuration is cfg's commented starter; what it
 * refers to (the webhook secret, the deploy script) is made beside it, where its own keys
 * say, and never written over.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_int.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/jsonw.h"
#include "base/random.h"
#include "commands_int.h"
#include "term_int.h"
#include "text_int.h"

#define STARTER_BYTES_MAX ((size_t)256 * 1024)
#define SECRET_BYTES      32
#define PATH_SIZE         4096

static const char deploy_script[] =
    "#!/bin/sh\n"
    "# Called by envflow for every deployment; what it prints is kept, its exit status decides.\n"
    "# envflow sets ENVFLOW_* variables: 'env | grep ^ENVFLOW_' shows them.\n"
    "set -eu\n"
    "\n"
    "echo \"deploying $ENVFLOW_SHA of $ENVFLOW_REPOSITORY to $ENVFLOW_ENVIRONMENT\"\n"
    "# Put your steps here: fetch the commit, build, install, restart, and check that it works.\n";

struct made_file {
    char path[PATH_SIZE];
    bool is_new;
};

struct made_files {
    struct made_file config, secret, script;
};

/* Creates the file, or leaves the one that is there alone. */
static bool make_file(struct made_file *file, mode_t mode, const char *text, struct err *err)
{
    AUTO(fd) int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

    file->is_new = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        return true;
    if (fd < 0)
        return err_errno(err, errno, "create %s", file->path);
    if (fchmod(fd, mode) != 0) /* whatever the umask says */
        return err_errno(err, errno, "set the mode of %s", file->path);
    if (!file_write_all(fd, text, strlen(text), err))
        return err_wrap(err, "%s", file->path);
    return true;
}

static bool make_secret(struct made_file *file, struct err *err)
{
    uint8_t bytes[SECRET_BYTES];
    char text[2 * SECRET_BYTES + 2];

    random_bytes(bytes, sizeof(bytes));
    hex_format(bytes, sizeof(bytes), text);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "\n");
    bool is_made = make_file(file, 0600, text, err);
    explicit_bzero(text, sizeof(text));
    explicit_bzero(bytes, sizeof(bytes));
    return is_made;
}

/* The starter's script: the one command it has. */
static const char *script_of(const struct cfg *cfg)
{
    const struct flow *flow = &cfg->graph.flows[0];
    size_t i = 0;

    while (i < flow->environments_count && flow->environments[i].deploy.argv == NULL)
        i++;
    assert(i < flow->environments_count);
    return flow->environments[i].deploy.argv[0];
}

static bool set_path(struct made_file *file, const char *path, struct err *err)
{
    int len = snprintf(file->path, sizeof(file->path), "%s", path);

    return (len >= 0 && (size_t)len < sizeof(file->path)) ||
           err_set(err, ERR_LIMIT, "the path %.64s… is too long", path);
}

static bool make_all(const char *path, bool is_forced, const struct buf *starter,
                     struct made_files *files, struct err *err)
{
    struct cfg_problems problems = {.count = 0};
    AUTO(cfg) struct cfg *cfg = NULL;

    if (!cfg_load_text(path, buf_text(starter), starter->len, &cfg, &problems))
        return err_set(err, ERR_CONFIG, "the starter file does not load: %s",
                       problems.items[0].text);
    if (!set_path(&files->config, path, err) ||
        !set_path(&files->secret, cfg->secrets[0].name, err) ||
        !set_path(&files->script, script_of(cfg), err))
        return false;

    if (is_forced && unlink(path) != 0 && errno != ENOENT)
        return err_errno(err, errno, "replace %s", path);
    if (!make_file(&files->config, 0644, buf_text(starter), err))
        return false;
    if (!files->config.is_new)
        return err_set(err, ERR_CONFLICT, "%s exists", path);
    return make_secret(&files->secret, err) && make_file(&files->script, 0755, deploy_script, err);
}

/* As one would type it here. */
static void put_path(struct buf *out, const struct made_file *file)
{
    char here[PATH_SIZE];
    const char *path = file->path;

    if (getcwd(here, sizeof(here)) != NULL && strncmp(path, here, strlen(here)) == 0 &&
        path[strlen(here)] == '/')
        path += strlen(here) + 1;
    text_clean(out, path);
}

static void put_file(const struct term *term, struct buf *out, const struct made_file *file,
                     const char *what)
{
    term_styled(term, out, file->is_new ? STYLE_GREEN : STYLE_DIM,
                file->is_new ? "wrote " : "kept  ");
    put_path(out, file);
    buf_printf(out, "  %s\n", what);
}

/* What the commands need to find a configuration that is not the one of this folder. */
static void put_option(struct buf *out, const struct made_files *files)
{
    if (strcmp(files->config.path, "envflow.yaml") == 0)
        return;
    buf_puts(out, " --config ");
    put_path(out, &files->config);
}

static void put_text(const struct made_files *files, struct buf *out)
{
    struct term term = term_of(STDOUT_FILENO);

    put_file(&term, out, &files->config, "the configuration, commented");
    put_file(&term, out, &files->secret, "the webhook secret, random, readable by you alone");
    put_file(&term, out, &files->script, "what deploys, an example");
    buf_puts(out, "\nNext\n  1. Name your repositories in ");
    put_path(out, &files->config);
    buf_puts(out, " and put your steps into ");
    put_path(out, &files->script);
    buf_puts(out, "\n  2. envflow config check");
    put_option(out, files);
    buf_puts(out, "\n  3. envflow serve");
    put_option(out, files);
    buf_puts(out, "\n  4. In another terminal, without GitHub: envflow send push");
    put_option(out, files);
    buf_puts(out, ", then envflow status");
    put_option(out, files);
    buf_puts(out, "\n  5. Add the webhook on GitHub (Settings, Webhooks): content type "
                  "application/json,\n     just the push event, and as secret what is in ");
    put_path(out, &files->secret);
    buf_putc(out, '\n');
}

static void put_json(const struct made_files *files, struct buf *out)
{
    const struct made_file *const all[] = {&files->config, &files->secret, &files->script};
    struct jsonw w = JSONW_INIT(out);

    jsonw_open_object(&w, NULL);
    jsonw_open_array(&w, "files");
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        jsonw_open_object(&w, NULL);
        jsonw_text(&w, "path", all[i]->path);
        jsonw_bool(&w, "written", all[i]->is_new);
        jsonw_close_object(&w);
    }
    jsonw_close_array(&w);
    jsonw_close_object(&w);
    buf_putc(out, '\n');
}

int init_run(const struct cli_args *args)
{
    const char *given = cli_option(args, "config");
    const char *path = given != NULL ? given : "envflow.yaml";
    AUTO(buf) struct buf starter = BUF_INIT(STARTER_BYTES_MAX);
    AUTO(buf) struct buf out = BUF_INIT(STARTER_BYTES_MAX);
    struct made_files files = {0};
    struct err err;

    cfg_starter(&starter);
    if (!make_all(path, cli_option(args, "force") != NULL, &starter, &files, &err)) {
        if (err.code == ERR_CONFLICT)
            return cli_fail(CLI_CONFLICT,
                            "%s, and is left as it is\n"
                            "--force writes over it; --config FILE names another",
                            err.text);
        return cli_fail(CLI_FAILED, "%s\n--config FILE names another place", err.text);
    }
    if (cli_option(args, "json") != NULL)
        put_json(&files, &out);
    else
        put_text(&files, &out);
    return term_print(&out);
}
