/* Loaded into a real envflow by tests/integration/test_poison.py: a parser that dies of one
 * payload, as a bug of ours would. */
#include <dlfcn.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

json_t *json_loadb(const char *buffer, size_t len, size_t flags, json_error_t *error)
{
    typedef json_t *loadb_fn(const char *, size_t, size_t, json_error_t *);
    void *next = dlsym(RTLD_NEXT, "json_loadb");
    loadb_fn *real = NULL;

    if (memmem(buffer, len, "CRASH-NOW", 9) != NULL)
        abort();
    if (memmem(buffer, len, "KILL-NOW", 8) != NULL)
        raise(SIGKILL);
    memcpy(&real, &next, sizeof(real));
    return real(buffer, len, flags, error);
}
