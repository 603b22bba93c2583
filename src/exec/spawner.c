#include "exec/spawner.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct spawner {
    pthread_t thread;
    pthread_mutex_t turn; /* one caller at a time */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    const struct spawn_call *call; /* NULL: nothing to do */
    pid_t pid;
    int failed;
    bool is_closing;
};

static void *run(void *arg)
{
    struct spawner *spawner = arg;

    pthread_setname_np(pthread_self(), "spawner");
    pthread_mutex_lock(&spawner->lock);
    while (!spawner->is_closing) {
        const struct spawn_call *call = spawner->call;
        if (call == NULL) {
            pthread_cond_wait(&spawner->wake, &spawner->lock);
            continue;
        }
        spawner->failed = posix_spawn(&spawner->pid, call->path, call->actions, call->attributes,
                                      call->argv, call->environment);
        spawner->call = NULL;
        pthread_cond_broadcast(&spawner->wake);
    }
    pthread_mutex_unlock(&spawner->lock);
    return NULL;
}

struct spawner *spawner_new(void)
{
    struct spawner *spawner = calloc(1, sizeof(*spawner));

    assert(spawner != NULL);
    pthread_mutex_init(&spawner->turn, NULL);
    pthread_mutex_init(&spawner->lock, NULL);
    pthread_cond_init(&spawner->wake, NULL);
    int rc = pthread_create(&spawner->thread, NULL, run, spawner);
    assert(rc == 0);
    return spawner;
}

void spawner_free(struct spawner *spawner)
{
    if (spawner == NULL)
        return;
    pthread_mutex_lock(&spawner->lock);
    spawner->is_closing = true;
    pthread_cond_broadcast(&spawner->wake);
    pthread_mutex_unlock(&spawner->lock);
    pthread_join(spawner->thread, NULL);
    pthread_cond_destroy(&spawner->wake);
    pthread_mutex_destroy(&spawner->lock);
    pthread_mutex_destroy(&spawner->turn);
    free(spawner);
}

int spawner_start(struct spawner *spawner, const struct spawn_call *call, pid_t *ret_pid)
{
    pthread_mutex_lock(&spawner->turn);
    pthread_mutex_lock(&spawner->lock);
    spawner->call = call;
    pthread_cond_broadcast(&spawner->wake);
    while (spawner->call != NULL)
        pthread_cond_wait(&spawner->wake, &spawner->lock);
    *ret_pid = spawner->pid;
    int failed = spawner->failed;
    pthread_mutex_unlock(&spawner->lock);
    pthread_mutex_unlock(&spawner->turn);
    return failed;
}
