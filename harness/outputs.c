/* outputs.c - a program's tables, figures and manifest, as one set (outputs.h). */
#include "outputs.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "exit.h"
#include "manifest.h"

/* The set, and what the folder's manifest listed before. */
struct writing {
    const struct outputs *what;
    struct files         *set;
    struct manifest       earlier, now; /* now: what the new manifest will list */
    bool                  same_tables;  /* as in the earlier run, byte for byte */
    struct bytes          removed;      /* names, for stderr                    */
    char                  manifest_name[FILES_NAME];
};

static bool ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

/* ------------------------------------------------------------------------------------------------- figures ---- */

/* All that can be drawn; false with the first failure in *error. */
static bool draw(struct writing *w, fathom_error *error)
{
    plot_options plot = w->what->plot;
    fathom_error failure;
    bool         good = true;
    plot.out = files_staging(w->set);
    plot.set = w->set;
    for (const char *const *figure = w->what->figures; *figure && !w->what->no_plot; figure++) {
        if (plot_draw(*figure, &plot, &failure) != PLOT_OK) {
            if (good)
                *error = failure;
            else
                exit_note("%s", failure.text);
            good = false;
        }
    }
    return good;
}

/* ---------------------------------------------------------------------------------------- what was there before ---- */

static bool same_tables(const struct writing *w)
{
    size_t staged = 0, earlier = 0;
    for (size_t i = 0; i < w->now.n; i++)
        if (ends_in(w->now.line[i].name, ".tsv")) {
            const struct manifest_line *line = manifest_find(&w->earlier, w->now.line[i].name);
            if (!line || strcmp(line->sum, w->now.line[i].sum) != 0)
                return false;
            staged++;
        }
    for (size_t i = 0; i < w->earlier.n; i++)
        earlier += ends_in(w->earlier.line[i].name, ".tsv");
    return staged == earlier;
}

/* Programs write tables and figures; a manifest that lists anything else was edited, and removes no file. */
static bool is_written(const char *name)
{
    static const char *const ends[] = { ".tsv", ".svg", ".png", ".pdf" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_in(name, ends[i]))
            return true;
    return false;
}

/* Removes a file of an earlier run that this one did not make; false with one line in *error. */
static bool drop(struct writing *w, const char *name, fathom_error *error)
{
    char        path[PATH_MAX];
    struct stat info;
    if (!is_written(name) || snprintf(path, sizeof path, "%s/%s", w->what->plot.out, name) >= PATH_MAX ||
        stat(path, &info) != 0 || S_ISDIR(info.st_mode))
        return true;
    if (!files_drop(w->set, name, error))
        return false;
    bytes_print(&w->removed, "%s%s", w->removed.size ? ", " : "", name);
    return true;
}

/* What the earlier manifest lists and this run did not make: a figure of the same tables stays, all else is removed. */
static bool settle_listed(struct writing *w, fathom_error *error)
{
    for (size_t i = 0; i < w->earlier.n; i++) {
        const struct manifest_line *line = &w->earlier.line[i];
        if (manifest_find(&w->now, line->name) || strcmp(line->name, w->manifest_name) == 0)
            continue;
        if (w->same_tables && !ends_in(line->name, ".tsv") &&
            manifest_check(w->what->plot.out, line) == MANIFEST_SAME) {
            if (!manifest_add(&w->now, line->sum, line->name))
                return true;
        } else if (!drop(w, line->name, error))
            return false;
    }
    return true;
}

/* A figure that no manifest lists, of before there were manifests or from elsewhere. */
static bool settle_unlisted(struct writing *w, fathom_error *error)
{
    static const char *const formats[] = { "svg", "png", "pdf" };
    char                     name[FILES_NAME];
    for (const char *const *figure = w->what->figures; *figure; figure++)
        for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
            snprintf(name, sizeof name, "%s.%s", *figure, formats[f]);
            if (!manifest_find(&w->now, name) && !manifest_find(&w->earlier, name) && !drop(w, name, error))
                return false;
        }
    return true;
}

/* "# program: NAME" is a table's first line: is it of this program? */
static bool is_of_program(const struct outputs *what, const char *name)
{
    char        path[PATH_MAX], first[128] = "", head[128];
    struct stat info;
    FILE       *in = NULL;
    if (snprintf(path, sizeof path, "%s/%s", what->plot.out, name) < PATH_MAX && stat(path, &info) == 0 &&
        S_ISREG(info.st_mode))
        in = fopen(path, "r");
    if (!in)
        return false;
    if (!fgets(first, sizeof first, in))
        first[0] = '\0';
    fclose(in);
    snprintf(head, sizeof head, "# program: %.100s\n", what->program);
    return strcmp(first, head) == 0;
}

/* Without a manifest an older table may have been written by the program or copied by a person: it stays, and is
 * named. */
static void name_unlisted_tables(const struct writing *w)
{
    DIR *stream = opendir(w->what->plot.out);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));)
        if (ends_in(entry->d_name, ".tsv") && entry->d_name[0] != '.' && !manifest_find(&w->now, entry->d_name) &&
            is_of_program(w->what, entry->d_name))
            exit_note("%s/%s is of an earlier run; this one writes no such table", w->what->plot.out, entry->d_name);
    closedir(stream);
}

/* The manifest is staged last, and is put in place first (files.c). */
static bool add_manifest(struct writing *w, fathom_error *error)
{
    struct bytes text = { 0 };
    manifest_print(&text, &w->now);
    bool good = !text.short_of_memory;
    if (!good)
        snprintf(error->text, sizeof error->text, "not enough memory for the manifest");
    const struct file file = { .name = w->manifest_name, .data = text.data, .size = text.size };
    good = good && files_add_all(w->set, &file, 1, error);
    bytes_free(&text);
    return good;
}

enum outputs_status outputs_write(const struct outputs *what, fathom_error *error)
{
    fathom_error         failure;
    bool                 good = false, drawn = true;
    enum manifest_status known = MANIFEST_READ;
    struct writing      *w = calloc(1, sizeof *w);
    if (!w) {
        snprintf(error->text, sizeof error->text, "not enough memory for the manifest");
        return OUTPUTS_FAILED;
    }
    w->what = what;
    snprintf(w->manifest_name, sizeof w->manifest_name, "%.100s.sha256", what->program);
    w->set = files_begin(what->plot.out, what->program, error);
    if (w->set && tables_stage(w->set, what->tables, what->n_tables, error)) {
        drawn = draw(w, &failure);
        files_lock(w->set);
        known = manifest_read(&w->earlier, what->plot.out, w->manifest_name, error); /* broken: what it does list */
        w->now = *files_manifest(w->set);
        w->same_tables = same_tables(w);
        good = settle_listed(w, error) && settle_unlisted(w, error) && add_manifest(w, error);
    }
    if (good)
        good = files_commit(w->set, error);
    else
        files_abandon(w->set);
    if (good && w->removed.size)
        exit_note("removed from %s, since this run did not make them: %s", what->plot.out, w->removed.data);
    if (good && known == MANIFEST_ABSENT)
        name_unlisted_tables(w);
    bytes_free(&w->removed);
    free(w);
    if (good && !drawn)
        *error = failure;
    return !good ? OUTPUTS_FAILED : drawn ? OUTPUTS_OK : OUTPUTS_NO_FIGURE;
}
