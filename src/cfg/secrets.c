/* Reading what the configuration only refers to. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "load_int.h"
#include "problems_int.h"

#define SECRET_BYTES_MAX 16384

/* Bytes on the way to a secret; wiped on every way out. */
struct raw {
    char bytes[SECRET_BYTES_MAX + 1];
    size_t len;
};

static void raw_cleanup(struct raw *raw)
{
    explicit_bzero(raw, sizeof(*raw));
}

static void forget(struct cfg_secret *secret)
{
    if (secret->bytes != NULL)
        explicit_bzero(secret->bytes, secret->len);
    free(secret->bytes);
    secret->bytes = NULL;
    secret->len = 0;
}

void cfg_forget_secrets(struct cfg *cfg)
{
    for (size_t i = 0; i < CFG_SECRETS_MAX; i++)
        forget(&cfg->secrets[i]);
}

/* Not file_read: its buffers are not wiped. */
static bool read_bytes(int fd, const char *path, struct raw *raw, struct err *err)
{
    while (raw->len < sizeof(raw->bytes)) {
        ssize_t got = read(fd, raw->bytes + raw->len, sizeof(raw->bytes) - raw->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "read %s", path);
        if (got == 0)
            return true;
        raw->len += (size_t)got;
    }
    return err_set(err, ERR_LIMIT, "%s is larger than %d bytes", path, SECRET_BYTES_MAX);
}

/* systemd guards credentials by their folder; of any other file we look at the mode. */
static bool read_path(const char *path, bool is_guarded, struct raw *raw, struct err *err)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat about;

    if (fd < 0 && errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND,
                       "no such file: %s; make it with `umask 077; openssl rand -hex 32 > FILE`",
                       path);
    if (fd < 0 || fstat(fd, &about) != 0)
        return err_errno(err, errno, "open %s", path);
    if (!S_ISREG(about.st_mode))
        return err_set(err, ERR_CONFIG, "%s is not a regular file", path);
    if (!is_guarded && (about.st_mode & S_IROTH) != 0)
        return err_set(err, ERR_CONFIG, "everybody can read %s; run: chmod 600 %s", path, path);
    return read_bytes(fd, path, raw, err);
}

static bool read_file(const char *name, struct raw *raw, struct err *err)
{
    return read_path(name, false, raw, err);
}

static bool read_variable(const char *name, struct raw *raw, struct err *err)
{
    const char *value = secure_getenv(name);

    if (value == NULL)
        return err_set(err, ERR_NOT_FOUND, "the environment variable %s is not set", name);
    raw->len = strlen(value);
    if (raw->len > SECRET_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the environment variable %s is longer than %d bytes", name,
                       SECRET_BYTES_MAX);
    memcpy(raw->bytes, value, raw->len);
    return true;
}

static bool read_credential(const char *name, struct raw *raw, struct err *err)
{
    const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");
    AUTO(buf) struct buf path = BUF_INIT(4096);

    if (folder == NULL || folder[0] == '\0')
        return err_set(err, ERR_NOT_FOUND,
                       "credential %s: CREDENTIALS_DIRECTORY is not set; under systemd, "
                       "LoadCredential=%s:PATH in the unit sets it",
                       name, name);
    buf_printf(&path, "%s/%s", folder, name);
    return read_path(buf_text(&path), true, raw, err);
}

/* Editors and `echo` end a file with a newline that is no part of the secret. */
static void drop_newline(struct raw *raw)
{
    if (raw->len > 0 && raw->bytes[raw->len - 1] == '\n')
        raw->len--;
    else
        return;
    if (raw->len > 0 && raw->bytes[raw->len - 1] == '\r')
        raw->len--;
}

static bool read_secret(struct cfg_secret *secret, struct err *err)
{
    static bool (*const sources[])(const char *name, struct raw *raw, struct err *err) = {
        [CFG_SECRET_FILE] = read_file,
        [CFG_SECRET_ENV] = read_variable,
        [CFG_SECRET_CREDENTIAL] = read_credential,
    };
    AUTO(raw) struct raw raw = {.len = 0};

    forget(secret);
    if (!sources[secret->kind](secret->name, &raw, err))
        return false;
    drop_newline(&raw);
    if (raw.len == 0)
        return err_set(err, ERR_CONFIG,
                       "%s is empty; an empty secret would accept forged deliveries", secret->name);
    secret->bytes = malloc(raw.len + 1);
    if (secret->bytes == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a secret");
    memcpy(secret->bytes, raw.bytes, raw.len);
    secret->bytes[raw.len] = '\0';
    secret->len = raw.len;
    return true;
}

bool cfg_read_secrets(struct cfg *cfg, struct cfg_problems *problems)
{
    problems->count = 0;
    for (size_t i = 0; i < cfg->secrets_count; i++) {
        struct err err;
        if (read_secret(&cfg->secrets[i], &err))
            continue;
        const struct place *place = memory_find_place(cfg->memory, &cfg->secrets[i]);
        problems_add(problems, place != NULL ? place->line : 0, place != NULL ? place->column : 0,
                     "webhook.secrets: %s", err.text);
    }
    return problems->count == 0;
}
