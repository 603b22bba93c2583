/* The server's inner turns that no client can time: a real server on a loopback port, a fake clock,
 * and the loop run by hand. What clients see stands in tests/integration. */
#include "support/test.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/limits.h"
#include "net/loop.h"
#include "server_int.h"
#include "support/fake_clock.h"

#define BODY_MAX MIB

struct rig {
    struct fake_clock clock;
    struct loop *loop;
    struct http_server *server;
    int gone;
};

static bool on_head(struct http_request *request, void *service)
{
    (void)request;
    (void)service;
    return true;
}

static void on_request(struct http_request *request, void *service)
{
    (void)service;
    http_reply(request, &(struct http_response){.status = 202});
}

static void on_gone(struct http_request *request, void *service)
{
    struct rig *rig = service;

    (void)request;
    rig->gone++;
}

static int make(void **state)
{
    static struct rig rig;
    const struct http_service service = {
        .on_head = on_head, .on_request = on_request, .on_gone = on_gone, .self = &rig};
    struct http_limits limits = http_limits_default;
    struct address address;
    struct err err;

    rig = (struct rig){.loop = loop_new()};
    fake_clock_init(&rig.clock, 1000000);
    limits.body_bytes_max = limits.bodies_in_flight_max = BODY_MAX; /* one body at a time */
    rig.server = http_server_new(rig.loop, "test", &limits, &service);
    http_server_set_clock(rig.server, &rig.clock.clock);
    assert_true(address_parse("127.0.0.1:0", &address, &err));
    assert_true(http_server_listen(rig.server, &address, NULL, &err));
    *state = &rig;
    return 0;
}

static int unmake(void **state)
{
    struct rig *rig = *state;

    http_server_free(rig->server);
    loop_free(rig->loop);
    return 0;
}

static int count_in(const struct rig *rig, enum conn_state state)
{
    const struct conn *conn = NULL;
    int count = 0;

    TAILQ_FOREACH(conn, &rig->server->conns[state], state_link)
    {
        count++;
    }
    return count;
}

static void turn_until(struct rig *rig, enum conn_state state, int count)
{
    for (int turns = 0; count_in(rig, state) != count; turns++) {
        assert_in_range(turns, 0, 10000);
        event_base_loop(loop_base(rig->loop), EVLOOP_ONCE);
    }
}

/* A client that announces a body as large as the room for all, and sends none of it. */
static int announce(const struct rig *rig)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons(http_server_port(rig->server)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char head[128];
    int len = snprintf(head, sizeof(head),
                       "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", BODY_MAX);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(0, connect(fd, (const struct sockaddr *)(const void *)&name, sizeof(name)));
    assert_int_equal(len, write(fd, head, (size_t)len));
    return fd;
}

static void test_a_body_whose_wait_ends_in_the_turn_it_gets_room_is_refused_cleanly(void **state)
{
    struct rig *rig = *state;
    int holder = announce(rig);
    char answer[13] = "";

    turn_until(rig, CONN_BODY, 1);
    int waiter = announce(rig);
    turn_until(rig, CONN_WAIT, 1);

    /* The waiting one is told that there is room; before it hears of that, its time is up. */
    conn_close(TAILQ_FIRST(&rig->server->conns[CONN_BODY]));
    fake_clock_advance(&rig->clock, http_limits_default.body_wait_ms);
    http_server_sweep(rig->server);
    turn_until(rig, CONN_LINGER, 1);
    assert_int_equal(12, read(waiter, answer, 12));
    assert_string_equal("HTTP/1.1 503", answer);
    assert_int_equal(2, rig->gone);

    struct http_server_stats stats;
    http_server_stats(rig->server, &stats);
    assert_int_equal(0, stats.body_bytes_in_flight);
    close(waiter);
    close(holder);
}

static void test_a_server_that_goes_away_lets_go_of_every_kind_of_connection(void **state)
{
    struct rig *rig = *state;
    int holder = announce(rig);

    turn_until(rig, CONN_BODY, 1);
    int waiter = announce(rig);
    turn_until(rig, CONN_WAIT, 1);
    http_server_free(TAKE(rig->server));
    assert_int_equal(2, rig->gone);
    close(waiter);
    close(holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_body_whose_wait_ends_in_the_turn_it_gets_room_is_refused_cleanly, make, unmake),
        cmocka_unit_test_setup_teardown(
            test_a_server_that_goes_away_lets_go_of_every_kind_of_connection, make, unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
