/*
 * Any bytes at all as envflow.yaml: loading ends, says what is wrong at places that the file has,
 * and what it accepts is shown as a file that loads again to the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "cfg/cfg.h"

#define SHOWN_BYTES_MAX (64 * (size_t)MIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    assert(text[0] != '\0');
    for (; *text != '\0'; text++)
        assert((unsigned char)*text >= 0x20 && *text != 0x7F);
}

static void check_problems(const struct cfg_problems *problems, size_t size)
{
    assert(problems->count > 0);
    for (size_t i = 0; i < problems->count && i < CFG_PROBLEMS_MAX; i++) {
        const struct cfg_problem *problem = &problems->items[i];
        assert(problem->line >= 0 && (size_t)problem->line <= size + 1);
        assert((problem->line == 0) == (problem->column == 0));
        check_text(problem->text);
    }
}

static void check_shown(const struct cfg *cfg)
{
    AUTO(buf) struct buf shown = BUF_INIT(SHOWN_BYTES_MAX);
    AUTO(buf) struct buf again = BUF_INIT(SHOWN_BYTES_MAX);
    struct cfg_problems problems;
    struct cfg *loaded = NULL;

    cfg_show(cfg, &shown);
    assert(!shown.failed);
    if (shown.len > CFG_FILE_BYTES_MAX) /* defaults made it longer than a file may be */
        return;
    bool ok = cfg_load_text("/etc/envflow/envflow.yaml", shown.data, shown.len, &loaded, &problems);
    assert(ok);
    cfg_show(loaded, &again);
    assert(strcmp(buf_text(&shown), buf_text(&again)) == 0);
    cfg_free(loaded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    if (!cfg_load_text("/etc/envflow/envflow.yaml", (const char *)data, size, &cfg, &problems)) {
        assert(cfg == NULL);
        check_problems(&problems, size);
        return 0;
    }
    check_shown(cfg);
    cfg_free(cfg);
    return 0;
}
