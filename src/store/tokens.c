/* Tokens of the API: what they may do, and the hash by which they are found. */
#include "store/people.h"
#include "store_int.h"

bool store_token_put(struct store *store, const struct store_token *token, struct err *err)
{
    struct query query = query_begin(store, ST_TOKEN_PUT);

    query_bind_text(&query, token->id.text);
    query_bind_text(&query, token->name);
    query_bind_blob(&query, token->hash, sizeof(token->hash));
    query_bind_text(&query, token->login);
    query_bind_int(&query, token->person_id);
    query_bind_int(&query, token->scopes);
    query_bind_int(&query, token->created_ms);
    query_bind_int(&query, token->expires_ms);
    query_bind_int(&query, token->revoked_ms);
    return query_run(&query, err);
}

static void take_token(struct query *query, struct store_token *token)
{
    query_take_text(query, token->id.text, sizeof(token->id.text));
    query_take_text(query, token->name, sizeof(token->name));
    query_take_bytes(query, token->hash, sizeof(token->hash));
    query_take_text(query, token->login, sizeof(token->login));
    token->person_id = query_take_int(query);
    token->scopes = (unsigned)query_take_int(query);
    token->created_ms = query_take_int(query);
    token->expires_ms = query_take_int(query);
    token->revoked_ms = query_take_int(query);
}

bool store_token_by_hash(struct store *store, const uint8_t hash[STORE_TOKEN_HASH_BYTES],
                         struct store_token *ret_token, struct err *err)
{
    struct query query = query_begin(store, ST_TOKEN_BY_HASH);

    query_bind_blob(&query, hash, STORE_TOKEN_HASH_BYTES);
    bool found = query_step(&query);
    if (found)
        take_token(&query, ret_token);
    if (!query_end(&query, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND, "the token is not known");
}

bool store_tokens(struct store *store, store_token_fn *fn, void *arg, struct err *err)
{
    struct query query = query_begin(store, ST_TOKENS);
    struct store_token token;
    bool go_on = true;

    while (go_on && query_step(&query)) {
        take_token(&query, &token);
        go_on = fn(&token, arg);
    }
    return query_end(&query, err);
}
