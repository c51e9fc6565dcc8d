/* options.c - the one command line (options.h).
 *
 * The idea is the table below: a row an option, and every message, check and line of help is made from its row
 * (option_values.c).
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <gsl/gsl_version.h>
#include <math.h>
#include <omp.h>
#include <sleef.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cores.h"
#include "exit.h"
#include "flow_words.h"
#include "option_values.h"
#include "plot.h"

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "counts and seeds are read by one function");
_Static_assert(OPTION_COUNT <= 64, "a bit an option");

static const char *const separators[] = { "tab", "semicolon", "comma", "bar", "blank", NULL };
static const char *const decimals[] = { "point", "comma", NULL };

const char *const options_actnorms[] = {
    [FATHOM_ACTNORM_NONE] = "none", [FATHOM_ACTNORM_DEFAULT] = "default", [FATHOM_ACTNORM_DATA] = "data", NULL
};

const char *const options_rotations[] = { [FATHOM_ROTATION_HOUSEHOLDER] = "householder",
                                          [FATHOM_ROTATION_FROZEN] = "frozen",
                                          [FATHOM_ROTATION_FREE] = "free",
                                          NULL };
const char *const options_starts[] = {
    [FATHOM_START_COLD] = "cold", [FATHOM_START_ROTATIONS] = "rotations", [FATHOM_START_WARM] = "warm", NULL
};
_Static_assert(sizeof(fathom_actnorm) == sizeof(unsigned) && sizeof(fathom_rotation) == sizeof(unsigned) &&
                   sizeof(fathom_start) == sizeof(unsigned),
               "a choice is kept as its place");

#define AT(field) offsetof(struct options, field)

static const struct option_row rows[OPTION_COUNT] = {
    [OPTION_DATA] = { "data", "NAME|FILE", KIND_TEXT, AT(data), .setting = true, .unset = "spiral",
                      .word = fathom_data_set_name,
                      .meaning = "rows: a file of your own (-: standard input; ./spiral is a file), plain\n"
                                 "text, numbers in columns, one separator, at most one line of names, '#'\n"
                                 "comments, standardised like the spiral; or drawn by name:" },
    [OPTION_HELDOUT] = { "heldout", "FRACTION", KIND_REAL, AT(heldout), 0, 1, .below_high = true, .setting = true,
                         .meaning = "part of the file's rows that is kept back from training: the test rows" },
    [OPTION_VALIDATION] = { "validation", "FRACTION", KIND_REAL, AT(validation), 0, 1, .below_high = true,
                            .setting = true, .only = OF_FILE,
                            .meaning = "another part, the validation rows: --lr tuned chooses by them" },
    [OPTION_DATA_SEED] = { "data-seed", "N", KIND_COUNT, AT(data_seed), 0, 0x1p53 - 1, .setting = true,
                           .meaning = "stream of the named data set, or of the choice of those rows" },
    [OPTION_DATA_SIZE] = { "data-size", "N", KIND_COUNT, AT(data_size), 2, 1e7, .setting = true, .only = OF_NAMED,
                           .meaning = "rows of the named data set" },
    [OPTION_SEPARATOR] = { "separator", "NAME", KIND_SIGN, AT(separator), .words = separators, .signs = "\t;,| ",
                           .setting = true, .only = OF_FILE, .unset = "from the file",
                           .meaning = "between fields: tab, semicolon, comma, bar or blank" },
    [OPTION_DECIMAL] = { "decimal", "NAME", KIND_SIGN, AT(decimal), .words = decimals, .signs = ".,", .setting = true,
                         .only = OF_FILE, .meaning = "sign before a number's fraction: point or comma" },
    [OPTION_HEADER] = { "header", NULL, KIND_FLAG, AT(header), .setting = true, .only = OF_FILE,
                        .meaning = "the file's first line is names (else: if none of it is a number)" },
    [OPTION_NO_HEADER] = { "no-header", NULL, KIND_FLAG, AT(no_header), .meaning = "the file's first line is a row" },
    [OPTION_SKIP] = { "skip", "N", KIND_COUNT, AT(skip), 0, 1e9, .setting = true, .only = OF_FILE,
                      .meaning = "lines left out at the file's start" },
    [OPTION_COLUMNS] = { "columns", "LIST", KIND_TEXT, AT(columns), .setting = true, .only = OF_FILE, .unset = "all",
                         .meaning = "by name or by number from 1, separated by commas" },
    [OPTION_COUPLING] = { "coupling", "NAME", KIND_WORD, AT(flow.coupling), .word = fathom_coupling_name,
                          .setting = true, .meaning = "the map of the couplings:", .unset = "both" },
    [OPTION_DEPTHS] = { "depths", "LIST", KIND_DEPTHS, AT(depths), FATHOM_DEPTH_MIN, FATHOM_DEPTH_MAX, .setting = true,
                        .meaning = "numbers of blocks, separated by commas" },
    [OPTION_BINS] = { "bins", "N", KIND_COUNT, AT(flow.knots), FATHOM_KNOTS_MIN, FATHOM_KNOTS_MAX, .setting = true,
                      .meaning = "inner knots of the spline: N makes N + 1 bins" },
    [OPTION_INTERVAL] = { "interval", "B", KIND_REAL, AT(flow.interval), 0, FATHOM_INTERVAL_MAX, .above_low = true,
                          .setting = true, .meaning = "the spline acts on [-B, B]" },
    [OPTION_COMPONENTS] = { "components", "K", KIND_COUNT, AT(flow.components), FATHOM_COMPONENTS_MIN,
                            FATHOM_COMPONENTS_MAX, .setting = true, .if_other = true,
                            .meaning = "components of a mixture coupling's mixture" },
    [OPTION_WIDTH] = { "width", "N", KIND_COUNT, AT(flow.width), FATHOM_WIDTH_MIN, FATHOM_WIDTH_MAX, .setting = true,
                       .meaning = "units of a hidden layer of the conditioner" },
    [OPTION_HIDDEN] = { "hidden", "N", KIND_COUNT, AT(flow.hidden), 0, FATHOM_HIDDEN_MAX, .setting = true,
                        .meaning = "hidden layers of the conditioner" },
    [OPTION_ACTNORM] = { "actnorm", "KIND", KIND_CHOICE, AT(flow.actnorm), .words = options_actnorms, .setting = true,
                         .meaning = "none, default (scale 0.693) or data (initialised from data)" },
    [OPTION_ROTATION] = { "rotation", "KIND", KIND_CHOICE, AT(flow.rotation), .words = options_rotations,
                          .setting = true, .if_other = true,
                          .meaning = "householder (trained reflections), frozen (a matrix that stays as it\n"
                                     "starts) or free (a trained matrix, log-det counted as 0: an ablation)" },
    [OPTION_START] = { "start", "KIND", KIND_CHOICE, AT(start), .words = options_starts, .setting = true,
                       .if_other = true,
                       .meaning = "cold, rotations (cold, but rotations fitted to the training rows) or warm\n"
                                  "(the diagonal solution of iterative Gaussianization)" },
    [OPTION_BLOCK] = { "block", "KIND", KIND_CHOICE, AT(flow.block), .words = flow_blocks, .setting = true,
                       .meaning = "coupling, or residual: y = x + g(x), g a contraction" },
    [OPTION_LIPSCHITZ] = { "lipschitz", "L", KIND_REAL, AT(flow.lipschitz), 0, 1, .above_low = true, .below_high = true,
                           .setting = true, .meaning = "Lipschitz constant of a residual block's g" },
    [OPTION_ACTIVATION] = { "activation", "NAME", KIND_CHOICE, AT(flow.activation), .words = flow_activations,
                            .setting = true, .meaning = "of that g: lipswish or clipswish" },
    [OPTION_LOG_DET] = { "log-det", "NAME", KIND_CHOICE, AT(flow.log_det), .words = flow_log_dets, .setting = true,
                         .meaning = "how training takes a residual block's log-determinant: exact, series,\n"
                                    "hutchinson, roulette or poisson" },
    [OPTION_TERMS] = { "terms", "N", KIND_COUNT, AT(flow.terms), 1, FATHOM_TERMS_MAX, .setting = true,
                       .meaning = "terms of that series, or those that are always there" },
    [OPTION_STOP] = { "stop", "X", KIND_REAL, AT(flow.stop), FATHOM_STOP_MIN, FATHOM_STOP_MAX, .setting = true,
                      .meaning = "roulette: chance to stop after a term, below 1; poisson: mean number of\n"
                                 "further terms" },
    [OPTION_SEED] = { "seed", "N", KIND_COUNT, AT(seed), 0, 0x1p53 - 1, .setting = true,
                      .meaning = "key of the first flow's initial parameters" },
    [OPTION_SEEDS] = { "seeds", "K", KIND_COUNT, AT(seeds), 1, 10000, .setting = true,
                       .meaning = "number of flows: keys N to N + K - 1" },
    [OPTION_BATCH_SEED] = { "batch-seed", "N", KIND_COUNT, AT(batch_seed), 0, 0x1p53 - 1, .setting = true,
                            .meaning = "key of the minibatches" },
    [OPTION_STEPS] = { "steps", "N", KIND_COUNT, AT(training.steps), FATHOM_STEPS_MIN, 1e7, .setting = true,
                       .meaning = "gradient steps" },
    [OPTION_BATCH] = { "batch", "N", KIND_COUNT, AT(training.batch), FATHOM_BATCH_MIN, 1e6, .setting = true,
                       .meaning = "rows per step" },
    [OPTION_LR] = { "lr", "X|tuned[:LIST]", KIND_RATE, AT(training.peak_lr), 0, FATHOM_LR_MAX, .above_low = true,
                    .setting = true,
                    .meaning = "peak of the one-cycle learning rate; tuned: of 0.003, 0.01 and 0.03, or of\n"
                               "LIST, the one with the highest median log p of the validation rows over\n"
                               "the seeds, for each configuration by itself" },
    [OPTION_STABILISER] = { "stabiliser", "NAME", KIND_WORD, AT(training.stabiliser), .word = fathom_stabiliser_name,
                            .setting = true, .meaning = "what keeps a run from divergence:" },
    [OPTION_CLIP] = { "clip", "X|none", KIND_CLIP, AT(training.clip), 0, 1e300, .above_low = true, .setting = true,
                      .meaning = "global norm above which a gradient is scaled down" },
    [OPTION_REPLICAS] = { "replicas", "N", KIND_COUNT, AT(replicas), 1, 10000, .setting = true,
                          .meaning = "round-off ensemble: replica 0 as is, the others with initial\n"
                                     "parameters times 1 + 1e-15 standard normals" },
    [OPTION_STORE] = { "store", "FILE", KIND_TEXT, AT(store), .unset = "runs.db beside the program",
                       .meaning = "finished runs, kept so that none is made twice; none: no store" },
    [OPTION_LIST] = { "list", NULL, KIND_FLAG, AT(list),
                      .meaning = "print the runs (key, cost, settings) and make none" },
    [OPTION_SHARD] = { "shard", "I/N", KIND_TEXT, AT(shard), .unset = "all",
                       .meaning = "make the I-th of N parts of the runs into a store of its own, no\n"
                                  "tables" },
    [OPTION_MERGE] = { "merge", "STORE...", KIND_FLAG, AT(merge),
                       .meaning = "make no run: take those of these stores" },
    [OPTION_SAMPLE] = { "sample", "P%", KIND_TEXT, AT(sample_text), .unset = "none",
                        .meaning = "make so many of the runs again, drawn at random, and compare\n"
                                   "them with the tables in --out; writes nothing" },
    [OPTION_SAMPLE_SEED] = { "sample-seed", "N", KIND_COUNT, AT(sample_seed), 0, 0x1p53 - 1,
                             .meaning = "of that draw" },
    [OPTION_THREADS] = { "threads", "N", KIND_COUNT, AT(threads), 1, 1024, .unset = "all that this process may use",
                         .meaning = "runs at a time; results do not depend on it.  The default obeys\n"
                                    "OMP_NUM_THREADS, OMP_THREAD_LIMIT, the affinity and the quota" },
    [OPTION_OUT] = { "out", "DIR", KIND_TEXT, AT(out),
                     .meaning = "folder of the tables and figures; one with tables of other\nsettings must be named" },
    [OPTION_FORMAT] = { "format", "LIST", KIND_FORMAT, AT(format),
                        .meaning = "svg, png, pdf, or several separated by commas" },
    [OPTION_NO_PLOT] = { "no-plot", NULL, KIND_FLAG, AT(no_plot), .meaning = "tables only; needs no gnuplot" },
    [OPTION_QUIET] = { "quiet", NULL, KIND_FLAG, AT(quiet), .meaning = "no progress on stderr" },
    [OPTION_HELP] = { "help", NULL, KIND_FLAG, 0, .meaning = "this text" },
    [OPTION_VERSION] = { "version", NULL, KIND_FLAG, 0,
                         .meaning = "versions of the libraries, and the kernels chosen" },
};

/* Minibatches are drawn ahead and shared by all runs: 2^30 row numbers are 4 GiB. */
static const double batch_rows_max = 0x1p30;

