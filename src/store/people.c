/* People, and the logins that are tied to them. */
#include "store/people.h"

#include "store_int.h"

static bool put_person(struct store *store, const struct store_person *person, bool *ret_bot,
                       struct err *err)
{
    struct query query = query_begin(store, ST_PERSON_PUT);

    query_bind_int(&query, person->id);
    query_bind_text(&query, person->login);
    query_bind_int(&query, person->is_bot);
    query_bind_int(&query, person->seen_ms);
    bool is_bot = query_step(&query) && query_take_int(&query) != 0;
    if (!query_end(&query, err))
        return false;
    *ret_bot = is_bot;
    return true;
}

static bool tie_login(struct store *store, const struct store_person *person, struct err *err)
{
    struct query query = query_begin(store, ST_LOGIN_ADD);

    query_bind_text(&query, person->login);
    query_bind_int(&query, person->id);
    return query_run(&query, err);
}

bool store_person_see(struct store *store, struct store_person *person, bool *ret_tied,
                      struct err *err)
{
    if (!put_person(store, person, &person->is_bot, err) || !tie_login(store, person, err))
        return false;

    struct query query = query_begin(store, ST_LOGIN_GET);
    query_bind_text(&query, person->login);
    bool tied = query_step(&query) && query_take_int(&query) == person->id;
    if (!query_end(&query, err))
        return false;
    *ret_tied = tied;
    return true;
}

bool store_person_of_login(struct store *store, const char *login, struct store_person *ret_person,
                           struct err *err)
{
    struct query query = query_begin(store, ST_PERSON_BY_LOGIN);

    query_bind_text(&query, login);
    bool found = query_step(&query);
    if (found) {
        ret_person->id = query_take_int(&query);
        query_take_text(&query, ret_person->login, sizeof(ret_person->login));
        ret_person->is_bot = query_take_int(&query) != 0;
        ret_person->seen_ms = query_take_int(&query);
    }
    if (!query_end(&query, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND, "nobody with login '%.64s' was ever seen", login);
}
