/* People, logins and tokens: identity is the number, and a login is tied to the first one. */
#include <stdio.h>
#include <string.h>

#include "store/people.h"
#include "support/store_rig.h"
#include "support/test.h"

static bool see(struct store *store, int64_t id, const char *login, int64_t seen_ms)
{
    struct store_person person = {.id = id, .is_bot = id == 99, .seen_ms = seen_ms};
    bool tied = false;

    snprintf(person.login, sizeof(person.login), "%s", login);
    DO(store_person_see(store, &person, &tied, &rig_err));
    return tied;
}

static void assert_tied(struct store *store, const char *login, int64_t id)
{
    struct store_person person;

    DO(store_person_of_login(store, login, &person, &rig_err));
    assert_int_equal(person.id, id);
}

static void test_a_login_is_tied_to_the_id_that_had_it_first(void **state)
{
    assert_true(see(*state, 1, "octocat", 10));
    assert_true(see(*state, 1, "octocat", 11));
    assert_tied(*state, "octocat", 1);
}

static void test_a_second_id_under_a_tied_login_is_not_tied(void **state)
{
    assert_true(see(*state, 1, "octocat", 10));
    assert_false(see(*state, 2, "octocat", 20));
    assert_false(see(*state, 2, "octocat", 30));
    assert_tied(*state, "octocat", 1);
    assert_true(see(*state, 1, "octocat", 40));
}

static void test_a_login_given_away_stays_tied_to_its_first_owner(void **state)
{
    struct store_person person;

    assert_true(see(*state, 1, "octocat", 10));
    assert_true(see(*state, 1, "renamed", 20));
    assert_false(see(*state, 2, "octocat", 30));
    assert_tied(*state, "octocat", 1);
    assert_tied(*state, "renamed", 1);
    DO(store_person_of_login(*state, "octocat", &person, &rig_err));
    assert_string_equal(person.login, "renamed");
    REFUSED(ERR_NOT_FOUND, "'nobody'", store_person_of_login(*state, "nobody", &person, &rig_err));
}

static void test_logins_compare_without_regard_to_case(void **state)
{
    assert_true(see(*state, 1, "Octocat", 10));
    assert_true(see(*state, 1, "octoCAT", 20));
    assert_false(see(*state, 2, "OCTOCAT", 30));
    assert_tied(*state, "oCtOcAt", 1);
}

static void test_a_person_is_remembered_as_last_seen(void **state)
{
    struct store_person person;

    assert_true(see(*state, 99, "bot[bot]", 20));
    assert_true(see(*state, 99, "before", 10)); /* a delivery that came late */
    DO(store_person_of_login(*state, "bot[bot]", &person, &rig_err));
    assert_string_equal(person.login, "bot[bot]");
    assert_true(person.is_bot);
    assert_int_equal(person.seen_ms, 20);
    assert_tied(*state, "before", 99);
}

/* ---- tokens ---- */

static struct store_token make_token(unsigned number)
{
    struct store_token token = {
        .id = rig_id(number),
        .name = "ci",
        .login = "octocat",
        .person_id = 583231,
        .scopes = TOKEN_READ | TOKEN_APPROVE,
        .created_ms = 5,
        .expires_ms = 6,
    };

    memset(token.hash, (int)(0xF0 + number), sizeof(token.hash));
    return token;
}

static void assert_same_token(const struct store_token *a, const struct store_token *b)
{
    SAME_TEXT(*a, *b, id.text);
    SAME_TEXT(*a, *b, name);
    assert_memory_equal(a->hash, b->hash, sizeof(a->hash));
    SAME_TEXT(*a, *b, login);
    SAME_INT(*a, *b, person_id);
    SAME_INT(*a, *b, scopes);
    SAME_INT(*a, *b, created_ms);
    SAME_INT(*a, *b, expires_ms);
    SAME_INT(*a, *b, revoked_ms);
}

static bool on_token(const struct store_token *token, void *arg)
{
    return rig_word(arg, token->name);
}

static void test_a_token_is_found_by_its_hash_alone(void **state)
{
    struct store_token first = make_token(1);
    struct store_token second = make_token(2);
    struct store_token got;
    uint8_t unknown[STORE_TOKEN_HASH_BYTES];

    DO(store_token_put(*state, &first, &rig_err));
    DO(store_token_put(*state, &second, &rig_err));
    DO(store_token_by_hash(*state, second.hash, &got, &rig_err));
    assert_same_token(&got, &second);
    memcpy(unknown, first.hash, sizeof(unknown));
    unknown[31] ^= 1;
    REFUSED(ERR_NOT_FOUND, "not known", store_token_by_hash(*state, unknown, &got, &rig_err));
}

static void test_a_revoked_token_is_found_and_says_so(void **state)
{
    struct store_token token = make_token(1);
    struct store_token got;

    DO(store_token_put(*state, &token, &rig_err));
    token.revoked_ms = 7;
    DO(store_token_put(*state, &token, &rig_err));
    DO(store_token_by_hash(*state, token.hash, &got, &rig_err));
    assert_same_token(&got, &token);
}

static void test_no_token_takes_the_place_of_another_with_its_hash(void **state)
{
    struct store_token first = make_token(1);
    struct store_token second = make_token(2);
    struct store_token got;

    memcpy(second.hash, first.hash, sizeof(first.hash));
    DO(store_token_put(*state, &first, &rig_err));
    REFUSED(ERR_IO, "tokens.hash", store_token_put(*state, &second, &rig_err));
    DO(store_token_by_hash(*state, first.hash, &got, &rig_err));
    assert_same_token(&got, &first);
}

static void test_tokens_are_listed_in_the_order_they_were_made(void **state)
{
    struct store_token first = make_token(1);
    struct store_token second = make_token(2);
    struct rig_words words = {0};

    snprintf(second.name, sizeof(second.name), "laptop");
    DO(store_token_put(*state, &second, &rig_err));
    DO(store_token_put(*state, &first, &rig_err));
    DO(store_tokens(*state, on_token, &words, &rig_err));
    assert_string_equal(words.text, "ci laptop ");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, store_rig_set_up, store_rig_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_login_is_tied_to_the_id_that_had_it_first),
        CASE(test_a_second_id_under_a_tied_login_is_not_tied),
        CASE(test_a_login_given_away_stays_tied_to_its_first_owner),
        CASE(test_logins_compare_without_regard_to_case),
        CASE(test_a_person_is_remembered_as_last_seen),
        CASE(test_a_token_is_found_by_its_hash_alone),
        CASE(test_a_revoked_token_is_found_and_says_so),
        CASE(test_no_token_takes_the_place_of_another_with_its_hash),
        CASE(test_tokens_are_listed_in_the_order_they_were_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