double options_clip(const char *stabiliser, double clip) { return strcmp(stabiliser, "clip") == 0 ? clip : INFINITY; }

struct options options_default(void)
{
    return (struct options){ .data_seed = 0,
                             .data_size = 3000,
                             .decimal = '.',
                             .flow = fathom_config_default(),
                             .depths = { 4, { 1, 2, 4, 8 } },
                             .seed = 0,
                             .seeds = 1,
                             .batch_seed = 1,
                             .training = fathom_train_options_default(),
                             .replicas = 1,
                             .out = "results",
                             .format = "svg" };
}

const fathom_data_set *options_data_set(const struct options *options)
{
    return fathom_data_set_find(options->data ? options->data : fathom_data_set_name(0));
}

/* ------------------------------------------------------------------------------------------------ messages ---- */

__attribute__((format(printf, 2, 3))) static enum options_outcome illegal(fathom_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return OPTIONS_ILLEGAL;
}

static enum options_outcome illegal_value(fathom_error *error, const struct option_row *row, const char *value)
{
    char legal[512];
    option_describe_legal(legal, sizeof legal, row);
    return illegal(error, "--%s '%.60s'%s: must be %s", row->name, value, strlen(value) > 60 ? "..." : "", legal);
}

/* ---------------------------------------------------------------------------------------- the command line ---- */

