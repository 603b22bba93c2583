/* Reading secrets: what is missing, empty or open to everybody is a problem at its reference. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/limits.h"
#include "cfg/cfg.h"
#include "support/tmpdir.h"

static struct tmpdir folder;

static int make_folder(void **state UNUSED)
{
    tmpdir_make(&folder);
    return 0;
}

static int remove_folder(void **state UNUSED)
{
    tmpdir_remove(&folder);
    return 0;
}

static void path_of(const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", folder.path, name);
}

static void write_secret(const char *name, mode_t mode, const char *bytes, size_t len)
{
    char path[512];
    struct err err;

    path_of(name, path);
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_true(file_write_all(fd, bytes, len, &err));
    assert_int_equal(fchmod(fd, mode), 0);
}

/* A configuration in the folder whose reference stands on line 3. */
static struct cfg *load_with(const char *reference)
{
    AUTO(buf) struct buf text = BUF_INIT(4096);
    struct cfg_problems problems;
    struct cfg *cfg = NULL;
    char path[512];

    path_of("envflow.yaml", path);
    buf_printf(&text,
               "webhook:\n  secrets:\n    - %s\nrepositories: { a/b: f }\n"
               "flows: { f: { environments: { x: {} } } }\n",
               reference);
    if (!cfg_load_text(path, text.data, text.len, &cfg, &problems))
        fail_msg("%s", problems.items[0].text);
    return cfg;
}

static void must_refuse(const char *reference, const char *part)
{
    struct cfg *cfg = load_with(reference);
    struct cfg_problems problems;

    assert_false(cfg_read_secrets(cfg, &problems));
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].line, 3);
    assert_int_equal(problems.items[0].column, 7);
    if (strstr(problems.items[0].text, part) == NULL)
        fail_msg("'%s' is not in: %s", part, problems.items[0].text);
    assert_null(cfg->secrets[0].bytes);
    cfg_free(cfg);
}

static void must_read(const char *reference, const char *bytes, size_t len)
{
    struct cfg *cfg = load_with(reference);
    struct cfg_problems problems;

    if (!cfg_read_secrets(cfg, &problems))
        fail_msg("%s", problems.items[0].text);
    assert_int_equal(cfg->secrets[0].len, len);
    assert_memory_equal(cfg->secrets[0].bytes, bytes, len);
    cfg_free(cfg);
}

static void test_a_file_is_read_less_one_line_end(void **state UNUSED)
{
    write_secret("plain", 0600, "s3cret", 6);
    write_secret("unix", 0640, "s3cret\n", 7);
    write_secret("windows", 0400, "s3cret\r\n", 8);
    write_secret("two", 0600, "s3cret\n\n", 8);
    write_secret("binary", 0600, "a\0b", 3);
    must_read("{ file: plain }", "s3cret", 6);
    must_read("{ file: ./unix }", "s3cret", 6);
    must_read("{ file: windows }", "s3cret", 6);
    must_read("{ file: two }", "s3cret\n", 7);
    must_read("{ file: binary }", "a\0b", 3);
}

static void test_a_file_that_is_no_secret_is_refused_with_the_remedy(void **state UNUSED)
{
    AUTO(buf) struct buf large = BUF_INIT(64 * KIB);
    char path[512];

    write_secret("open", 0644, "s3cret\n", 7);
    write_secret("empty", 0600, "", 0);
    write_secret("line_end", 0600, "\n", 1);
    path_of("pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    for (int i = 0; i < 17 * 1024; i++)
        buf_putc(&large, 'x');
    write_secret("large", 0600, large.data, large.len);

    must_refuse("{ file: absent }", "openssl rand -hex 32 > ");
    must_refuse("{ file: open }", "run: chmod 600 ");
    must_refuse("{ file: empty }", "an empty secret would accept forged deliveries");
    must_refuse("{ file: line_end }", "an empty secret would accept forged deliveries");
    must_refuse("{ file: large }", "is larger than 16384 bytes");
    must_refuse("{ file: pipe }", "is not a regular file"); /* and does not wait for a writer */
    must_refuse("{ file: . }", "is not a regular file");
}

static void test_a_variable_is_read_when_it_is_set(void **state UNUSED)
{
    assert_int_equal(setenv("ENVFLOW_TEST_SECRET", "s3cret", 1), 0);
    must_read("{ env: ENVFLOW_TEST_SECRET }", "s3cret", 6);
    assert_int_equal(setenv("ENVFLOW_TEST_SECRET", "", 1), 0);
    must_refuse("{ env: ENVFLOW_TEST_SECRET }", "is empty");
    assert_int_equal(unsetenv("ENVFLOW_TEST_SECRET"), 0);
    must_refuse("{ env: ENVFLOW_TEST_SECRET }", "ENVFLOW_TEST_SECRET is not set");
}

/* systemd makes them readable to the service alone, by the folder. */
static void test_a_credential_is_read_from_the_folder_that_systemd_names(void **state UNUSED)
{
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    must_refuse("{ credential: hook }", "LoadCredential=hook:PATH in the unit sets it");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder.path, 1), 0);
    must_refuse("{ credential: hook }", "no such file: ");
    write_secret("hook", 0444, "s3cret\n", 7);
    must_read("{ credential: hook }", "s3cret", 6);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void test_every_secret_that_cannot_be_read_is_reported(void **state UNUSED)
{
    struct cfg *cfg = load_with("{ file: absent }\n    - { file: fine }\n    - { env: NO_SUCH }");
    struct cfg_problems problems;

    write_secret("fine", 0600, "s3cret\n", 7);
    assert_false(cfg_read_secrets(cfg, &problems));
    assert_int_equal(problems.count, 2);
    assert_int_equal(problems.items[0].line, 3);
    assert_int_equal(problems.items[1].line, 5);
    cfg_free(cfg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_read_less_one_line_end),
        cmocka_unit_test(test_a_file_that_is_no_secret_is_refused_with_the_remedy),
        cmocka_unit_test(test_a_variable_is_read_when_it_is_set),
        cmocka_unit_test(test_a_credential_is_read_from_the_folder_that_systemd_names),
        cmocka_unit_test(test_every_secret_that_cannot_be_read_is_reported),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
