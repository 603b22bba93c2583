#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

#define BACKLOG         4096
#define INHERITED_FIRST 3 /* SD_LISTEN_FDS_START */

/* ---- parsing ---- */

static bool bad_form(const char *text, struct err *err)
{
    return err_set(err, ERR_PARSE,
                   "'%.64s' is no address: host:port, [v6]:port, unix:/path, fd:name", text);
}

/* Digits only, 0 to 65535. */
static bool parse_port(const char *text, uint16_t *ret_port)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long port = digits > 0 && digits <= 5 ? strtoul(text, NULL, 10) : 65536;

    if (text[digits] != '\0' || port > 65535)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

static bool parse_tcp(const char *text, struct address *address, struct err *err)
{
    bool bracketed = text[0] == '[';
    const char *host = text + (bracketed ? 1 : 0);
    const char *end = bracketed ? strchr(host, ']') : strrchr(host, ':');
    const char *colon = end != NULL && bracketed ? end + 1 : end;

    if (end == NULL || end == host || *colon != ':' || !parse_port(colon + 1, &address->port))
        return bad_form(text, err);
    if (!bracketed && memchr(host, ':', (size_t)(end - host)) != NULL)
        return err_set(err, ERR_PARSE, "write the IPv6 address '%.64s' as [host]:port", text);
    memcpy(address->host, host, (size_t)(end - host));
    address->host[end - host] = '\0';
    return true;
}

static bool parse_unix(const char *text, struct address *address, struct err *err)
{
    if (text[0] != '/')
        return err_set(err, ERR_PARSE, "unix:%.64s must name an absolute path", text);
    if (strlen(text) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return err_set(err, ERR_PARSE, "socket path %.100s is longer than 107 bytes", text);
    memcpy(address->host, text, strlen(text) + 1);
    return true;
}

static bool parse_inherited(const char *text, struct address *address, struct err *err)
{
    if (text[0] == '\0')
        return err_set(err, ERR_PARSE, "fd: must be followed by a name or a number");
    memcpy(address->host, text, strlen(text) + 1);
    return true;
}

bool address_parse(const char *text, struct address *ret_address, struct err *err)
{
    struct address address = {.kind = ADDRESS_TCP};
    size_t len = strlen(text);
    bool parsed = false;

    if (len == 0 || len >= sizeof(address.text))
        return bad_form(text, err);
    memcpy(address.text, text, len + 1);
    if (strncmp(text, "unix:", 5) == 0) {
        address.kind = ADDRESS_UNIX;
        parsed = parse_unix(text + 5, &address, err);
    } else if (strncmp(text, "fd:", 3) == 0) {
        address.kind = ADDRESS_INHERITED;
        parsed = parse_inherited(text + 3, &address, err);
    } else {
        parsed = parse_tcp(text, &address, err);
    }
    if (parsed)
        *ret_address = address;
    return parsed;
}

/* ---- listening ---- */

static bool finish_listening(const struct address *address, int fd, int *ret_fd, struct err *err)
{
    if (listen(fd, BACKLOG) == 0) {
        *ret_fd = fd;
        return true;
    }
    int number = errno;
    close(fd);
    return err_errno(err, number, "listen on %s", address->text);
}

static bool bind_tcp(const struct addrinfo *info, const struct address *address, int *ret_fd,
                     struct err *err)
{
    int yes = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return err_errno(err, errno, "listen on %s", address->text);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0) {
        *ret_fd = fd;
        return true;
    }
    int number = errno;
    close(fd);
    return err_errno(err, number, "listen on %s", address->text);
}

static bool listen_tcp(const struct address *address, int *ret_fd, struct err *err)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];
    int fd = -1;

    snprintf(port, sizeof(port), "%u", address->port);
    int rc = getaddrinfo(address->host, port, &hints, &found);
    if (rc != 0)
        return err_set(err, ERR_IO, "listen on %s: %s", address->text, gai_strerror(rc));
    bool bound = bind_tcp(found, address, &fd, err);
    freeaddrinfo(found);
    return bound && finish_listening(address, fd, ret_fd, err);
}

/* A socket file that nobody listens on is left from a crash. */
static bool clear_stale(const struct address *address, const struct sockaddr_un *name,
                        struct err *err)
{
    struct stat stat;

    if (lstat(address->host, &stat) != 0)
        return errno == ENOENT || err_errno(err, errno, "look at %s", address->host);
    if (!S_ISSOCK(stat.st_mode))
        return err_set(err, ERR_IO, "%s is in the way: it is no socket", address->host);