static bool takes(const struct program *program, int option)
{
    return (program->takes | TAKES(OPTION_HELP) | TAKES(OPTION_VERSION)) & TAKES(option);
}

/* Options that say how a file of rows is read. */
static enum options_outcome check_reading(const struct options *options, fathom_error *error, uint64_t given)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if ((TAKES_READING & given & TAKES(i)) && options_data_set(options))
            return illegal(error, "--%s: legal only with --data FILE (it says how the file is read)", rows[i].name);
    if (options->header && options->no_header)
        return illegal(error, "--header, --no-header: only one of the two is legal");
    if (options->decimal == options->separator)
        return illegal(error, "--decimal comma, --separator comma: must be two signs");
    return OPTIONS_RUN;
}

/* Two whole numbers with a slash between them. */
static bool read_shard(size_t *part, size_t *parts, const char *text)
{
    unsigned long i, n;
    int           end = 0;
    if (*text < '1' || *text > '9' || sscanf(text, "%6lu/%6lu%n", &i, &n, &end) != 2 || text[end] || i < 1 || i > n ||
        strpbrk(text, "+- \t\n\v\f\r"))
        return false;
    *part = i;
    *parts = n;
    return true;
}

/* A percentage, in decimal notation, with or without its sign. */
static bool read_percent(double *percent, const char *text)
{
    const size_t length = strspn(text, "0123456789.");
    char        *end;
    *percent = strtod(text, &end);
    return length > 0 && end == text + length && (!*end || strcmp(end, "%") == 0) && *percent > 0 && *percent <= 100;
}

