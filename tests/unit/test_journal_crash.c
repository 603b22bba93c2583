/*
 * Power loss: while a group (or the header of a new segment) is being written, any subset of its
 * 512-byte sectors may have reached the disk, and a growing file any length between the old and
 * the new. Each flush of a scenario is one snapshot; from each, many such images are made and
 * opened. What had been acknowledged must be there, what was in flight may be there up to any
 * point, and the journal goes on.
 *
 * JOURNAL_CRASH_IMAGES and JOURNAL_CRASH_SEED in the environment make longer runs.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/journal_rig.h"
#include "support/test.h"

#define SECTOR         512
#define IMAGES_DEFAULT 20000
#define GROUPS         70
#define FILES_MAX      16
#define SNAPSHOTS_MAX  256
#define SEGMENT        (16 * 1024)
#define EXHAUSTIVE_MAX 8 /* sectors of which all subsets are tried */

static uint64_t random_state;

static uint64_t random_below(uint64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % bound;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- taking snapshots ---- */

struct file_copy {
    char name[64];
    unsigned char *bytes;
    size_t len;
};

/* The folder at the moment of a flush; `before` is the file in flight without what is flushed. */
struct snapshot {
    struct file_copy files[FILES_MAX];
    size_t files_count;
    size_t in_flight;
    struct file_copy before;
    uint64_t acknowledged;
    uint64_t written;
};

struct recorder {
    struct journal_rig *rig;
    struct snapshot snapshots[SNAPSHOTS_MAX];
    size_t count;
    struct file_copy before;
};

static void name_of_fd(int fd, char path[512])
{
    char link[64];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, 511);
    assert_true(len > 0);
    path[len] = '\0';
}

static void copy_file(struct file_copy *copy, const char *path)
{
    snprintf(copy->name, sizeof(copy->name), "%.63s", strrchr(path, '/') + 1);
    copy->bytes = rig_file_read(path, &copy->len);
}

static void on_write(void *arg, int fd)
{
    struct recorder *recorder = arg;
    char path[512];

    if (recorder->before.bytes != NULL)
        return;
    name_of_fd(fd, path);
    copy_file(&recorder->before, path);
}

static void copy_folder(struct recorder *recorder, struct snapshot *snapshot)
{
    DIR *dir = opendir(recorder->rig->dir.path);

    assert_non_null(dir);
    for (const struct dirent *file = readdir(dir); file != NULL; file = readdir(dir)) {
        char path[600];
        if (strstr(file->d_name, ".log") == NULL)
            continue;
        assert_true(snapshot->files_count < FILES_MAX);
        snprintf(path, sizeof(path), "%s/%s", recorder->rig->dir.path, file->d_name);
        struct file_copy *copy = &snapshot->files[snapshot->files_count];
        copy_file(copy, path);
        if (strcmp(copy->name, snapshot->before.name) == 0)
            snapshot->in_flight = snapshot->files_count;
        snapshot->files_count++;
    }
    closedir(dir);
}

static void on_flush(void *arg, int fd)
{
    struct recorder *recorder = arg;
    const struct journal *journal = recorder->rig->journal;

    (void)fd;
    if (recorder->before.bytes == NULL)
        return;
    assert_true(recorder->count < SNAPSHOTS_MAX);
    struct snapshot *snapshot = &recorder->snapshots[recorder->count++];
    snapshot->before = recorder->before;
    recorder->before = (struct file_copy){0};
    snapshot->acknowledged = journal_durable_sequence(journal);
    snapshot->written = journal->writer.group.next_sequence - 1;
    copy_folder(recorder, snapshot);
}

static void run_scenario(struct recorder *recorder)
{
    struct journal_rig *rig = recorder->rig;
    uint64_t key = 1;

    rig->options.segment_bytes = SEGMENT;
    rig->options.keep_ms = 25 * 1000;
    rig->faulty.on_write = on_write;
    rig->faulty.on_flush = on_flush;
    rig->faulty.arg = recorder;
    rig_open(rig);
    for (int group = 0; group < GROUPS; group++) {
        uint64_t count = 1 + random_below(6);
        rig_append(rig, key, count, random_below(3) == 0 ? random_below(60) : random_below(2000));
        key += count;
        journal_release(rig->journal, key - 1 - random_below(8) % key);
    }
    rig->faulty.on_write = NULL;
    rig->faulty.on_flush = NULL;
    rig_close(rig);
}

/* ---- making images ---- */

static size_t list_changed(const struct snapshot *snapshot, size_t *sectors)
{
    const struct file_copy *after = &snapshot->files[snapshot->in_flight];
    const struct file_copy *before = &snapshot->before;
    size_t count = 0;

    for (size_t at = 0; at < after->len; at += SECTOR) {
        size_t len = after->len - at < SECTOR ? after->len - at : SECTOR;
        bool same =
            at + len <= before->len && memcmp(after->bytes + at, before->bytes + at, len) == 0;
        if (!same)
            sectors[count++] = at;
    }
    return count;
}

