/*
 * People and tokens. Identity is GitHub's numeric id; a login is only a name that may be
 * given away and taken again, so each is tied to the id under which it was first seen.
 */
#ifndef STORE_PEOPLE_H
#define STORE_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct store_person {
    int64_t id;
    char login[STORE_LOGIN_MAX]; /* as last seen */
    bool is_bot;
    int64_t seen_ms;
};

/* Remember the person, and tie the login to the id unless it is tied. *ret_tied: the login was
 * free or tied to this id; false: it belongs to another id and never counts under this one. Who was
 * seen as a bot once stays one: person->is_bot says so. */
MUST_CHECK bool store_person_see(struct store *store, struct store_person *person, bool *ret_tied,
                                 struct err *err);
/* The id a login is tied to; ERR_NOT_FOUND. Logins compare without regard to case. */
MUST_CHECK bool store_person_of_login(struct store *store, const char *login,
                                      struct store_person *ret_person, struct err *err);

#define STORE_TOKEN_HASH_BYTES 32

enum token_scope {
    TOKEN_READ = 1 << 0,
    TOKEN_PROMOTE = 1 << 1,
    TOKEN_APPROVE = 1 << 2,
    TOKEN_ADMIN = 1 << 3, /* everything */
};

struct store_token {
    struct id id;
    char name[64];
    uint8_t hash[STORE_TOKEN_HASH_BYTES]; /* SHA-256 of the token; the token itself is not kept */
    char login[STORE_LOGIN_MAX];
    int64_t person_id;
    unsigned scopes;
    int64_t created_ms, expires_ms; /* 0: never */
    int64_t revoked_ms;             /* 0: live */
};
MUST_CHECK bool store_token_put(struct store *store, const struct store_token *token,
                                struct err *err);
/* Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_token_by_hash(struct store *store, const uint8_t hash[STORE_TOKEN_HASH_BYTES],
                                    struct store_token *ret_token, struct err *err);
typedef bool store_token_fn(const struct store_token *token, void *arg);
MUST_CHECK bool store_tokens(struct store *store, store_token_fn *fn, void *arg, struct err *err);

#endif
