/* overwrite.c - tables of other settings are not replaced unless the folder was named (overwrite.h).
 *
 * The head of a table names the program that wrote it and its settings.  So no list of the tables that each program
 * writes is needed, and one that this run would not replace but leave beside its own (the spiral's truth beside own
 * rows) is found as well.
 */
#include "overwrite.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_KEYS = 64 };

/* The "# key: value" lines at a table's head. */
struct head {
    size_t n;
    char  *line[MOST_KEYS]; /* "key: value" */
};

static void free_head(struct head *head)
{
    for (size_t i = 0; i < head->n; i++)
        free(head->line[i]);
}

/* Reads no further than the head: tables may be long. */
static struct head read_head(const char *path)
{
    struct head head = { 0 };
    struct stat info;
    char       *line = NULL;
    size_t      room = 0;
    ssize_t     length;
    FILE       *in = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "r") : NULL;
    while (in && head.n < MOST_KEYS && (length = getline(&line, &room, in)) > 2 && strncmp(line, "# ", 2) == 0) {
        line[strcspn(line, "\r\n")] = '\0';
        head.line[head.n] = strdup(line + 2);
        if (!head.line[head.n])
            break;
        head.n++;
    }
    free(line);
    if (in)
        fclose(in);
    return head;
}

/* The value of "key: value" if the line has this key. */
static const char *value_of(const char *line, const char *key)
{
    const size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && strncmp(line + length, ": ", 2) == 0 ? line + length + 2 : NULL;
}

static bool same_program(const struct head *theirs, const char *program)
{
    for (size_t i = 0; i < theirs->n; i++) {
        const char *value = value_of(theirs->line[i], "program");
        if (value)
            return strcmp(value, program) == 0;
    }
    return false;
}

static bool differs(struct overwrite *found, const struct head *theirs, const struct table *ours)
{
    for (size_t i = 0; i < theirs->n; i++) {
        char       *line = theirs->line[i];
        const char *end = strstr(line, ": ");
        char        key[OVERWRITE_KEY_SIZE];
        if (!end || (size_t)(end - line) >= sizeof key)
            continue;
        snprintf(key, sizeof key, "%.*s", (int)(end - line), line);
        const char *value = table_value(ours, key);
        if (!value || strcmp(key, "fathom") == 0 || strcmp(value, end + 2) == 0)
            continue;
        snprintf(found->key, sizeof found->key, "%s", key);
        snprintf(found->theirs, sizeof found->theirs, "%s", end + 2);
        snprintf(found->ours, sizeof found->ours, "%s", value);
        return true;
    }
    return false;
}

static int is_table(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".tsv") == 0;
}

bool overwrite_differs(struct overwrite *found, const char *folder, const struct table *head)
{
    struct dirent **entries;
    const char     *program = table_value(head, "program");
    const int       n = scandir(folder, &entries, is_table, alphasort);
    bool            differ = false;
    if (n < 0)
        return false;
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        if (!differ && program && snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) < PATH_MAX) {
            struct head theirs = read_head(path);
            differ = same_program(&theirs, program) && differs(found, &theirs, head);
            if (differ)
                snprintf(found->table, sizeof found->table, "%s", entries[i]->d_name);
            free_head(&theirs);
        }
        free(entries[i]);
    }
    free(entries);
    return differ;
}
