/* compare.c - are two folders of results the same?
 *
 * Byte for byte: every table that is in either folder or that its SHA256SUMS lists, and every figure (.svg) whose two
 * files name the same version of gnuplot, since another version draws other bytes.  A difference is shown as a person
 * would look for it: the row, the column by its name, and both values (difference.h).  And is each folder of one run?
 * Its manifests (manifest.h) show that.
 */
#include "bytes.h"
#include "difference.h"
#include "exit.h"
#include "manifest.h"
#include "options.h"
#include "parted.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct program program = {
    .name = "compare",
    .summary = "Compares two folders of results, byte for byte: compare DIR_A DIR_B.\n"
               "Every table (.tsv), every figure (.svg) of the same gnuplot version, and whether the\n"
               "files of a folder are those that its manifests (.sha256, SHA256SUMS) list.\n"
               "Or two stores of runs (--store), run by run: compare FILE_A FILE_B; which run parted,\n"
               "and at which step, where both stores keep its trace.\n"
               "Exit status 0: the same; 1: names the first row and column that differ.",
    .takes = 0,
};

/* ---------------------------------------------------------------------------------------- names of the files ---- */

struct names {
    char **name;
    size_t n;
};

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory");
    return memory;
}

static bool ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void add_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->name[i], name) == 0)
            return;
    names->name = need(realloc(names->name, (names->n + 1) * sizeof *names->name));
    names->name[names->n++] = need(strdup(name));
}

static void add_folder(struct names *names, const char *folder)
{
    DIR           *stream = opendir(folder);
    struct dirent *entry;
    if (!stream)
        exit_failed("%s: %s", folder, strerror(errno));
    while ((entry = readdir(stream)))
        if (entry->d_name[0] != '.' && (ends_in(entry->d_name, ".tsv") || ends_in(entry->d_name, ".svg")))
            add_name(names, entry->d_name);
    closedir(stream);
}

/* SHA256SUMS lists the tables that a folder should have: one that is gone from both folders is missing all the same. */
static void add_listed(struct names *names, const char *folder)
{
    struct manifest *list = need(malloc(sizeof *list));
    fathom_error     error; /* printed with the mixtures */
    manifest_read(list, folder, "SHA256SUMS", &error);
    for (size_t i = 0; i < list->n; i++)
        add_name(names, list->line[i].name);
    free(list);
}

/* ------------------------------------------------------------------------------------------------- contents ---- */

/* A pipe or a device is not waited for. */
static struct content read_content(const char *folder, const char *name)
{
    char           path[PATH_MAX];
    struct content content = { .state = CONTENT_READ, .folder = folder };
    struct stat    info;
    struct bytes   bytes = { 0 };
    char           block[16384];
    ssize_t        n;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_MAX)
        exit_failed("%s: %s", folder, strerror(ENAMETOOLONG));
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        exit_failed("%s: %s", path, strerror(errno));
    if (fd < 0)
        content.state = CONTENT_MISSING;
    else if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        content.state = CONTENT_IRREGULAR;
    else {
        bytes_add(&bytes, "", 0); /* of an empty file as well */
        while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR))
            bytes_add(&bytes, block, n > 0 ? (size_t)n : 0);
        if (n < 0)
            exit_failed("%s: %s", path, strerror(errno));
        if (bytes.short_of_memory)
            exit_failed("%s: not enough memory", path);
    }
    if (fd >= 0)
        close(fd);
    content.data = bytes.data;
    content.size = bytes.size;
    return content;
}

/* "GNUPLOT 5.4 patchlevel 4" of "Produced by GNUPLOT 5.4 patchlevel 4 ".  False: not a whole figure of gnuplot. */
static bool gnuplot_version(char *version, size_t size, const struct content *figure)
{
    static const char end[] = "</svg>", produced[] = "Produced by ";
    const char       *at = strstr(figure->data, produced), *from = at ? at + sizeof produced - 1 : "";
    size_t            length = figure->size;
    snprintf(version, size, "%.*s", (int)strcspn(from, "<\n"), from);
    while (length > 0 && memchr(" \t\r\n", figure->data[length - 1], 4))
        length--;
    return strncmp(figure->data, "<?xml", 5) == 0 && strncmp(from, "GNUPLOT ", 8) == 0 && length >= sizeof end - 1 &&
           !memchr(figure->data, '\0', figure->size) &&
           memcmp(figure->data + length - (sizeof end - 1), end, sizeof end - 1) == 0;
}

