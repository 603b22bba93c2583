/* file: bounds, old-or-new, folders. */
#include "support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/file.h"
#include "support/tmpdir.h"

static struct tmpdir dir;

static int make_dir(void **state UNUSED)
{
    tmpdir_make(&dir);
    return 0;
}

static int remove_dir(void **state UNUSED)
{
    tmpdir_remove(&dir);
    return 0;
}

static const char *path_of(const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", dir.path, name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    struct err err;

    if (!file_write_atomic(path, 0640, text, strlen(text), &err))
        fail_msg("%s", err.text);
}

static size_t count_files(void)
{
    size_t files = 0;
    DIR *folder = opendir(dir.path);

    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        files += entry->d_name[0] != '.' ? 1 : 0;
    closedir(folder);
    return files;
}

static void test_a_file_is_written_with_its_mode_and_read_back(void **state UNUSED)
{
    char path[512];
    struct err err;
    struct stat stat_of;
    AUTO(buf) struct buf text = BUF_INIT(100);

    write_file(path_of("x", path), "old and longer");
    write_file(path, "new");
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0640);
    assert_true(file_read(path, &text, &err));
    assert_string_equal(buf_text(&text), "new");
    assert_true(file_read(path, &text, &err)); /* appends */
    assert_string_equal(buf_text(&text), "newnew");
    assert_int_equal(count_files(), 1);
}

static void test_a_file_of_exactly_the_bound_is_read_and_one_byte_more_is_not(void **state UNUSED)
{
    static char bytes[40000];
    char path[512];
    struct err err;

    memset(bytes, 'x', sizeof(bytes) - 1);
    write_file(path_of("x", path), bytes);
    AUTO(buf) struct buf fits = BUF_INIT(sizeof(bytes) - 1);
    AUTO(buf) struct buf too_small = BUF_INIT(sizeof(bytes) - 2);
    AUTO(buf) struct buf none = BUF_INIT(0);
    assert_true(file_read(path, &fits, &err));
    assert_int_equal(fits.len, sizeof(bytes) - 1);
    assert_false(file_read(path, &too_small, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "larger than 39998 bytes"));
    assert_false(file_read(path, &none, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_what_cannot_be_read_says_why(void **state UNUSED)
{
    char path[512];
    struct err err;
    AUTO(buf) struct buf text = BUF_INIT(100);

    assert_false(file_read(path_of("missing", path), &text, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(file_read(dir.path, &text, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.text, dir.path));
}

static void test_a_write_that_fails_leaves_the_old_file_and_no_draft(void **state UNUSED)
{
    char path[512];
    char below[512];
    struct err err;

    assert_true(file_make_dirs(path_of("folder", path), 0700, &err));
    write_file(path_of("folder/x", below), "x");
    /* A folder stands where the file should go. */
    assert_false(file_write_atomic(path, 0600, "y", 1, &err));
    assert_int_equal(count_files(), 1);
    assert_false(file_write_atomic(path_of("no/such/folder", path), 0600, "y", 1, &err));
    assert_int_equal(err.code, ERR_IO);
}

static void test_a_full_device_is_no_space(void **state UNUSED)
{
    struct err err;
    AUTO(fd) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_false(file_write_all(fd, "x", 1, &err));
    assert_int_equal(err.code, ERR_NO_SPACE);
}

static void test_folders_are_made_with_their_parents_and_may_exist(void **state UNUSED)
{
    char path[512];
    struct err err;
    struct stat found;

    for (int i = 0; i < 2; i++) {
        assert_true(file_make_dirs(path_of("a/b//c/", path), 0700, &err));
        assert_true(stat(path, &found) == 0 && S_ISDIR(found.st_mode));
        assert_int_equal(found.st_mode & 0777, 0700);
    }
    assert_true(file_make_dirs("/", 0700, &err));
    assert_true(file_make_dirs(".", 0700, &err));
}

static void test_a_file_in_the_way_of_a_folder_is_an_error(void **state UNUSED)
{
    char path[512];
    struct err err;

    write_file(path_of("x", path), "x");
    assert_false(file_make_dirs(path, 0700, &err));
    assert_non_null(strstr(err.text, path));
    assert_false(file_make_dirs(path_of("x/y", path), 0700, &err));
    assert_false(file_make_dirs("", 0700, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_file_is_written_with_its_mode_and_read_back,
                                        make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(
            test_a_file_of_exactly_the_bound_is_read_and_one_byte_more_is_not, make_dir,
            remove_dir),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_read_says_why, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_a_write_that_fails_leaves_the_old_file_and_no_draft,
                                        make_dir, remove_dir),
        cmocka_unit_test(test_a_full_device_is_no_space),
        cmocka_unit_test_setup_teardown(test_folders_are_made_with_their_parents_and_may_exist,
                                        make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_a_file_in_the_way_of_a_folder_is_an_error, make_dir,
                                        remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