/* Options that say where the runs are made. */
static enum options_outcome check_parts(struct options *options, fathom_error *error)
{
    const bool none = options->store && strcmp(options->store, "none") == 0;
    if (options->shard && !read_shard(&options->part, &options->parts, options->shard))
        return illegal(error, "--shard '%.60s': must be I/N, whole numbers with 1 <= I <= N <= 999999", options->shard);
    if (options->sample_text && !read_percent(&options->sample, options->sample_text))
        return illegal(error, "--sample '%.60s': must be a percentage above 0 and at most 100%%", options->sample_text);
    if (options->sample_text && (options->list || options->merge || options->shard || (options->store && !none)))
        return illegal(error, "--sample: its runs are made again: it goes with no --list, --shard, --merge or store");
    if (options->list + options->merge + (options->shard != NULL) > 1 && !(options->list && options->shard))
        return illegal(error, "--list, --shard, --merge: --merge goes with none of the others");
    if (options->shard && !options->list && (!options->store || none))
        return illegal(error, "--shard %s: needs --store FILE, a store of its own", options->shard);
    if (options->merge && none)
        return illegal(error, "--merge: needs a store to merge into, and --store is none");
    if (options->merge && options->n_stores == 0)
        return illegal(error, "--merge: needs the names of stores");
    return OPTIONS_RUN;
}

