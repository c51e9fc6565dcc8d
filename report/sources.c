/* sources.c - the tables that the report rests on (sources.h). */
#include "sources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "text.h"

/* ------------------------------------------------------------------------------------------------- opening ---- */

/* A file of rows without a line of column names. */
static struct table *read_headless(const char *path, const char *columns, fathom_error *error)
{
    FILE         *in = fopen(path, "r");
    struct table *table = table_new("", columns);
    char         *line = NULL, *rest;
    size_t        room = 0, number = 0;
    bool          good = in && table;
    if (!good)
        snprintf(error->text, sizeof error->text, "%.250s: %s", path, strerror(in ? ENOMEM : errno));
    while (good && (errno = 0, getline(&line, &room, in)) > 0) {
        size_t cells = 0;
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (strchr(line, '\r')) {
            snprintf(error->text, sizeof error->text, "%.150s: " TABLE_CRLF, path, number);
            good = false;
            break;
        }
        if (line[0] == '#')
            continue;
        for (char *cell = strtok_r(line, "\t", &rest); cell; cell = strtok_r(NULL, "\t", &rest), cells++)
            table_text(table, cell);
        good = cells == table_columns(table) && table_whole(table);
        if (!table_whole(table))
            snprintf(error->text, sizeof error->text, "%.250s: not enough memory", path);
        else if (!good)
            snprintf(error->text, sizeof error->text, "%.250s: line %zu has %zu columns instead of %zu", path, number,
                     cells, table_columns(table));
    }
    if (good && !feof(in)) {
        good = false;
        snprintf(error->text, sizeof error->text, "%.250s: %s", path, strerror(errno ? errno : EIO));
    }
    if (in)
        fclose(in);
    free(line);
    if (!good) {
        table_free(table);
        table = NULL;
    }
    return table;
}

static bool has_columns(const struct table *table, const char *columns, const char *path, fathom_error *error)
{
    char   name[64];
    size_t column;
    for (int used; sscanf(columns, " %63s%n", name, &used) == 1; columns += used)
        if (!table_find(&column, table, name)) {
            snprintf(error->text, sizeof error->text, "%.200s: no column '%s'", path, name);
            return false;
        }
    if (table_rows(table) == 0)
        snprintf(error->text, sizeof error->text, "%.200s: no rows", path);
    return table_rows(table) > 0;
}

static bool read_settings(struct opened *o, struct pool *pool, const char *path, fathom_error *error)
{
    const struct protocol *protocol = &o->source->protocol;
    const char            *program = table_value(o->table, "program"), *data = table_value(o->table, "data");
    if (!program || strcmp(program, o->program) != 0) {
        snprintf(error->text, sizeof error->text, "%.150s: program %.40s instead of %s", path,
                 program ? program : "not given", o->program);
        return false;
    }
    const char *rows = o->source->data ? o->source->data : "spiral";
    if (protocol->run && (!data || strcmp(data, rows) != 0)) {
        snprintf(error->text, sizeof error->text,
                 "%.120s: data %.60s instead of %.30s, and the report is about these rows alone; legal is a folder of "
                 "such tables, build/%.30s --out FOLDER",
                 path, data ? data : "not given", rows, o->program);
        return false;
    }
    o->found = (struct protocol){
        .run = settings_differ(pool, o->table, protocol->run),
        .choice = settings_differ(pool, o->table, protocol->choice),
        .count = settings_differ(pool, o->table, protocol->count),
    };
    return true;
}

static bool open_table(struct sources *s, const struct source *source, const char *program, fathom_error *error)
{
    const bool  result = !source->file;
    const char *path = result ? text(&s->pool, "%s/%s.tsv", s->folder, source->name)
                              : text(&s->pool, "%s/%s", s->home, source->file);
    s->opened = pool_grown(&s->pool, s->opened, s->n, &s->room, sizeof *s->opened);
    struct opened *o = &s->opened[s->n++];
    *o = (struct opened){ .source = source, .program = result ? program : NULL };
    o->table = source->no_head ? read_headless(path, source->columns, error) : table_read(path, error);
    if (o->table && has_columns(o->table, source->columns, path, error) &&
        (!result || read_settings(o, &s->pool, path, error)))
        return true;
    const size_t used = strlen(error->text);
    if (result && !strstr(error->text, "not enough memory") && !strstr(error->text, "; legal is "))
        snprintf(error->text + used, sizeof error->text - used, "; build/%s --out %.60s makes it", program, s->folder);
    return false;
}

bool sources_open(struct sources *s, const struct source *list, const char *program, bool committed,
                  fathom_error *error)
{
    bool good = true;
    for (; list->name && good; list++)
        good = (list->file != NULL) != committed || open_table(s, list, program, error);
    return good;
}

void sources_close(struct sources *s)
{
    for (size_t i = 0; i < s->n; i++)
        table_free(s->opened[i].table);
    pool_free(&s->pool);
    *s = (struct sources){ 0 };
}

static const struct opened *find(const struct sources *s, const char *name, size_t length)
{
    for (size_t i = 0; i < s->n; i++)
        if (strlen(s->opened[i].source->name) == length && strncmp(s->opened[i].source->name, name, length) == 0)
            return &s->opened[i];
    exit_failed("the report has no table '%.*s'", (int)length, name);
}

