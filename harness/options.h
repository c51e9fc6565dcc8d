/* options.h - the one command line.
 *
 * One table (options.c) lists every option with its name, meaning and legal range.  A program states which of them it
 * takes, and sets its defaults in a struct options before the command line is read.  Help, range checks and the
 * configuration at the head of every table follow from the table.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fathom_warm.h"

enum option_id {
    OPTION_DATA,
    OPTION_HELDOUT,
    OPTION_VALIDATION,
    OPTION_DATA_SEED,
    OPTION_DATA_SIZE,
    OPTION_SEPARATOR,
    OPTION_DECIMAL,
    OPTION_HEADER,
    OPTION_NO_HEADER,
    OPTION_SKIP,
    OPTION_COLUMNS,
    OPTION_COUPLING,
    OPTION_DEPTHS,
    OPTION_BINS,
    OPTION_INTERVAL,
    OPTION_COMPONENTS,
    OPTION_WIDTH,
    OPTION_HIDDEN,
    OPTION_ACTNORM,
    OPTION_ROTATION,
    OPTION_START,
    OPTION_BLOCK,
    OPTION_LIPSCHITZ,
    OPTION_ACTIVATION,
    OPTION_LOG_DET,
    OPTION_TERMS,
    OPTION_STOP,
    OPTION_SEED,
    OPTION_SEEDS,
    OPTION_BATCH_SEED,
    OPTION_STEPS,
    OPTION_BATCH,
    OPTION_LR,
    OPTION_STABILISER,
    OPTION_CLIP,
    OPTION_REPLICAS,
    OPTION_STORE,
    OPTION_LIST,
    OPTION_SHARD,
    OPTION_MERGE,
    OPTION_SAMPLE,
    OPTION_SAMPLE_SEED,
    OPTION_THREADS,
    OPTION_OUT,
    OPTION_FORMAT,
    OPTION_NO_PLOT,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION, /* every program takes these two */
    OPTION_COUNT
};

#define TAKES(option) (UINT64_C(1) << (option))
enum {
    TAKES_READING = TAKES(OPTION_SEPARATOR) | TAKES(OPTION_DECIMAL) | TAKES(OPTION_HEADER) | TAKES(OPTION_NO_HEADER) |
                    TAKES(OPTION_SKIP) | TAKES(OPTION_COLUMNS),
    TAKES_DATA = TAKES(OPTION_DATA) | TAKES(OPTION_HELDOUT) | TAKES(OPTION_VALIDATION) | TAKES(OPTION_DATA_SEED) |
                 TAKES(OPTION_DATA_SIZE) | TAKES_READING,
    TAKES_FLOW = TAKES(OPTION_COUPLING) | TAKES(OPTION_DEPTHS) | TAKES(OPTION_BINS) | TAKES(OPTION_INTERVAL) |
                 TAKES(OPTION_COMPONENTS) | TAKES(OPTION_WIDTH) | TAKES(OPTION_HIDDEN) | TAKES(OPTION_ACTNORM),
    TAKES_START = TAKES(OPTION_ROTATION) | TAKES(OPTION_START),
    TAKES_RESIDUAL = TAKES(OPTION_BLOCK) | TAKES(OPTION_LIPSCHITZ) | TAKES(OPTION_ACTIVATION) | TAKES(OPTION_LOG_DET) |
                     TAKES(OPTION_TERMS) | TAKES(OPTION_STOP),
    TAKES_SEEDS = TAKES(OPTION_SEED) | TAKES(OPTION_SEEDS),
    TAKES_TRAINING = TAKES(OPTION_BATCH_SEED) | TAKES(OPTION_STEPS) | TAKES(OPTION_BATCH) | TAKES(OPTION_LR) |
                     TAKES(OPTION_STABILISER) | TAKES(OPTION_CLIP),
    TAKES_OUTPUT = TAKES(OPTION_THREADS) | TAKES(OPTION_OUT) | TAKES(OPTION_FORMAT) | TAKES(OPTION_NO_PLOT) |
                   TAKES(OPTION_QUIET) | TAKES(OPTION_STORE) | TAKES(OPTION_LIST) | TAKES(OPTION_SHARD) |
                   TAKES(OPTION_MERGE) | TAKES(OPTION_SAMPLE) | TAKES(OPTION_SAMPLE_SEED)
};

/* The clip of a run with that stabiliser: `clip` itself, or INFINITY if the stabiliser is another than "clip". */
double options_clip(const char *stabiliser, double clip);

