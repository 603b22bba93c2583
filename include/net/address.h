/*
 * Where to listen, as people write it:
 *   0.0.0.0:8080  [::1]:8080  localhost:8080   TCP
 *   unix:/run/envflow/admin.sock               a socket file, mode 0600 unless told otherwise
 *   fd:webhooks  fd:3                          inherited (LISTEN_FDS, by LISTEN_FDNAMES or number)
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "base/err.h"

#define ADDRESS_TEXT_SIZE 128

enum address_kind { ADDRESS_TCP, ADDRESS_UNIX, ADDRESS_INHERITED };

struct address {
    enum address_kind kind;
    char text[ADDRESS_TEXT_SIZE]; /* as written */
    char host[ADDRESS_TEXT_SIZE]; /* TCP: host without brackets; UNIX: path; INHERITED: name */
    uint16_t port;                /* TCP only; 0 asks the kernel for one (tests) */
};

/* Errors: ERR_PARSE with the forms that are accepted. No name is resolved here. */
MUST_CHECK bool address_parse(const char *text, struct address *ret_address, struct err *err);

/* A bound, listening, non-blocking, close-on-exec socket. A stale socket file is replaced, a
 * live one is an error. Errors: ERR_IO naming the address and the cause, ERR_CONFIG for an
 * inherited socket that is not there. */
MUST_CHECK bool address_listen(const struct address *address, int *ret_fd, struct err *err);

/* Who is on the other end: "127.0.0.1:4711", "unix:uid=1000". Returns text. */
const char *address_of_peer(int fd, char text[ADDRESS_TEXT_SIZE]);

#endif
