/* What a text must look like: addresses, names, patterns, paths. */
#include <limits.h>
#include <string.h>
#include <sys/un.h>

#include "base/limits.h"
#include "base/units.h"
#include "table_int.h"

#define DIGITS   "0123456789"
#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define FLOW_MAX 64

static bool is_control(char byte)
{
    return (unsigned char)byte < 0x20 || byte == 0x7F;
}

static bool has_control(const char *text)
{
    while (*text != '\0' && !is_control(*text))
        text++;
    return *text != '\0';
}

static bool consists_of(const char *text, const char *bytes)
{
    return text[0] != '\0' && text[strspn(text, bytes)] == '\0';
}

static bool is_port(const char *text)
{
    int64_t port = 0;

    if (!consists_of(text, DIGITS) || strlen(text) > 5)
        return false;
    for (; *text != '\0'; text++)
        port = port * 10 + (*text - '0');
    return port <= UINT16_MAX;
}

static bool is_host_and_port(const char *text)
{
    const char *colon = strrchr(text, ':');

    if (colon == NULL || colon == text || !is_port(colon + 1))
        return false;
    size_t host_len = (size_t)(colon - text);
    if (text[0] == '[')
        return host_len > 2 && colon[-1] == ']' &&
               strspn(text + 1, DIGITS "abcdefABCDEF:.%") == host_len - 2;
    return strspn(text, LETTERS DIGITS ".-_") == host_len;
}

static bool check_unix(const char *path, struct err *err)
{
    if (path[0] != '/' || path[1] == '\0' || has_control(path))
        return err_set(err, ERR_CONFIG, "'unix:%.128s' needs an absolute path, as unix:/run/x.sock",
                       path);
    if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return err_set(err, ERR_CONFIG, "'unix:%.128s' is longer than the %zu bytes of a socket",
                       path, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    return true;
}

/* The form alone; net/address.h makes sockets of it, and finds out what hosts there are. */
static bool check_address(const char *text, struct err *err)
{
    if (strncmp(text, "unix:", 5) == 0)
        return check_unix(text + 5, err);
    if (strncmp(text, "fd:", 3) == 0 && consists_of(text + 3, LETTERS DIGITS "._-"))
        return true;
    if (strlen(text) < 128 && is_host_and_port(text))
        return true;
    return err_set(err, ERR_CONFIG,
                   "'%.64s' is no address: 127.0.0.1:8080, [::1]:8080, unix:/path or fd:NAME",
                   text);
}

static bool check_url_path(const char *text, struct err *err)
{
    if (text[0] != '/' || strlen(text) > 255 || strpbrk(text, " ?#%\\") != NULL ||
        has_control(text))
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no path: it begins with / and has no space, ?, # or %%", text);
    return true;
}

static bool check_file(const char *text, struct err *err)
{
    if (text[0] == '\0')
        return err_set(err, ERR_CONFIG, "the path is empty");
    if (has_control(text))
        return err_set(err, ERR_CONFIG, "'%.64s' has a control character", text);
    return true;
}

/* Does not repeat the text: whoever writes the secret itself here must not find it in a log. */
static bool check_variable(const char *text, struct err *err)
{
    if (!consists_of(text, LETTERS DIGITS "_") || strchr(DIGITS, text[0]) != NULL ||
        strlen(text) > 255)
        return err_set(err, ERR_CONFIG,
                       "expected the name of an environment variable: letters, digits and _");
    return true;
}

static bool check_credential(const char *text, struct err *err)
{
    if (text[0] == '\0' || text[0] == '.' || strlen(text) > 255 || strchr(text, '/') != NULL ||
        has_control(text))
        return err_set(err, ERR_CONFIG, "expected the name of a systemd credential, without /");
    return true;
}

static bool check_store(const char *text, struct err *err)
{
    if (strncmp(text, "postgresql:", 11) == 0 || strncmp(text, "postgres:", 9) == 0)
        return err_set(err, ERR_CONFIG,
                       "a PostgreSQL store is not available in this build; use sqlite:FOLDER");
    if (strncmp(text, "sqlite:", 7) != 0 || text[7] == '\0')
        return err_set(err, ERR_CONFIG, "expected sqlite:FOLDER, such as sqlite:/var/lib/envflow");
    return check_file(text + 7, err);
}

static bool check_repository(const char *text, struct err *err)
{
    const char *slash = strchr(text, '/');

    if (slash == NULL || slash == text || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no repository: it needs exactly one /, as acme/shop or acme/*",
                       text);
    if (!consists_of(text, LETTERS DIGITS "._-/*?") || strlen(text) >= REPO_NAME_MAX)
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no repository: letters, digits, . _ - and the wildcards * and ?",
                       text);
    return true;
}

static bool check_flow(const char *text, struct err *err)
{
    if (!consists_of(text, LETTERS DIGITS "._-") || strlen(text) > FLOW_MAX)
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no name of a flow: up to 64 letters, digits, . _ and -", text);
    return true;
}

static bool check_environment(const char *text, struct err *err)
{
    size_t len = strlen(text);

    if (len == 0 || len >= ENV_NAME_MAX || has_control(text))
        return err_set(
            err, ERR_CONFIG,
            "'%.64s' is no name of an environment: 1 to 255 bytes without control characters",
            text);
    return true;
}

/* What git refuses in a ref, less the wildcards. */
static bool check_branch(const char *text, struct err *err)
{
    if (strncmp(text, "refs/heads/", 11) == 0)
        return err_set(err, ERR_CONFIG, "'%.64s' is a ref; write the branch alone: %.64s", text,
                       text + 11);
    if (text[0] == '\0' || text[0] == '/' || strpbrk(text, " ~^:\\[") != NULL ||
        has_control(text) || strlen(text) >= REF_NAME_MAX)
        return err_set(err, ERR_CONFIG, "'%.64s' is no branch or pattern: main, release/*", text);
    return true;
}

const struct cfg_syntax syntax_address = {
    check_address, "^(unix:/.+|fd:[A-Za-z0-9._-]+|[A-Za-z0-9._-]+:[0-9]+|\\[[^\\]]+\\]:[0-9]+)$"};
const struct cfg_syntax syntax_url_path = {check_url_path, "^/[^ ?#%\\\\]*$"};
const struct cfg_syntax syntax_file = {check_file, "^.+$"};
const struct cfg_syntax syntax_variable = {check_variable, "^[A-Za-z_][A-Za-z0-9_]*$"};
const struct cfg_syntax syntax_credential = {check_credential, "^[^./][^/]*$"};
const struct cfg_syntax syntax_store = {check_store, "^sqlite:.+$"};
const struct cfg_syntax syntax_repository = {check_repository,
                                             "^[A-Za-z0-9._*?-]+/[A-Za-z0-9._*?-]+$"};
const struct cfg_syntax syntax_flow = {check_flow, "^[A-Za-z0-9._-]{1,64}$"};
const struct cfg_syntax syntax_environment = {check_environment, "^.{1,255}$"};
const struct cfg_syntax syntax_branch = {check_branch, "^[^/ ~^:\\\\[][^ ~^:\\\\[]*$"};