/* What a fathom_actnorm, a fathom_rotation and a fathom_start is called; the last is NULL. */
extern const char *const options_actnorms[], *const options_rotations[], *const options_starts[];

enum { DEPTHS_MAX = 64 };
struct depth_list {
    size_t n, depth[DEPTHS_MAX]; /* each FATHOM_DEPTH_MIN to FATHOM_DEPTH_MAX, none twice */
};

enum { RATES_MAX = 16 };
struct rate_list {
    size_t n;               /* 0: --lr is one rate, training.peak_lr */
    double rate[RATES_MAX]; /* legal rates, none twice */
};

/* The values of all options.  flow.dim is the data's, flow.depth each of depths'. */
struct options {
    const char          *data;       /* name of a data set, or file of rows, "-" standard input; NULL: the spiral    */
    double               heldout;    /* fraction of the file's rows kept back from training   */
    double               validation; /* another fraction of them, which chooses           */
    uint64_t             data_seed;
    size_t               data_size; /* rows of the data set that has a name                  */
    char                 separator; /* these six: how the file is read (fathom_read_options) */
    char                 decimal;
    bool                 header, no_header;
    size_t               skip;
    const char          *columns;
    fathom_config        flow; /* coupling NULL: every coupling that the program knows  */
    struct depth_list    depths;
    fathom_start         start;
    uint64_t             seed; /* of the first flow: seeds are seed .. seed + seeds - 1 */
    size_t               seeds;
    uint64_t             batch_seed;
    fathom_train_options training;
    struct rate_list     rates; /* of --lr tuned, which chooses one per configuration; training.peak_lr is the first */
    size_t               replicas;
    size_t               threads;     /* never 0 once read                                     */
    const char          *store;       /* of finished runs; NULL: the default one; "none"       */
    bool                 list;        /* print the runs, make none                             */
    const char          *shard;       /* "2/8", checked; NULL: all runs                        */
    size_t               part, parts; /* the same as numbers, 1 <= part <= parts             */
    bool                 merge;       /* take the runs of these stores, make none              */
    const char *const   *stores;      /* [n_stores], at least one if merge                     */
    size_t               n_stores;
    const char          *sample_text; /* "5%"; NULL: no sample                               */
    double               sample;      /* the same as percent, above 0 to 100; 0: no sample     */
    uint64_t             sample_seed;
    const char          *out;
    bool                 out_given; /* the command line named the folder: tables in it may be replaced */
    const char          *format;    /* "svg,png,pdf", checked                                */
    unsigned             formats;   /* the same as plot.h's set                              */
    bool                 no_plot, quiet;
    const fathom_isa    *isa; /* of FATHOM_ISA, or the best of this CPU                */
};

/* The data set that --data names; NULL: the rows are a file's. */
const fathom_data_set *options_data_set(const struct options *options);

struct program {
    const char *name;
    const char *summary; /* what it does, for --help; lines of at most 80 characters */
    uint64_t    takes;   /* TAKES_... or-ed together                                 */
};

/* The notebook's: spiral of 3000 rows from data seed 0, spline couplings, depths 1, 2, 4, 8, seed 0, one replica. */
struct options options_default(void);

/* Reads the command line over the defaults that *options holds; returns if there is work to do, and otherwise ends
 * the program: 0 after --help and --version, 2 with one line on stderr about a value that is not legal. */
void options_read(struct options *options, const struct program *program, int argc, char **argv);

enum options_outcome {
    OPTIONS_RUN,     /* all is legal: there is work to do */
    OPTIONS_HELP,    /* --help                            */
    OPTIONS_VERSION, /* --version                         */
    OPTIONS_ILLEGAL  /* one line in *error                */
};

/* The same for tests: prints nothing and returns.  OPTIONS_ILLEGAL: error->text names option, value and legal range. */
enum options_outcome options_parse(struct options *options, fathom_error *error, const struct program *program,
                                   int argc, char **argv);

/* "fathom 2.0.0", "GSL 2.7.1", ...: what --version prints. */
void options_print_version(FILE *out, const struct program *program);

/* Every setting that the results depend on, as key and value, in the order of the table: not threads, folder, figures
 * or messages, which no result depends on; and not the size of a data set if the rows are a file's. */
typedef void options_visit(void *context, const char *key, const char *value);
void         options_each_setting(const struct options *options, const struct program *program, options_visit *visit,
                                  void *context);

/* True if every setting is as in `defaults`, but for those in `but` (TAKES_... or-ed together), which may differ. */
bool options_same_but(const struct options *options, const struct options *defaults, const struct program *program,
                      uint64_t but);

#endif