/* The file in flight with the sectors that `chosen` says and one of the lengths it may have. */
static unsigned char *make_image(const struct snapshot *snapshot, const size_t *sectors,
                                 size_t count, uint64_t number, size_t *ret_len)
{
    const struct file_copy *after = &snapshot->files[snapshot->in_flight];
    const struct file_copy *before = &snapshot->before;
    size_t len = after->len > before->len ? after->len : before->len;
    unsigned char *bytes = calloc(1, len + 1);
    uint64_t odds = 1 + random_below(7);

    memcpy(bytes, before->bytes, before->len);
    for (size_t i = 0; i < count; i++) {
        size_t part = after->len - sectors[i] < SECTOR ? after->len - sectors[i] : SECTOR;
        bool is_there = count <= EXHAUSTIVE_MAX && number < (UINT64_C(1) << count)
                            ? (number >> i & 1) != 0
                            : random_below(8) < odds;
        if (is_there)
            memcpy(bytes + sectors[i], after->bytes + sectors[i], part);
    }
    *ret_len = len;
    if (len > before->len && random_below(2) == 0)
        *ret_len = before->len + random_below(len - before->len + 1);
    return bytes;
}

static void empty_folder(const char *folder)
{
    DIR *dir = opendir(folder);

    assert_non_null(dir);
    for (const struct dirent *file = readdir(dir); file != NULL; file = readdir(dir)) {
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", folder, file->d_name);
        if (file->d_name[0] != '.')
            unlink(path);
    }
    closedir(dir);
}

static void write_image(const struct journal_rig *rig, const struct snapshot *snapshot,
                        const unsigned char *bytes, size_t len)
{
    empty_folder(rig->dir.path);
    for (size_t i = 0; i < snapshot->files_count; i++) {
        const struct file_copy *file = &snapshot->files[i];
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", rig->dir.path, file->name);
        if (i == snapshot->in_flight)
            rig_file_write(path, bytes, len);
        else
            rig_file_write(path, file->bytes, file->len);
    }
}

/* ---- judging them ---- */

static uint64_t first_kept(struct journal_rig *rig)
{
    struct journal_stats stats;

    journal_stats(rig->journal, &stats);
    return stats.first_sequence;
}

static void judge_image(struct journal_rig *rig, const struct snapshot *snapshot, bool goes_on)
{
    rig_open(rig);
    uint64_t durable = journal_durable_sequence(rig->journal);
    assert_in_range(durable, snapshot->acknowledged, snapshot->written);
    assert_int_equal(rig_read_all(rig, first_kept(rig)), durable + 1);
    if (goes_on) {
        rig_append(rig, durable + 1, 1 + random_below(4), random_below(1500));
        uint64_t next = rig_read_all(rig, first_kept(rig));
        rig_close(rig);
        rig_open(rig);
        assert_int_equal(rig_read_all(rig, first_kept(rig)), next);
    }
    rig_close(rig);
}

static void run_images(struct journal_rig *rig, const struct snapshot *snapshot, uint64_t images)
{
    static size_t sectors[SEGMENT / SECTOR * 2];
    size_t count = list_changed(snapshot, sectors);

    for (uint64_t number = 0; number < images; number++) {
        size_t len;
        unsigned char *bytes = make_image(snapshot, sectors, count, number, &len);
        write_image(rig, snapshot, bytes, len);
        free(bytes);
        judge_image(rig, snapshot, number % 8 == 0);
    }
}

static void forget(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->files_count; i++)
        free(snapshot->files[i].bytes);
    free(snapshot->before.bytes);
}

static void test_no_power_loss_takes_what_was_acknowledged(void **state)
{
    uint64_t images = setting("JOURNAL_CRASH_IMAGES", IMAGES_DEFAULT);
    uint64_t seed = setting("JOURNAL_CRASH_SEED", 20240607);
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    struct journal_rig rig;
    struct journal_rig image_rig;

    (void)state;
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    rig_init(&rig);
    rig_init(&image_rig);
    image_rig.options.segment_bytes = SEGMENT;
    recorder->rig = &rig;
    run_scenario(recorder);
    assert_true(recorder->count > GROUPS);
    uint64_t each = images / recorder->count + 1;
    for (size_t i = 0; i < recorder->count; i++)
        run_images(&image_rig, &recorder->snapshots[i], each);
    print_message("%" PRIu64 " images of %zu flushes, seed %" PRIu64 "\n", each * recorder->count,
                  recorder->count, seed);
    for (size_t i = 0; i < recorder->count; i++)
        forget(&recorder->snapshots[i]);
    free(recorder);
    rig_done(&rig);
    rig_done(&image_rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_power_loss_takes_what_was_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
