/* experiment.h - an experiment as data: its runs, its tables, its figures.
 *
 * A file of experiments/ defines one `const struct experiment` of its own name, and no other external name.
 * harness/main.c is the main of every program.  A design lists the runs (design.h).  The names of a table's columns
 * determine its rows (run_table.h), the groups of a table the rows of a summary (summary_table.h).  Any other table has
 * a function that fills it.
 */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include "design.h"
#include "summary_table.h"
#include "true_density.h"

/* What is known when all runs are done. */
struct outcome {
    const struct session *session;
    const struct true_density
                     *truth; /* all zero and NaN unless the experiment needs it and the density of the rows is known */
    const struct run *runs;  /* [n], as listed */
    const struct run_result *results; /* [n]            */
    size_t                   n;
    void                    *measured; /* by the experiment's own function, if it has one */
};

/* A table, one of four kinds. */
struct table_plan {
    const char *name;    /* DIR/<name>.tsv */
    const char *columns; /* names separated by one blank */
    /* NULL: a row per run, its cells by the names of the columns (run_table.h). */
    void (*fill)(struct table *table, const struct outcome *outcome);
    /* Not NULL: the table is a summary (summary_table.h) of this earlier table of the same experiment: a row for each
     * combination of the words of the columns `by`, of the column `of`; `columns` is not used. */
    const char *summary_of, *by, *of;
    /* Not NULL: fills the table, of these `columns`, from the earlier table `summary_of`, where groups do not do. */
    void (*derive)(struct table *table, const struct table *source);
    bool only_known; /* not written unless the rows are of a data set whose density is known */
};

enum { EXPERIMENT_TABLES_MAX = 12 };

struct experiment {
    struct program program; /* name, --help's text, options                                            */
    void (*defaults)(struct options *options);            /* over the notebook's; NULL: the notebook's            */
    void (*check_options)(const struct options *options); /* ends the program if they do not fit; NULL: they do  */
    void (*check_rows)(const struct session *session);    /* the same for the rows that were read                */
    const struct design *design;    /* [n_designs], the parts; NULL: nothing is run                            */
    size_t               n_designs; /* 0: one                                                               */
    bool                 truth;     /* every run is compared with the true density of the held-out rows        */
    /* What several tables are made from, computed once when all runs are done, and how it is freed; NULL: nothing. */
    void *(*measure)(const struct outcome *outcome);
    void (*release)(void *measured, const struct outcome *outcome);
    bool              keeps; /* measure needs the store (kept_numbers.h), also where nothing is run */
    struct table_plan tables[EXPERIMENT_TABLES_MAX]; /* the last has no name                              */
    const char       *figures[8];                    /* the last is NULL                                  */
    uint64_t          notebook_but; /* options (TAKES_...) that may differ from the defaults in a figure that shows the
                              notebook's own numbers beside these                                                */
};

/* How many parts its design has. */
size_t experiment_parts(const struct experiment *experiment);

/* The columns of a planned table; `text` holds them if they are not the plan's own. */
const char *experiment_columns(char text[SUMMARY_TABLE_COLUMNS_SIZE], const struct table_plan *plan);

/* Fills a planned table that is made from an earlier one, `summary_of`. */
void experiment_derive(struct table *table, const struct table_plan *plan, const struct table *source);

/* The main of every experiment's program; its exit status. */
int experiment_main(const struct experiment *experiment, int argc, char **argv);

#endif
