/*
 * Who is on the other end, and how much of the server each address uses.
 *
 * The text is made when it is asked for: most connections are never logged, and after a reset
 * the kernel no longer tells.
 */
#ifndef HTTP_PEER_INT_H
#define HTTP_PEER_INT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "budget_int.h"

#define HTTP_PEER_TEXT_SIZE 64

union http_socket_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_storage room;
};

struct http_peer {
    sa_family_t family;
    bool is_exempt; /* from bounds per address: it has none, being a unix socket */
    uint16_t port;
    struct in6_addr ip; /* IPv4 as ::ffff:a.b.c.d */
    int64_t uid;        /* of a unix-socket peer, else -1 */
    char text[HTTP_PEER_TEXT_SIZE];
};

/* Address as accept4() gave it; fd is asked for its credentials where it is a unix socket. */
void http_peer_init(struct http_peer *peer, const union http_socket_address *address, int fd);

/* "127.0.0.1:4711", "[::1]:4711", "unix:uid=1000"; borrowed from peer. */
const char *http_peer_text(struct http_peer *peer);

struct conn;
TAILQ_HEAD(http_conns, conn);

/* One address that has connections here: an IPv4 address, or an IPv6 /64, which is what one
 * customer gets. */
struct http_address {
    struct in6_addr key;
    struct http_address *next; /* in its bucket */
    int connections;
    bool is_full;              /* said so in the log */
    struct http_share share;   /* of the body budget */
    struct http_conns waiting; /* its connections without a head, longest first */
};

struct http_addresses {
    struct http_address **buckets; /* owned */
    size_t buckets_count;          /* a power of two */
    uint64_t seed;                 /* so that nobody can choose colliding addresses */
};

void http_addresses_init(struct http_addresses *addresses, int connections_max);
void http_addresses_done(struct http_addresses *addresses);

/* The peer's address, made when it is new; NULL for exempt peers. The caller counts its
 * connections and drops it when the last one ends. */
struct http_address *http_addresses_get(struct http_addresses *addresses,
                                        const struct http_peer *peer);
void http_addresses_drop(struct http_addresses *addresses, struct http_address *address);

#endif