    AUTO(fd) int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return err_errno(err, errno, "probe %s", address->host);
    if (connect(probe, (const struct sockaddr *)(const void *)name, sizeof(*name)) == 0 ||
        errno == EAGAIN)
        return err_set(err, ERR_CONFLICT, "another process listens on %s", address->host);
    if (unlink(address->host) != 0)
        return err_errno(err, errno, "remove the stale socket %s", address->host);
    return true;
}

static bool listen_unix(const struct address *address, int *ret_fd, struct err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    memcpy(name.sun_path, address->host, strlen(address->host) + 1);
    if (!clear_stale(address, &name, err))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(err, errno, "listen on %s", address->text);

    /* Nobody can connect before listen(), so the mode is right in time. */
    if (bind(fd, (const struct sockaddr *)(const void *)&name, sizeof(name)) != 0 ||
        chmod(address->host, 0600) != 0) {
        int number = errno;
        close(fd);
        return err_errno(err, number, "listen on %s", address->text);
    }
    return finish_listening(address, fd, ret_fd, err);
}

/* ---- inherited sockets; source: man 3 sd_listen_fds ---- */

static long environment_number(const char *name)
{
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): nobody sets any */
    char *end = NULL;
    long number = text != NULL ? strtol(text, &end, 10) : 0;

    return text == NULL || *end != '\0' || end == text ? 0 : number;
}

/* Place of a name in LISTEN_FDNAMES ("a:b:c"), or the number itself; -1 when it is not there. */
static int inherited_fd(const char *name)
{
    long count = environment_number("LISTEN_FDS");
    const char *names = getenv("LISTEN_FDNAMES"); /* NOLINT(concurrency-mt-unsafe) */
    size_t name_len = strlen(name);

    if (environment_number("LISTEN_PID") != (long)getpid())
        return -1;
    if (strspn(name, "0123456789") == name_len && name_len < 6) {
        long number = strtol(name, NULL, 10);
        return number >= INHERITED_FIRST && number < INHERITED_FIRST + count ? (int)number : -1;
    }
    for (long i = 0; names != NULL && i < count; i++) {
        size_t len = strcspn(names, ":");
        if (len == name_len && strncmp(names, name, len) == 0)
            return (int)(INHERITED_FIRST + i);
        names = names[len] == ':' ? names + len + 1 : NULL;
    }
    return -1;
}

static bool listen_inherited(const struct address *address, int *ret_fd, struct err *err)
{
    int fd = inherited_fd(address->host);
    int listening = 0;
    socklen_t size = sizeof(listening);

    if (fd < 0)
        return err_set(err, ERR_CONFIG,
                       "%s: the service manager passed no such socket (LISTEN_FDS, LISTEN_FDNAMES)",
                       address->text);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening)
        return err_set(err, ERR_CONFIG, "%s: descriptor %d is no listening socket", address->text,
                       fd);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    *ret_fd = fd;
    return true;
}

bool address_listen(const struct address *address, int *ret_fd, struct err *err)
{
    static bool (*const listeners[])(const struct address *, int *, struct err *) = {
        [ADDRESS_TCP] = listen_tcp,
        [ADDRESS_UNIX] = listen_unix,
        [ADDRESS_INHERITED] = listen_inherited,
    };

    return listeners[address->kind](address, ret_fd, err);
}

/* ---- peers ---- */

static const char *format_ip(int family, const void *ip, uint16_t port,
                             char text[ADDRESS_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "?";

    inet_ntop(family, ip, host, sizeof(host));
    snprintf(text, ADDRESS_TEXT_SIZE, family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, ntohs(port));
    return text;
}

const char *address_of_peer(int fd, char text[ADDRESS_TEXT_SIZE])
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage storage;
    } name = {0};
    socklen_t size = sizeof(name);
    struct ucred peer;
    socklen_t peer_size = sizeof(peer);

    snprintf(text, ADDRESS_TEXT_SIZE, "unknown");
    if (getpeername(fd, &name.any, &size) != 0)
        return text;
    if (name.any.sa_family == AF_INET)
        return format_ip(AF_INET, &name.v4.sin_addr, name.v4.sin_port, text);
    if (name.any.sa_family == AF_INET6)
        return format_ip(AF_INET6, &name.v6.sin6_addr, name.v6.sin6_port, text);
    if (name.any.sa_family == AF_UNIX &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) == 0)
        snprintf(text, ADDRESS_TEXT_SIZE, "unix:uid=%u", peer.uid);
    return text;
}