/* What no single row can say: values that do not go together. */
static enum options_outcome check_together(const struct options *options, fathom_error *error,
                                           const struct program *program, uint64_t given)
{
    const fathom_config *flow = &options->flow;
    if (takes(program, OPTION_BINS) && !((double)(flow->knots + 1) * FATHOM_MIN_BIN < 2 * flow->interval))
        return illegal(error,
                       "--bins %zu --interval %g: the bins do not fit: (bins + 1) x %g must be below "
                       "2 x interval = %g",
                       flow->knots, flow->interval, FATHOM_MIN_BIN, 2 * flow->interval);
    if (options->start != FATHOM_START_COLD && flow->rotation == FATHOM_ROTATION_HOUSEHOLDER)
        return illegal(error, "--start %s --rotation householder: fitted rotations need --rotation frozen or free",
                       options_starts[options->start]);
    if (takes(program, OPTION_STOP) && flow->log_det == FATHOM_LOG_DET_ROULETTE && !(flow->stop < 1))
        return illegal(error, "--stop %g --log-det roulette: a chance to stop is below 1", flow->stop);
    if ((given & TAKES(OPTION_HELDOUT)) && options_data_set(options))
        return illegal(error,
                       "--heldout %g: legal only with --data FILE (held-out rows of a data set with a name are "
                       "drawn anew)",
                       options->heldout);
    if ((given & TAKES(OPTION_VALIDATION)) && options_data_set(options))
        return illegal(error,
                       "--validation %g: legal only with --data FILE (validation rows of a data set with a name are "
                       "drawn anew)",
                       options->validation);
    if (!(options->heldout + options->validation < 1))
        return illegal(error, "--heldout %g --validation %g: their sum must be below 1", options->heldout,
                       options->validation);
    if ((given & TAKES(OPTION_DATA_SIZE)) && !options_data_set(options))
        return illegal(error, "--data-size %zu: legal only without --data FILE (a file is read to its end)",
                       options->data_size);
    if (takes(program, OPTION_STEPS) &&
        (double)options->training.steps * (double)options->training.batch > batch_rows_max)
        return illegal(error, "--steps %zu --batch %zu: their product must be at most %.0f", options->training.steps,
                       options->training.batch, batch_rows_max);
    if (options->rates.n > 0 && !options_data_set(options) && options->validation == 0)
        return illegal(error, "--lr tuned: with --data FILE it needs --validation FRACTION, the rows that choose");
    if (options->rates.n > 0 && options->sample_text)
        return illegal(error, "--lr tuned: legal only without --sample, as a choice takes all runs");
    if ((given & TAKES(OPTION_CLIP)) && isfinite(options->training.clip) &&
        strcmp(options->training.stabiliser, "clip") != 0)
        return illegal(error, "--clip %g --stabiliser %s: a clip is legal only with the stabiliser clip",
                       options->training.clip, options->training.stabiliser);
    return check_reading(options, error, given);
}

