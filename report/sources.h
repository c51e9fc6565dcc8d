/* sources.h - the tables that the report rests on: what is read from them, what makes them, and what their settings
 * allow to be judged.
 *
 * A table of other rows, or of another program, is refused.  One with other settings (settings.h) is read, and what
 * rests on it is not tested; of runs that PROTOCOL.md states, it is exploration.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include "settings.h"

/* A table that a judge reads; lists of them end with one that has no name. */
struct source {
    const char     *name;     /* DIR/<name>.tsv; of a committed file: what the judges call it            */
    const char     *columns;  /* that it must have, separated by one blank; without a head: all it holds */
    const char     *file;     /* a committed file, below the project's folder; NULL: a result            */
    bool            no_head;  /* the file has no line of column names                                    */
    struct protocol protocol; /* of a result                                                             */
    const char     *data;     /* the rows that a result is of; NULL: the spiral                          */
    bool            stated;   /* PROTOCOL.md states its runs, also how many: any others are exploration  */
    const char     *options;  /* " --replicas 32": the options that the program takes beyond its defaults
                                 to follow the protocol; NULL: nothing                                   */
};

struct sources {
    const char *folder;   /* of the results                                                      */
    const char *home;     /* of the project: reference/, tests/reference/                        */
    const char *called;   /* how the report calls the folder                                     */
    const char *pictures; /* what stands before a picture's name in a link                     */
    struct pool pool;
    struct opened {
        const struct source *source;
        const char          *program; /* that writes it; NULL: a committed file                */
        struct table        *table;
        struct protocol      found; /* what differs from the protocol, in words              */
    } * opened;                     /* [n], in the order of the report */
    size_t n, room;
};

/* Of the list, opens the tables of the folder, which `program` writes, or else (committed) the project's own files.
 * False with one line in *error: a table that is missing (and what makes it), is cut short, lacks a column, or is of
 * another program; or one of own rows or another data set, and what is legal: the report's sentences are about its
 * own rows, and would be wrong of others. */
bool sources_open(struct sources *sources, const struct source *list, const char *program, bool committed,
                  fathom_error *error);
void sources_close(struct sources *sources);

/* The table of that name.  Here and below, a name that no judge has listed ends the program. */
const struct table *sources_table(const struct sources *sources, const char *name);

/* Of these tables, names separated by blanks: those with other runs than the protocol's, names separated by blanks;
 * NULL: none.  How many there are matters only of those whose runs are stated.  only_runs: whatever runs there are, if
 * each is the protocol's. */
const char *sources_other(struct sources *sources, const char *names, bool only_runs);
/* PROTOCOL.md states the runs of one of these tables. */
bool sources_stated(const struct sources *sources, const char *names);
/* "settings differ: `depth_truth.tsv` has steps 4 instead of 1200": of those tables. */
const char *sources_differ(struct sources *sources, const char *names, bool only_runs);
/* "run `build/actnorm --out results`": each program of these tables in turn. */
const char *sources_what_to_run(struct sources *sources, const char *names);
/* "Again: `build/actnorm --seeds 8 --out results`. Table: `results/actnorm.tsv`." */
const char *sources_again(struct sources *sources, const char *name);
/* What stands at the head of the report if any table's settings are not the protocol's, as paragraphs; "": none. */
const char *sources_notice(struct sources *sources);

#endif