const struct table *sources_table(const struct sources *s, const char *name)
{
    return find(s, name, strlen(name))->table;
}

/* ------------------------------------------------------------------------------------------------ settings ---- */

static bool is_among(const char *name, const char *names)
{
    const size_t length = strlen(name);
    for (; *names; names += strcspn(names, " "), names += strspn(names, " "))
        if (strcspn(names, " ") == length && strncmp(names, name, length) == 0)
            return true;
    return false;
}

static bool is_other(const struct opened *o, bool only_runs)
{
    return o->found.run || (!only_runs && (o->found.choice || (o->source->stated && o->found.count)));
}

const char *sources_other(struct sources *s, const char *names, bool only_runs)
{
    const char *other = NULL;
    for (const char *at = names; *at; at += strcspn(at, " "), at += strspn(at, " "))
        find(s, at, strcspn(at, " "));
    for (size_t i = 0; i < s->n; i++)
        if (is_among(s->opened[i].source->name, names) && is_other(&s->opened[i], only_runs))
            other = text_joined(&s->pool, other, " ", s->opened[i].source->name);
    return other;
}

bool sources_stated(const struct sources *s, const char *names)
{
    bool stated = false;
    for (size_t i = 0; i < s->n; i++)
        stated = stated || (is_among(s->opened[i].source->name, names) && s->opened[i].source->stated);
    return stated;
}

const char *sources_differ(struct sources *s, const char *names, bool only_runs)
{
    const char *found = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct opened *o = &s->opened[i];
        if (!is_among(o->source->name, names) || !is_other(o, only_runs))
            continue;
        const char *words = o->found.run;
        if (!only_runs && o->found.choice)
            words = text_joined(&s->pool, words, ", ", o->found.choice);
        if (!only_runs && o->source->stated && o->found.count)
            words = text_joined(&s->pool, words, ", ", o->found.count);
        found = text_joined(&s->pool, found, "; ", text(&s->pool, "`%s.tsv` has %s", o->source->name, words));
    }
    return found ? text(&s->pool, "settings differ: %s", found) : NULL;
}

const char *sources_what_to_run(struct sources *s, const char *names)
{
    const char *commands = NULL, *last = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct opened *o = &s->opened[i];
        if (!o->program || !is_among(o->source->name, names) || (last && strcmp(last, o->program) == 0))
            continue;
        last = o->program;
        commands = text_joined(&s->pool, commands, " and ",
                               text(&s->pool, "`build/%s%s --out %s`", last,
                                    o->source->options ? o->source->options : "", s->folder));
    }
    return commands ? text(&s->pool, "run %s", commands) : "";
}

const char *sources_again(struct sources *s, const char *name)
{
    const struct opened *o = find(s, name, strlen(name));
    if (!o->program) /* a committed file, which its own target of the Makefile makes */
        return text(&s->pool, "Again: `make %s`. Table: `%s`.", name, o->source->file);
    return text(&s->pool, "Again: `build/%s%s --out %s`. Table: `%s/%s.tsv`.", o->program,
                settings_count(&s->pool, o->table, o->source->protocol.count), s->called, s->called, name);
}

/* Tables of two releases may disagree for no other reason. */
static bool several_releases(const struct sources *s)
{
    const char *first = NULL;
    bool        several = false;
    for (size_t i = 0; i < s->n; i++) {
        const char *version = s->opened[i].program ? table_value(s->opened[i].table, "fathom") : NULL;
        several = several || (first && version && strcmp(first, version) != 0);
        first = first ? first : version;
    }
    return several;
}

const char *sources_notice(struct sources *s)
{
    struct pool *pool = &s->pool;
    const char  *releases = several_releases(s) ? "> **These tables were made by more than one release of Fathom.**"
                                                : NULL;
    const char  *list = NULL;
    bool         judged = true, stated = false;
    for (size_t i = 0; i < s->n; i++) {
        const struct opened *o = &s->opened[i];
        const char          *all[] = { o->found.run, o->found.choice, o->found.count }, *line = NULL;
        for (size_t k = 0; k < 3; k++)
            line = all[k] ? text_joined(pool, line, ", ", all[k]) : line;
        if (line)
            list = text(pool, "%s> * `%s.tsv`: %s\n", list ? list : "", o->source->name, line);
        judged = judged && (o->source->stated || !is_other(o, false));
        stated = stated || (o->source->stated && line);
    }
    if (!list)
        return releases ? releases : "";
    const char *note = judged
                         ? stated ? NULL : "Only how many runs there are differs: the verdicts below rest on that many."
                         : "A claim that rests on a table with other runs is *not tested*. Seeds and replicas are "
                           "judged as many as there are.";
    if (stated)
        note = text_joined(pool, note, " ", "A claim whose runs PROTOCOL.md states is *exploration* on any others.");
    return text_joined(pool, releases, "\n\n",
                       text(pool, "> **These tables were made with settings that are not the protocol's.**\n>\n%s\n%s",
                            list, note));
}