static enum options_outcome choose_kernels(struct options *options, fathom_error *error)
{
    const char *name = getenv("FATHOM_ISA");
    options->isa = fathom_isa_find(name);
    if (options->isa)
        return OPTIONS_RUN;
    if (!fathom_isa_find(NULL))
        return illegal(error, "this CPU has no fused multiply-add (FMA), which every set of kernels needs");
    return illegal(error,
                   "FATHOM_ISA '%.60s': must be v4, v3, neon or ref, and one that was built and that this CPU runs "
                   "(the best: %s)",
                   name, fathom_isa_name(fathom_isa_find(NULL)));
}

enum options_outcome options_parse(struct options *options, fathom_error *error, const struct program *program,
                                   int argc, char **argv)
{
    struct option        known[OPTION_COUNT + 1];
    int                  n = 0, code, place = 0;
    uint64_t             given = 0;
    enum options_outcome outcome = OPTIONS_RUN;

    for (int i = 0; i < OPTION_COUNT; i++)
        if (takes(program, i))
            known[n++] = (struct option){ rows[i].name, rows[i].kind != KIND_FLAG ? required_argument : no_argument,
                                          NULL, 256 + i };
    known[n] = (struct option){ 0 };

    optind = 0; /* GNU: start anew, so that a test can parse twice */
    opterr = 0;
    while ((code = getopt_long(argc, argv, ":", known, &place)) != -1) {
        const char *word = argv[optind - 1];
        if (code == ':')
            return illegal(error, "%.60s: needs a value; see %s --help", word, program->name);
        if (code == '?' && optopt >= 256)
            return illegal(error, "%.80s: --%s must be given without a value", word, rows[optopt - 256].name);
        if (code == '?' && optopt)
            return illegal(error, "unknown option '-%c'; %s --help lists the legal ones", optopt, program->name);
        if (code == '?')
            return illegal(error, "unknown or ambiguous option '%.60s'; %s --help lists the legal ones", word,
                           program->name);
        if (code == 256 + OPTION_HELP)
            return OPTIONS_HELP;
        if (code == 256 + OPTION_VERSION)
            return OPTIONS_VERSION;
        const struct option_row *row = &rows[code - 256];
        if (!option_read(options, row, optarg))
            return illegal_value(error, row, optarg);
        given |= TAKES(code - 256);
    }
    if (options->merge) {
        options->stores = (const char *const *)argv + optind;
        options->n_stores = (size_t)(argc - optind);
    } else if (optind < argc)
        return illegal(error, "unexpected argument '%.60s'; %s --help lists the legal options", argv[optind],
                       program->name);
    if (takes(program, OPTION_FORMAT) && plot_formats(&options->formats, options->format, error) != PLOT_OK)
        return OPTIONS_ILLEGAL;
    options->out_given = given & TAKES(OPTION_OUT);
    omp_set_dynamic(0); /* as many threads as are asked for, not fewer at OpenMP's choice */
    if (options->threads == 0)
        options->threads = cores_usable();
    if (options->threads > (size_t)omp_get_thread_limit())
        return illegal(error, "--threads %zu: must be at most %d, as the environment's OMP_THREAD_LIMIT says",
                       options->threads, omp_get_thread_limit());
    outcome = check_parts(options, error);
    if (outcome == OPTIONS_RUN)
        outcome = check_together(options, error, program, given);
    options->training.clip = options_clip(options->training.stabiliser, options->training.clip);
    return outcome == OPTIONS_RUN ? choose_kernels(options, error) : outcome;
}

/* The legal words, after the meaning, in lines of at most 110 characters. */
static void print_words(const struct option_row *row)
{
    const char *last_line = strrchr(row->meaning, '\n');
    size_t      column = 24 + strlen(last_line ? last_line + 1 : row->meaning);
    for (size_t w = 0; option_word(row, w); w++) {
        const size_t length = strlen(option_word(row, w)) + 2;
        const bool   full = column + length > 110;
        printf("%s%s%s", w ? "," : "", full ? "\n                       " : " ", option_word(row, w));
        column = full ? 23 + length : column + length;
    }
}

