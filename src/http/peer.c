#include "peer_int.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

/* ::ffff:0:0/96, where IPv4 lives in IPv6 (RFC 4291, 2.5.5.2). */
static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

static int64_t uid_of(int fd)
{
    struct ucred credentials;
    socklen_t len = sizeof(credentials);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0)
        return -1;
    return (int64_t)credentials.uid;
}

void http_peer_init(struct http_peer *peer, const union http_socket_address *address, int fd)
{
    peer->family = address->any.sa_family;
    peer->is_exempt = false;
    peer->uid = -1;
    peer->text[0] = '\0';
    if (peer->family == AF_INET) {
        memcpy(&peer->ip, mapped_prefix, sizeof(mapped_prefix));
        memcpy(&peer->ip.s6_addr[12], &address->in.sin_addr, 4);
        peer->port = ntohs(address->in.sin_port);
    } else if (peer->family == AF_INET6) {
        peer->ip = address->in6.sin6_addr;
        peer->port = ntohs(address->in6.sin6_port);
    } else {
        peer->uid = uid_of(fd);
        peer->is_exempt = true;
    }
}

const char *http_peer_text(struct http_peer *peer)
{
    char ip[INET6_ADDRSTRLEN] = "?";

    if (peer->text[0] != '\0')
        return peer->text;
    if (peer->family != AF_INET && peer->family != AF_INET6) {
        snprintf(peer->text, sizeof(peer->text), "unix:uid=%lld", (long long)peer->uid);
    } else if (IN6_IS_ADDR_V4MAPPED(&peer->ip)) {
        inet_ntop(AF_INET, &peer->ip.s6_addr[12], ip, sizeof(ip));
        snprintf(peer->text, sizeof(peer->text), "%s:%u", ip, (unsigned)peer->port);
    } else {
        inet_ntop(AF_INET6, &peer->ip, ip, sizeof(ip));
        snprintf(peer->text, sizeof(peer->text), "[%s]:%u", ip, (unsigned)peer->port);
    }
    return peer->text;
}

/* ---- addresses ---- */

void http_addresses_init(struct http_addresses *addresses, int connections_max)
{
    size_t count = 16;

    while (count < (size_t)connections_max)
        count *= 2;
    addresses->buckets = calloc(count, sizeof(struct http_address *));
    assert(addresses->buckets != NULL);
    addresses->buckets_count = count;
    random_bytes(&addresses->seed, sizeof(addresses->seed));
}

void http_addresses_done(struct http_addresses *addresses)
{
    free(addresses->buckets);
}

static struct in6_addr key_of(const struct http_peer *peer)
{
    struct in6_addr key = peer->ip;

    if (!IN6_IS_ADDR_V4MAPPED(&key))
        memset(&key.s6_addr[8], 0, 8);
    return key;
}

static struct http_address **bucket_of(const struct http_addresses *addresses,
                                       const struct in6_addr *key)
{
    uint64_t parts[2];
    uint64_t hash = addresses->seed;

    memcpy(parts, key, sizeof(parts));
    for (size_t i = 0; i < 2; i++) {
        hash = (hash ^ parts[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return &addresses->buckets[hash & (addresses->buckets_count - 1)];
}

struct http_address *http_addresses_get(struct http_addresses *addresses,
                                        const struct http_peer *peer)
{
    if (peer->is_exempt)
        return NULL;

    struct in6_addr key = key_of(peer);
    struct http_address **bucket = bucket_of(addresses, &key);
    for (struct http_address *at = *bucket; at != NULL; at = at->next) {
        if (memcmp(&at->key, &key, sizeof(key)) == 0)
            return at;
    }

    struct http_address *address = calloc(1, sizeof(*address));
    assert(address != NULL);
    address->key = key;
    address->next = *bucket;
    TAILQ_INIT(&address->waiting);
    *bucket = address;
    return address;
}

void http_addresses_drop(struct http_addresses *addresses, struct http_address *address)
{
    struct http_address **at = bucket_of(addresses, &address->key);

    while (*at != address)
        at = &(*at)->next;
    *at = address->next;
    free(address);
}
