/* test_files.c - the files of a run are one set: all in place and whole, or the folder is as it was.
 *
 * Allocations are refused in turn (as in test_allocation.c), renames are made to fail in the middle of a set, and
 * processes are killed with a set half done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "table.h"

/* ---------------------------------------------------------------------------------------------------- memory ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void  __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void  __wrap_free(void *memory);

static size_t asked, refused; /* the number of the allocation to refuse, from 1; 0: none */

static bool refuse(void) { return ++asked == refused; }
void       *__wrap_malloc(size_t size) { return refuse() ? NULL : __real_malloc(size); }
void       *__wrap_calloc(size_t n, size_t size) { return refuse() ? NULL : __real_calloc(n, size); }
void       *__wrap_realloc(void *memory, size_t size) { return refuse() ? NULL : __real_realloc(memory, size); }
void        __wrap_free(void *memory) { __real_free(memory); }
void       *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refuse() ? NULL : __real_aligned_alloc(alignment, size);
}

/* ---------------------------------------------------------------------------------------------------- folder ---- */

static char folder[64];

static char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The whole file, or "(none)". */
static const char *text_of(const char *name)
{
    static char text[1 << 16];
    FILE       *file = fopen(path_of(name), "r");
    if (!file)
        return "(none)";
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static size_t count_entries(void)
{
    size_t n = 0;
    DIR   *stream = opendir(folder);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(stream);
    return n;
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/fathom files XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* ----------------------------------------------------------------------------------------------------- bytes ---- */

static void test_bytes(void **state)
{
    (void)state;
    struct bytes b = { 0 };
    char         expected[4000] = "", piece[32];
    for (int i = 0; i < 500; i++) { /* over the first growth at 4096 bytes and more */
        bytes_print(&b, "%d;%s", i, "x");
        snprintf(piece, sizeof piece, "%d;x", i);
        strcat(expected, piece);
    }
    assert_string_equal(b.data, expected);
    assert_int_equal(b.size, strlen(expected));
    bytes_free(&b);

    refused = asked + 2;
    bytes_text(&b, "kept");
    for (int i = 0; i < 5000; i++)
        bytes_add(&b, "y", 1);
    refused = 0;
    assert_true(b.short_of_memory);
    const size_t size = b.size;
    bytes_text(&b, "not added, although there is memory again");
    assert_int_equal(b.size, size);
    assert_int_equal(strlen(b.data), size);
    bytes_free(&b);
}

/* ------------------------------------------------------------------------------------------ memory runs short ---- */

static struct table *numbers(size_t rows)
{
    struct table *t = table_new("numbers", "a b");
    table_config(t, "program", "test");
    for (size_t i = 0; i < 2 * rows; i++)
        table_number(t, (double)i / 7);
    return t;
}

/* One allocation fails while a table is built and written: either it is told, or the file is whole. */
static void test_table_without_memory(void **state)
{
    (void)state;
    fathom_error  error;
    struct table *t = numbers(600);
    assert_true(tables_write(folder, &t, 1, &error));
    char *whole = strdup(text_of("numbers.tsv"));
    table_free(t);
    assert_non_null(whole);
    size_t told = 0;
    for (size_t k = 1;; k++) {
        put_text("numbers.tsv", "earlier\n");
        asked = 0;
        refused = k;
        error.text[0] = '\0';
        t = numbers(600);
        const bool   good = tables_write(folder, &t, 1, &error);
        const size_t were_asked = asked;
        refused = 0;
        table_free(t);
        assert_string_equal(text_of("numbers.tsv"), good ? whole : "earlier\n");
        assert_true(good || strstr(error.text, "memory"));
        assert_int_equal(count_entries(), 1);
        told += !good;
        if (were_asked < k)
            break;
    }
    assert_true(told > 8);
    free(whole);
}

/* Reading with one failed allocation: the whole table, or "memory", never a word on its lines. */
static void test_reading_without_memory(void **state)
{
    (void)state;
    fathom_error  error;
    struct table *t = numbers(600);
    assert_true(tables_write(folder, &t, 1, &error));
    table_free(t);
    size_t told = 0;
    for (size_t k = 1;; k++) {
        asked = 0;
        refused = k;
        t = table_read(path_of("numbers.tsv"), &error);
        const size_t were_asked = asked;
        refused = 0;
        if (t)
            assert_int_equal(table_rows(t), 600);
        else if (!strstr(error.text, "emory"))
            fail_msg("allocation %zu failed: '%s'", k, error.text);
        told += !t;
        table_free(t);
        if (were_asked < k)
            break;
    }
    assert_true(told > 4);
}

/* ---------------------------------------------------------------------------------------------- all or nothing ---- */

/* The second of three names is taken by a folder: the first is taken back, the third never comes, a dropped file is
 * there again. */
static void test_renames_are_taken_back(void **state)
{
    (void)state;
    static const struct file files[] = {
        { "a.tsv", "new a", 5 }, { "b.tsv", "new b", 5 }, { "c.tsv", "new c", 5 }, { "d.tsv", "new d", 5 }
    };
    fathom_error error;
    put_text("c.tsv", "earlier c");
    put_text("old.svg", "a figure");
    assert_int_equal(mkdir(path_of("b.tsv"), 0700), 0);
    struct files *set = files_begin(folder, "test", &error);
    assert_non_null(set);
    assert_true(files_add_all(set, files, 4, &error));
    assert_true(files_drop(set, "old.svg", &error));
    assert_false(files_commit(set, &error));
    assert_non_null(strstr(error.text, "b.tsv: cannot be written: Is a directory"));
    assert_string_equal(text_of("a.tsv"), "(none)");
    assert_string_equal(text_of("c.tsv"), "earlier c");
    assert_string_equal(text_of("d.tsv"), "(none)");
    assert_string_equal(text_of("old.svg"), "a figure");
    assert_int_equal(count_entries(), 3);

    assert_int_equal(rmdir(path_of("b.tsv")), 0);
    set = files_begin(folder, "test", &error);
    assert_true(files_add_all(set, files, 4, &error) && files_drop(set, "old.svg", &error));
    assert_string_equal(text_of("c.tsv"), "earlier c"); /* staged, not yet in place */
    assert_true(files_commit(set, &error));
    assert_string_equal(text_of("c.tsv"), "new c");
    assert_string_equal(text_of("d.tsv"), "new d");
    assert_int_equal(count_entries(), 4);
}

/* A process that holds a set waits to be killed; gives its id. */
static pid_t holder(void)
{
    int   ready[2];
    char  byte;
    pid_t child;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        static const struct file file = { "held.tsv", "held", 4 };
        fathom_error             error;
        struct files            *set = files_begin(folder, "holder", &error);
        if (!set || !files_add_all(set, &file, 1, &error) || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

/* The staging folder of a process that lives is left alone, that of one that is gone is removed by the next set. */
static void test_what_the_dead_leave(void **state)
{
    (void)state;
    static const struct file file = { "a.tsv", "a", 1 };
    fathom_error             error;
    const pid_t              first = holder(), second = holder();
    assert_int_equal(count_entries(), 2);
    assert_true(files_write(folder, &file, 1, &error));
    assert_int_equal(count_entries(), 3); /* a.tsv and both staging folders */
    kill(first, SIGKILL);
    waitpid(first, NULL, 0);
    assert_true(files_write(folder, &file, 1, &error));
    assert_int_equal(count_entries(), 2);
    kill(second, SIGKILL);
    waitpid(second, NULL, 0);
    assert_true(files_folder(folder, &error));
    assert_int_equal(count_entries(), 1);
}

/* ------------------------------------------------------------------------------------------------- manifests ---- */

static void test_sums(void **state)
{
    (void)state; /* FIPS 180-4's examples: SHA-256 of nothing and of "abc" */
    char sum[MANIFEST_SUM];
    manifest_sum(sum, "", 0);
    assert_string_equal(sum, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    manifest_sum(sum, "abc", 3);
    assert_string_equal(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_mixtures(void **state)
{
    (void)state;
    struct bytes told = { 0 };
    put_text("a.tsv", "abc");
    put_text("x.sha256", ABC "  a.tsv\n");
    put_text("y.sha256", ABC " *a.tsv\n"); /* sha256sum --binary */
    assert_int_equal(manifest_mixture(&told, folder), 0);
    assert_null(told.data);

    put_text("b.svg", "abd");
    put_text("y.sha256", ABC "  a.tsv\n" ABC "  b.svg\n" ABC "  c.svg\n" ABC "  pipe.tsv\n");
    assert_int_equal(mkfifo(path_of("pipe.tsv"), 0600), 0); /* it is not waited for */
    assert_int_equal(manifest_mixture(&told, folder), 3);
    assert_non_null(strstr(told.data, "/b.svg: a mixture of runs: it is not the file that y.sha256 lists\n"));
    assert_non_null(strstr(told.data, "/c.svg: missing, but y.sha256 lists it\n"));
    assert_non_null(strstr(told.data, "/pipe.tsv: cannot be read, but y.sha256 lists it\n"));
    bytes_free(&told);

    static const struct {
        const char *text, *says;
    } broken[] = { { "", "empty" },
                   { ABC "  a.tsv", "line 1 is cut short" },
                   { ABC "\n", "line 1 is not a checksum" },
                   { ABC "  a.tsv\n"
                         "g" ABC "  b\n",
                     "line 2 is not a checksum" },
                   { ABC "  ../a.tsv\n", "line 1 is not a checksum" },
                   { ABC "a.tsv\n", "line 1 is not a checksum" },
                   { "\n", "line 1 is not a checksum" } };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        put_text("y.sha256", broken[i].text);
        assert_int_equal(manifest_mixture(&told, folder), 1);
        if (!strstr(told.data, broken[i].says))
            fail_msg("manifest %zu: '%s' does not say '%s'", i, told.data, broken[i].says);
        bytes_free(&told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test_setup_teardown(test_table_without_memory, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_reading_without_memory, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_renames_are_taken_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_what_the_dead_leave, make_folder, remove_folder),
        cmocka_unit_test(test_sums),
        cmocka_unit_test_setup_teardown(test_mixtures, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