static void print_help(const struct options *defaults, const struct program *program)
{
    printf("Usage: %s [OPTION]...\n%s\n\n", program->name, program->summary);
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &rows[i];
        char                     left[40], value[512] = "";
        if (!takes(program, i))
            continue;
        snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "",
                 row->argument ? row->argument : "");
        printf("  %-20s ", left);
        for (const char *line = row->meaning; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
            printf("%s%.*s", line == row->meaning ? "" : "\n                       ", (int)strcspn(line, "\n"), line);
        if (row->word)
            print_words(row);
        if (row->kind != KIND_FLAG) {
            option_print(value, sizeof value, defaults, row);
            printf(" [%s]", value);
        }
        putchar('\n');
    }
    printf("\nEnvironment:\n"
           "  FATHOM_ISA           v4, v3, neon or ref: which kernels compute; the bits are the same [the best]\n"
           "  NO_COLOR             no colour in the progress bar\n"
           "\nExit status: 0 done, 1 failed, 2 a value that is not legal, 130 interrupted.\n");
}

void options_print_version(FILE *out, const struct program *program)
{
    char               gnuplot[64] = "";
    fathom_error       ignored;
    const plot_options svg = { .out = ".", .formats = PLOT_SVG };
    const fathom_isa  *isa = fathom_isa_find(getenv("FATHOM_ISA"));
    const plot_status  status = plot_check(gnuplot, sizeof gnuplot, &svg, &ignored);
    if (status == PLOT_NO_GNUPLOT)
        strcpy(gnuplot, "not found");
    else if (status != PLOT_OK)
        snprintf(gnuplot, sizeof gnuplot, "draws nothing: %s", plot_status_name(status));
    fprintf(out, "%s (Fathom) %s\nGSL %s\nSLEEF %d.%d.%d (as compiled)\ngnuplot %s\nkernels %s\n", program->name,
            FATHOM_VERSION, gsl_version, SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR, SLEEF_VERSION_PATCHLEVEL, gnuplot,
            isa ? fathom_isa_name(isa) : "none that this CPU runs");
}

void options_read(struct options *options, const struct program *program, int argc, char **argv)
{
    const struct options defaults = *options;
    fathom_error         error;
    switch (options_parse(options, &error, program, argc, argv)) {
    case OPTIONS_RUN:
        return;
    case OPTIONS_ILLEGAL:
        exit_usage("%s", error.text);
    case OPTIONS_HELP:
        print_help(&defaults, program);
        break;
    case OPTIONS_VERSION:
        options_print_version(stdout, program);
        break;
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        exit_failed("standard output: %s", strerror(errno));
    exit(EXIT_DONE);
}

/* --------------------------------------------------------------------------------------- the configuration ---- */

static bool is_setting(const struct options *options, const struct program *program, int i)
{
    return takes(program, i) && rows[i].setting && rows[i].only != (options_data_set(options) ? OF_FILE : OF_NAMED);
}

void options_each_setting(const struct options *options, const struct program *program, options_visit *visit,
                          void *context)
{
    const struct options library = options_default();
    for (int i = 0; i < OPTION_COUNT; i++)
        if (is_setting(options, program, i)) {
            char value[4096], other[4096];
            option_print(value, sizeof value, options, &rows[i]);
            option_print(other, sizeof other, &library, &rows[i]);
            if (!rows[i].if_other || strcmp(value, other) != 0)
                visit(context, rows[i].name, value);
        }
}

bool options_same_but(const struct options *options, const struct options *defaults, const struct program *program,
                      uint64_t but)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (is_setting(options, program, i) && !(but & TAKES(i))) {
            char one[4096], other[4096];
            option_print(one, sizeof one, options, &rows[i]);
            option_print(other, sizeof other, defaults, &rows[i]);
            if (strcmp(one, other) != 0)
                return false;
        }
    return true;
}
