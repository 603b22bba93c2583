/*
 * init: the files of a first run. The configuration is cfg's commented starter; what it
 * refers to (the webhook secret, the deploy script) is made beside it, where its own keys
 * say, and never written over.
 */
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

/* Where a path in the configuration leads: relative to the file's folder. */
static bool beside(const char *config, const char *name, char path[PATH_SIZE], struct err *err)
{
    const char *slash = strrchr(config, '/');
    int folder_len = name[0] != '/' && slash != NULL ? (int)(slash - config + 1) : 0;
    int len = 0;

    if (name[0] == '.' && name[1] == '/')
        name += 2;
    len = snprintf(path, PATH_SIZE, "%.*s%s", folder_len, config, name);
    if (len < 0 || len >= PATH_SIZE)
        return err_set(err, ERR_LIMIT, "the path of %s is too long", name);
    return true;
}

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

/* The first command with a slash: a script of one's own. */
static const char *script_of(const struct cfg *cfg)
{
    for (size_t i = 0; i < cfg->graph.flows_count; i++) {
        const struct flow *flow = &cfg->graph.flows[i];
        for (size_t j = 0; j < flow->environments_count; j++) {
            const char *const *argv = flow->environments[j].deploy.argv;
            if (argv != NULL && argv[0] != NULL && strchr(argv[0], '/') != NULL)
                return argv[0];
        }
    }
    return "./deploy.sh";
}

static bool make_all(const char *path, bool is_forced, const struct buf *starter,
                     struct made_files *files, struct err *err)
{
    struct cfg_problems problems = {.count = 0};
    AUTO(cfg) struct cfg *cfg = NULL;

    if (!cfg_load_text(path, buf_text(starter), starter->len, &cfg, &problems))
        return err_set(err, ERR_CONFIG, "the starter file does not load: %s",
                       problems.items[0].text);
    bool has_file = cfg->secrets_count > 0 && cfg->secrets[0].kind == CFG_SECRET_FILE;
    snprintf(files->config.path, sizeof(files->config.path), "%s", path);
    if (!beside(path, has_file ? cfg->secrets[0].name : "webhook-secret", files->secret.path,
                err) ||
        !beside(path, script_of(cfg), files->script.path, err))
        return false;

    if (is_forced && unlink(path) != 0 && errno != ENOENT)
        return err_errno(err, errno, "replace %s", path);
    if (!make_file(&files->config, 0644, buf_text(starter), err))
        return false;
    if (!files->config.is_new)
        return err_set(err, ERR_CONFLICT, "%s exists", path);
    return make_secret(&files->secret, err) && make_file(&files->script, 0755, deploy_script, err);
}

static void put_file(const struct term *term, struct buf *out, const struct made_file *file,
                     const char *what)
{
    term_styled(term, out, file->is_new ? STYLE_GREEN : STYLE_DIM,
                file->is_new ? "wrote " : "kept  ");
    text_clean(out, file->path);
    buf_printf(out, "  %s\n", what);
}

static void put_text(const struct made_files *files, struct buf *out)
{
    struct term term = term_of(STDOUT_FILENO);

    put_file(&term, out, &files->config, "the configuration, commented");
    put_file(&term, out, &files->secret, "the webhook secret, random, readable by you alone");
    put_file(&term, out, &files->script, "what deploys, an example");
    buf_puts(out, "\nNext\n  1. Name your repositories in ");
    text_clean(out, files->config.path);
    buf_puts(out, " and put your steps into ");
    text_clean(out, files->script.path);
    buf_puts(out, "\n  2. envflow config check\n  3. envflow serve\n"
                  "  4. Add the webhook on GitHub (Settings, Webhooks): content type "
                  "application/json,\n     event push, and as secret what is in ");
    text_clean(out, files->secret.path);
    buf_puts(out, "\n  5. Try it without GitHub: envflow send push, then envflow status\n");
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