/* ----------------------------------------------------------------------------------------------- comparisons ---- */

enum outcome {
    SAME,
    DIFFERENT,
    PASSED_OVER /* figures of two versions of gnuplot, which draw other bytes */
};

/* Both are figures.  What is not a whole one is different from everything. */
static enum outcome compare_figures(const char *name, const struct content *a, const struct content *b)
{
    char       version_a[64], version_b[64];
    const bool whole_a = gnuplot_version(version_a, sizeof version_a, a),
               whole_b = gnuplot_version(version_b, sizeof version_b, b);
    if (!whole_a || !whole_b) {
        const struct content *broken = whole_a ? b : a;
        printf("%s: not a whole figure of gnuplot in %s%s%s (%zu bytes)\n", name, broken->folder,
               whole_a || whole_b ? "" : " and ", whole_a || whole_b ? "" : b->folder, broken->size);
        return DIFFERENT;
    }
    if (strcmp(version_a, version_b) != 0) {
        printf("%s: not compared: drawn by %s and %s\n", name, version_a, version_b);
        return PASSED_OVER;
    }
    if (a->size == b->size && memcmp(a->data, b->data, a->size) == 0)
        return SAME;
    difference_print(name, a, b);
    return DIFFERENT;
}

static enum outcome compare_contents(const char *name, const struct content *a, const struct content *b)
{
    static const char *const what[] = { [CONTENT_MISSING] = "missing", [CONTENT_IRREGULAR] = "not a regular file" };
    if (a->state != CONTENT_READ || b->state != CONTENT_READ) {
        const struct content *bad = a->state != CONTENT_READ ? a : b;
        const bool            both = a->state == b->state;
        printf("%s: %s in %s%s%s\n", name, what[bad->state], bad->folder, both ? " and " : "", both ? b->folder : "");
        return DIFFERENT;
    }
    if (ends_in(name, ".svg"))
        return compare_figures(name, a, b);
    if (a->size == b->size && memcmp(a->data, b->data, a->size) == 0 && a->size > 0)
        return SAME;
    difference_print(name, a, b);
    return DIFFERENT;
}

static enum outcome compare_file(const char *folder_a, const char *folder_b, const char *name)
{
    struct content     a = read_content(folder_a, name), b = read_content(folder_b, name);
    const enum outcome outcome = compare_contents(name, &a, &b);
    free(a.data);
    free(b.data);
    return outcome;
}

/* Prints a line for each file that is not the one that the folder's own manifests list; returns how many. */
static size_t print_mixtures(const char *folder)
{
    struct bytes lines = { 0 };
    const size_t n = manifest_mixture(&lines, folder) + manifest_mixture_of(&lines, folder, "SHA256SUMS");
    if (lines.short_of_memory)
        exit_failed("not enough memory");
    if (lines.data)
        fputs(lines.data, stdout);
    bytes_free(&lines);
    return n;
}

int main(int argc, char **argv)
{
    struct options ignored = options_default();
    struct names   names = { 0 };
    size_t         count[3] = { 0 };

    if (argc == 2 && argv[1][0] == '-')
        options_read(&ignored, &program, argc, argv); /* --help, --version */
    if (argc != 3 || argv[1][0] == '-' || argv[2][0] == '-')
        exit_usage("takes two folders, or two stores of runs: compare DIR_A DIR_B");
    if (parted_is_store(argv[1]) && parted_is_store(argv[2]))
        return parted_print(argv[1], argv[2]) && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;

    for (int i = 1; i <= 2; i++) {
        add_folder(&names, argv[i]);
        add_listed(&names, argv[i]);
    }
    if (names.n == 0)
        exit_failed("neither %s nor %s holds a table", argv[1], argv[2]);
    qsort(names.name, names.n, sizeof *names.name, by_name);
    for (size_t i = 0; i < names.n; i++) {
        count[compare_file(argv[1], argv[2], names.name[i])]++;
        free(names.name[i]);
    }
    free(names.name);
    const size_t mixed = print_mixtures(argv[1]) + print_mixtures(argv[2]);
    printf("%zu files the same, %zu different, %zu figures not compared, %zu not what their manifests list\n",
           count[SAME], count[DIFFERENT], count[PASSED_OVER], mixed);
    if (fflush(stdout) != 0)
        exit_failed("standard output: %s", strerror(errno));
    return count[DIFFERENT] == 0 && mixed == 0 ? EXIT_DONE : EXIT_FAILED;
}
