/* manifest.c - which files are of one run (manifest.h). */
#include "manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sha256.h"

enum { DIGITS = MANIFEST_SUM - 1 };

void manifest_sum(char sum[MANIFEST_SUM], const void *data, size_t size)
{
    struct sha256 hash;
    sha256_bytes(&hash, data, size);
    sha256_hex(sum, &hash, DIGITS);
}

const struct manifest_line *manifest_find(const struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->n; i++)
        if (strcmp(manifest->line[i].name, name) == 0)
            return &manifest->line[i];
    return NULL;
}

bool manifest_add(struct manifest *manifest, const char *sum, const char *name)
{
    struct manifest_line *line = &manifest->line[manifest->n];
    if (manifest->n == MANIFEST_MAX || strlen(name) >= sizeof line->name || strlen(sum) != DIGITS)
        return false;
    strcpy(line->sum, sum);
    strcpy(line->name, name);
    manifest->n++;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct manifest_line *)a)->name, ((const struct manifest_line *)b)->name);
}

void manifest_print(struct bytes *out, struct manifest *manifest)
{
    qsort(manifest->line, manifest->n, sizeof *manifest->line, by_name);
    for (size_t i = 0; i < manifest->n; i++)
        bytes_print(out, "%s  %s\n", manifest->line[i].sum, manifest->line[i].name);
}

/* ------------------------------------------------------------------------------------------------- reading ---- */

/* Opens a regular file; one that is a pipe or a device is not waited for.  -1 with errno. */
static int open_regular(const char *folder, const char *name)
{
    char        path[PATH_MAX];
    struct stat info;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))) {
        close(fd);
        fd = -1;
        errno = EINVAL;
    }
    return fd;
}

/* "<64 digits>  <name>" or "<64 digits> *<name>", cut in two at its first blank; NULL: of another form. */
static const char *name_of(char *line)
{
    char *name = line + DIGITS + 2;
    if (strlen(line) < DIGITS + 3 || strspn(line, "0123456789abcdef") != DIGITS || line[DIGITS] != ' ' ||
        (name[-1] != ' ' && name[-1] != '*') || strchr(name, '/'))
        return NULL;
    line[DIGITS] = '\0';
    return name;
}

enum manifest_status manifest_read(struct manifest *manifest, const char *folder, const char *file, fathom_error *error)
{
    char       *line = NULL;
    size_t      room = 0, number = 0;
    ssize_t     length;
    const char *wrong = NULL;
    manifest->n = 0;
    const int fd = open_regular(folder, file);
    if (fd < 0 && errno == ENOENT)
        return MANIFEST_ABSENT;
    FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
    if (!in) {
        snprintf(error->text, sizeof error->text, "%.200s/%.60s: %s", folder, file,
                 errno == EINVAL ? "not a regular file" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return MANIFEST_BROKEN;
    }
    errno = 0;
    while (!wrong && (length = getline(&line, &room, in)) > 0) {
        number++;
        const bool whole = line[length - 1] == '\n';
        line[length - whole] = '\0';
        const char *name = name_of(line);
        if (!whole)
            wrong = "is cut short";
        else if (!name)
            wrong = "is not a checksum and the name of a file";
        else if (!manifest_add(manifest, line, name))
            wrong = "is one name too many, or has a name too long";
    }
    if (wrong)
        snprintf(error->text, sizeof error->text, "%.200s/%.60s: line %zu %s", folder, file, number, wrong);
    else if (!feof(in))
        snprintf(error->text, sizeof error->text, "%.200s/%.60s: %s", folder, file, strerror(errno ? errno : EIO));
    else if (number == 0)
        snprintf(error->text, sizeof error->text, "%.200s/%.60s: empty", folder, file);
    const bool good = !wrong && feof(in) && number > 0;
    free(line);
    fclose(in);
    return good ? MANIFEST_READ : MANIFEST_BROKEN;
}

enum manifest_match manifest_check(const char *folder, const struct manifest_line *line)
{
    char          sum[MANIFEST_SUM];
    struct sha256 hash;
    const int     fd = open_regular(folder, line->name);
    if (fd < 0)
        return errno == ENOENT ? MANIFEST_MISSING : MANIFEST_UNREADABLE;
    const bool read = sha256_file(&hash, fd);
    close(fd);
    if (!read)
        return MANIFEST_UNREADABLE;
    sha256_hex(sum, &hash, DIGITS);
    return strcmp(sum, line->sum) == 0 ? MANIFEST_SAME : MANIFEST_OTHER;
}

/* ------------------------------------------------------------------------------------------------ mixtures ---- */

size_t manifest_mixture_of(struct bytes *lines, const char *folder, const char *file)
{
    static const char *const what[] = { [MANIFEST_OTHER] = "a mixture of runs: it is not the file that %s lists",
                                        [MANIFEST_MISSING] = "missing, but %s lists it",
                                        [MANIFEST_UNREADABLE] = "cannot be read, but %s lists it" };
    struct manifest         *manifest = malloc(sizeof *manifest);
    fathom_error             error;
    size_t                   n = 0;
    if (!manifest) {
        lines->short_of_memory = true;
        return 1;
    }
    if (manifest_read(manifest, folder, file, &error) == MANIFEST_BROKEN) {
        bytes_print(lines, "%s\n", error.text);
        n++;
    }
    for (size_t i = 0; i < manifest->n; i++) {
        const enum manifest_match match = manifest_check(folder, &manifest->line[i]);
        if (match != MANIFEST_SAME) {
            bytes_print(lines, "%s/%s: ", folder, manifest->line[i].name);
            bytes_print(lines, what[match], file);
            bytes_text(lines, "\n");
            n++;
        }
    }
    free(manifest);
    return n;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

size_t manifest_mixture(struct bytes *lines, const char *folder)
{
    static const char end[] = ".sha256";
    DIR              *stream = opendir(folder);
    char            **names = NULL;
    size_t            n = 0, mixed = 0;
    if (!stream)
        return 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        const size_t length = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || length < sizeof end || strcmp(entry->d_name + length + 1 - sizeof end, end) != 0)
            continue;
        char **grown = realloc(names, (n + 1) * sizeof *names);
        names = grown ? grown : names;
        if (!grown || !(names[n] = strdup(entry->d_name))) {
            lines->short_of_memory = true;
            break;
        }
        n++;
    }
    closedir(stream);
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; i < n; i++) {
        mixed += manifest_mixture_of(lines, folder, names[i]);
        free(names[i]);
    }
    free(names);
    return mixed;
}
