/* Runs every file of the given folders (or files) through LLVMFuzzerTestOneInput: the corpus as a
 * test, with any compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"

#define INPUT_MAX (32U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_file(const char *path)
{
    struct buf input = BUF_INIT(INPUT_MAX);
    struct err err;

    if (!file_read(path, &input, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    LLVMFuzzerTestOneInput((const uint8_t *)buf_text(&input), input.len);
    buf_done(&input);
}

static size_t run_folder(const char *folder, DIR *dir)
{
    size_t files = 0;

    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        run_file(path);
        files++;
    }
    return files;
}

int main(int argc, char **argv)
{
    size_t files = 0;

    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (dir == NULL) {
            run_file(argv[i]);
            files++;
            continue;
        }
        files += run_folder(argv[i], dir);
        closedir(dir);
    }
    printf("%zu inputs\n", files);
    return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
