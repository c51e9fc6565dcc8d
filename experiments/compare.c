/* compare.c - are two folders of results the same?
 *
 * Byte for byte: every table that is in either folder, and every figure (.svg) whose two files name the same version
 * of gnuplot, since another version draws other bytes.  A difference is told as a person would look for it: the row,
 * the column by its name, and both values.
 */
#include "leave.h"
#include "options.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct program program = {
    .name = "compare",
    .summary = "Compares two folders of results, byte for byte: compare DIR_A DIR_B.\n"
               "Every table (.tsv), and every figure (.svg) of the same gnuplot version.\n"
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
        leave_failed("not enough memory");
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
        leave_failed("%s: %s", folder, strerror(errno));
    while ((entry = readdir(stream)))
        if (entry->d_name[0] != '.' && (ends_in(entry->d_name, ".tsv") || ends_in(entry->d_name, ".svg")))
            add_name(names, entry->d_name);
    closedir(stream);
}

/* SHA256SUMS lists the tables that a folder should have: one that is gone from both folders is missing all the same. */
static void add_listed(struct names *names, const char *folder)
{
    char  path[PATH_MAX], line[512], name[256];
    FILE *list;
    snprintf(path, sizeof path, "%s/SHA256SUMS", folder);
    list = fopen(path, "r");
    while (list && fgets(line, sizeof line, list))
        if (sscanf(line, "%*64[0-9a-f] %*1[ *]%255s", name) == 1 && !strchr(name, '/'))
            add_name(names, name);
    if (list)
        fclose(list);
}

/* ------------------------------------------------------------------------------------------------- contents ---- */

struct bytes {
    char  *data; /* ended by a 0; NULL: there is no such file */
    size_t size;
};

static struct bytes read_bytes(const char *folder, const char *name)
{
    char         path[PATH_MAX];
    struct bytes bytes = {0};
    size_t       room = 0, n;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    if (!in && errno == ENOENT)
        return bytes;
    if (!in)
        leave_failed("%s: %s", path, strerror(errno));
    do {
        room = 2 * room + 65536;
        bytes.data = need(realloc(bytes.data, room + 1));
        n = fread(bytes.data + bytes.size, 1, room - bytes.size, in);
        bytes.size += n;
    } while (bytes.size == room);
    if (ferror(in))
        leave_failed("%s: %s", path, strerror(errno));
    fclose(in);
    bytes.data[bytes.size] = '\0';
    return bytes;
}

/* "GNUPLOT 5.4 patchlevel 4" of "Produced by GNUPLOT 5.4 patchlevel 4 "; empty if it is not told. */
static void gnuplot_version(char *version, size_t size, const struct bytes *figure)
{
    const char *at = strstr(figure->data, "Produced by "), *from = at ? at + strlen("Produced by ") : "";
    snprintf(version, size, "%.*s", (int)strcspn(from, "<\n"), from);
}

/* ------------------------------------------------------------------------------------- the first difference ---- */

/* The text up to a separator or its line's end; *rest is behind it. */
static void next_field(char *field, size_t size, const char **rest, char separator)
{
    const char   ends[] = {separator, '\n', '\0'};
    const size_t length = strcspn(*rest, ends);
    snprintf(field, size, "%.*s", (int)(length < size ? length : size - 1), *rest);
    *rest += length + ((*rest)[length] == separator);
}

enum { FIELD = 128 };

/* Two rows that differ, under this line of column names. */
static void tell_columns(const char *file, size_t row, const char *head, const char *a, const char *b)
{
    char column[FIELD], one[FIELD], other[FIELD];
    for (size_t c = 1;; c++) {
        next_field(column, sizeof column, &head, '\t');
        next_field(one, sizeof one, &a, '\t');
        next_field(other, sizeof other, &b, '\t');
        const bool end = (*a == '\n' || !*a) && (*b == '\n' || !*b);
        if (strcmp(one, other) != 0 || end) {
            printf("%s: row %zu, column %zu (%s): %s and %s\n", file, row, c, *column ? column : "no name", one, other);
            return;
        }
    }
}

static void tell_difference(const char *file, const struct bytes *a, const struct bytes *b)
{
    const char *p = a->data, *q = b->data, *head = NULL;
    size_t      line = 1, row = 0;
    char        one[FIELD], other[FIELD];
    for (; *p && *q; line++) {
        const size_t n = strcspn(p, "\n"), m = strcspn(q, "\n");
        const bool   comment = *p == '#' && *q == '#';
        if (n != m || memcmp(p, q, n) != 0 || p[n] != q[m]) {
            if (ends_in(file, ".tsv") && !comment && head) {
                tell_columns(file, row + 1, head, p, q);
                return;
            }
            break;
        }
        if (!comment && head)
            row++;
        else if (!comment)
            head = p;
        p += n + (p[n] == '\n');
        q += m + (q[m] == '\n');
    }
    if (!*p != !*q && head) {
        printf("%s: one ends after row %zu, the other goes on\n", file, row);
        return;
    }
    next_field(one, sizeof one, &p, '\n');
    next_field(other, sizeof other, &q, '\n');
    printf("%s: line %zu: '%s' and '%s'\n", file, line, one, other);
}

enum outcome { SAME, DIFFERENT, PASSED_OVER };

static enum outcome compare_file(const char *folder_a, const char *folder_b, const char *name)
{
    struct bytes a = read_bytes(folder_a, name), b = read_bytes(folder_b, name);
    enum outcome outcome = SAME;
    char         version_a[64] = "", version_b[64] = "";
    if (a.data && b.data && ends_in(name, ".svg")) {
        gnuplot_version(version_a, sizeof version_a, &a);
        gnuplot_version(version_b, sizeof version_b, &b);
    }
    if (!a.data || !b.data) {
        printf("%s: missing in %s%s%s\n", name, a.data ? folder_b : folder_a, a.data || b.data ? "" : " and ",
               a.data || b.data ? "" : folder_b);
        outcome = DIFFERENT;
    } else if (strcmp(version_a, version_b) != 0) {
        printf("%s: not compared: drawn by %s and %s\n", name, version_a, version_b);
        outcome = PASSED_OVER;
    } else if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0) {
        tell_difference(name, &a, &b);
        outcome = DIFFERENT;
    }
    free(a.data);
    free(b.data);
    return outcome;
}

int main(int argc, char **argv)
{
    struct options ignored = options_default();
    struct names   names = {0};
    size_t         count[3] = {0};

    if (argc == 2 && argv[1][0] == '-')
        options_read(&ignored, &program, argc, argv); /* --help, --version */
    if (argc != 3 || argv[1][0] == '-' || argv[2][0] == '-')
        leave_usage("takes two folders: compare DIR_A DIR_B");

    for (int i = 1; i <= 2; i++) {
        add_folder(&names, argv[i]);
        add_listed(&names, argv[i]);
    }
    if (names.n == 0)
        leave_failed("neither %s nor %s holds a table", argv[1], argv[2]);
    qsort(names.name, names.n, sizeof *names.name, by_name);
    for (size_t i = 0; i < names.n; i++) {
        count[compare_file(argv[1], argv[2], names.name[i])]++;
        free(names.name[i]);
    }
    free(names.name);
    printf("%zu files the same, %zu different, %zu figures not compared\n", count[SAME], count[DIFFERENT],
           count[PASSED_OVER]);
    if (fflush(stdout) != 0)
        leave_failed("standard output: %s", strerror(errno));
    return count[DIFFERENT] == 0 ? LEAVE_DONE : LEAVE_FAILED;
}
