/* test_options.c - the command line: what is read, and what is refused with which words.
 *
 * One table of legal values and what they become, one of illegal ones: each must be refused with a line that names
 * the option, the value and the legal range.
 */
#include "options.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plot.h"
#include "table.h"

static const struct program everything = { .name = "everything",
                                           .summary = "All options.",
                                           .takes = TAKES_DATA | TAKES_FLOW | TAKES_START | TAKES_SEEDS |
                                                    TAKES_TRAINING | TAKES(OPTION_REPLICAS) | TAKES_OUTPUT };

enum { WORDS = 12 };

/* Parses blank-separated words; "''" stands for an empty one. */
static enum options_outcome parse(struct options *options, fathom_error *error, const struct program *program,
                                  const char *line)
{
    static char text[512]; /* the options point into it */
    char       *argv[WORDS + 2], name[] = "everything";
    int         argc = 0;
    argv[argc++] = name;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        assert_true(argc <= WORDS);
        if (strcmp(word, "''") == 0)
            *word = '\0';
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    *options = options_default();
    error->text[0] = '\0';
    return options_parse(options, error, program, argc, argv);
}

static struct options legal(const char *line)
{
    struct options options;
    fathom_error   error;
    if (parse(&options, &error, &everything, line) != OPTIONS_RUN)
        fail_msg("'%s' was refused: %s", line, error.text);
    return options;
}

static void test_defaults_are_the_notebooks(void **state)
{
    (void)state;
    const struct options o = legal("");
    assert_null(o.data);
    assert_int_equal(o.data_seed, 0);
    assert_int_equal(o.data_size, 3000);
    assert_string_equal(o.flow.coupling, "spline");
    assert_int_equal(o.depths.n, 4);
    assert_int_equal(o.depths.depth[3], 8);
    assert_int_equal(o.flow.knots, 8);
    assert_int_equal(o.flow.components, 8);
    assert_true(o.flow.interval == 4);
    assert_int_equal(o.flow.width, 24);
    assert_int_equal(o.flow.hidden, 2);
    assert_int_equal(o.flow.actnorm, FATHOM_ACTNORM_NONE);
    assert_int_equal(o.seed, 0);
    assert_int_equal(o.seeds, 1);
    assert_int_equal(o.batch_seed, 1);
    assert_int_equal(o.training.steps, 1200);
    assert_int_equal(o.training.batch, 512);
    assert_true(o.training.peak_lr == 3e-3);
    assert_true(o.training.clip == 1);
    assert_int_equal(o.replicas, 1);
    assert_true(o.threads >= 1);
    assert_string_equal(o.out, "results");
    assert_int_equal(o.formats, PLOT_SVG);
    assert_false(o.no_plot || o.quiet);
    assert_non_null(o.isa);
}

static void test_values_are_read(void **state)
{
    (void)state;
    struct options o = legal("--data rows.csv --heldout 0.25 --data-seed 7 --coupling affine");
    assert_string_equal(o.data, "rows.csv");
    assert_true(o.heldout == 0.25);
    assert_int_equal(o.data_seed, 7);
    assert_string_equal(o.flow.coupling, "affine");
    o = legal("--depths 20,1,1024 --bins=256 --interval 1.5e2 --actnorm data");
    assert_int_equal(o.depths.n, 3);
    assert_int_equal(o.depths.depth[0], 20);
    assert_int_equal(o.depths.depth[2], 1024);
    assert_int_equal(o.flow.knots, 256);
    assert_true(o.flow.interval == 150);
    assert_int_equal(o.flow.actnorm, FATHOM_ACTNORM_DATA);
    o = legal("--clip none --lr .5 --steps 4 --seed 9007199254740991");
    assert_true(isinf(o.training.clip));
    assert_true(o.training.peak_lr == 0.5);
    assert_int_equal(o.training.steps, 4);
    assert_int_equal(o.seed, 9007199254740991);
    o = legal("--format pdf,svg --no-plot --quiet --threads 3");
    assert_int_equal(o.formats, PLOT_PDF | PLOT_SVG);
    assert_true(o.no_plot && o.quiet);
    assert_int_equal(o.threads, 3);
    o = legal("--stabiliser rewind"); /* which acts without a clip */
    assert_string_equal(o.training.stabiliser, "rewind");
    assert_true(isinf(o.training.clip));
    o = legal("--clip 1 --clip 0.1"); /* the last one counts */
    assert_string_equal(o.training.stabiliser, "clip");
    assert_true(o.training.clip == 0.1);
    o = legal("--data ./--odd --out -");
    assert_string_equal(o.data, "./--odd");
    assert_string_equal(o.out, "-");
    assert_true(o.out_given);
    assert_false(legal("--quiet").out_given);
    o = legal("--heldout 0 --data rows.csv");
    assert_true(o.heldout == 0);
    o = legal("--data - --separator ; --decimal , --header --skip 12 --columns x,2");
    assert_string_equal(o.data, "-");
    assert_int_equal(o.separator, ';');
    assert_int_equal(o.decimal, ',');
    assert_true(o.header && !o.no_header);
    assert_int_equal(o.skip, 12);
    assert_string_equal(o.columns, "x,2");
    o = legal("--data x --separator tab --no-header");
    assert_int_equal(o.separator, '\t');
    assert_int_equal(o.decimal, '.');
    assert_true(o.no_header && !o.header);
    assert_int_equal(legal("--data x --separator blank").separator, ' ');
    assert_int_equal(legal("--data x --separator |").separator, '|');
    assert_int_equal(legal("--data x --decimal comma").decimal, ',');
    assert_int_equal(legal("--data x").separator, '\0');
}

static const struct {
    const char *line, *names, *range;
} illegal[] = {
    /* counts: empty, sign, fraction, exponent, other bases, trailing text, ends of the range, overflow */
    { "--steps ''", "--steps ''", "from 4 to 10000000" },
    { "--steps -5", "--steps '-5'", "from 4 to 10000000" },
    { "--steps +5", "--steps '+5'", "from 4 to 10000000" },
    { "--steps 5.0", "--steps '5.0'", "from 4 to 10000000" },
    { "--steps 1e3", "--steps '1e3'", "from 4 to 10000000" },
    { "--steps 0x10", "--steps '0x10'", "from 4 to 10000000" },
    { "--steps 12x", "--steps '12x'", "from 4 to 10000000" },
    { "--steps nan", "--steps 'nan'", "from 4 to 10000000" },
    { "--steps 3", "--steps '3'", "from 4 to 10000000" },
    { "--steps 10000001", "--steps '10000001'", "from 4 to 10000000" },
    { "--steps 18446744073709551620", "--steps '18446744073709551620'", "from 4 to 10000000" },
    { "--steps 99999999999999999999999999999999999999", "--steps", "from 4 to 10000000" },
    { "--batch 0", "--batch '0'", "from 1 to 1000000" },
    { "--bins 0", "--bins '0'", "from 1 to 256" },
    { "--bins 257", "--bins '257'", "from 1 to 256" },
    { "--width 0", "--width '0'", "from 1 to 1024" },
    { "--hidden 9", "--hidden '9'", "from 0 to 8" },
    { "--data-size 1", "--data-size '1'", "from 2 to 10000000" },
    { "--seed 9007199254740992", "--seed '9007199254740992'", "from 0 to 9007199254740991" },
    { "--seed 18446744073709551616", "--seed", "from 0 to 9007199254740991" },
    { "--data-seed -1", "--data-seed '-1'", "from 0 to" },
    { "--batch-seed x", "--batch-seed 'x'", "from 0 to" },
    { "--seeds 0", "--seeds '0'", "from 1 to 10000" },
    { "--replicas 0", "--replicas '0'", "from 1 to 10000" },
    { "--threads 0", "--threads '0'", "from 1 to 1024" },
    /* numbers */
    { "--lr ''", "--lr ''", "above 0 and at most 1000" },
    { "--lr 0", "--lr '0'", "above 0 and at most 1000" },
    { "--lr -1e-3", "--lr '-1e-3'", "above 0 and at most 1000" },
    { "--lr nan", "--lr 'nan'", "above 0 and at most 1000" },
    { "--lr inf", "--lr 'inf'", "above 0 and at most 1000" },
    { "--lr 1e999", "--lr '1e999'", "above 0 and at most 1000" },
    { "--lr 1e-999", "--lr '1e-999'", "above 0 and at most 1000" },
    { "--lr 0x1p-3", "--lr '0x1p-3'", "above 0 and at most 1000" },
    { "--lr 1e-3x", "--lr '1e-3x'", "above 0 and at most 1000" },
    { "--lr 1,5", "--lr '1,5'", "above 0 and at most 1000" },
    { "--lr 1e", "--lr '1e'", "above 0 and at most 1000" },
    { "--lr .", "--lr '.'", "above 0 and at most 1000" },
    { "--stabiliser none", "--stabiliser 'none'", "one of clip, skip, olmo, zclip, agc, amsgrad, beta2, rewind" },
    { "--clip 0", "--clip '0'", "none, or a number above 0" },
    { "--clip None", "--clip 'None'", "none, or a number above 0" },
    { "--clip inf", "--clip 'inf'", "none, or a number above 0" },
    { "--interval 0", "--interval '0'", "above 0 and at most 1000000" },
    { "--interval 1000001", "--interval '1000001'", "above 0 and at most" },
    { "--data x --heldout 1", "--heldout '1'", "from 0 and below 1" },
    { "--data x --heldout -0.1", "--heldout '-0.1'", "from 0 and below 1" },
    /* lists and words */
    { "--depths ''", "--depths ''", "whole numbers from 1 to 1024" },
    { "--depths 0", "--depths '0'", "whole numbers from 1 to 1024" },
    { "--depths 1,,2", "--depths '1,,2'", "whole numbers from 1 to 1024" },
    { "--depths 1,2,", "--depths '1,2,'", "whole numbers from 1 to 1024" },
    { "--depths ,1", "--depths ',1'", "whole numbers from 1 to 1024" },
    { "--depths 1;2", "--depths '1;2'", "separated by commas" },
    { "--depths 2,4,2", "--depths '2,4,2'", "none twice" },
    { "--depths 1025", "--depths '1025'", "whole numbers from 1 to 1024" },
    { "--coupling ''", "--coupling ''", "spline, affine" },
    { "--coupling Spline", "--coupling 'Spline'", "spline, affine" },
    { "--actnorm yes", "--actnorm 'yes'", "none, default, data" },
    { "--start hot", "--start 'hot'", "cold, rotations, warm" },
    { "--rotation none", "--rotation 'none'", "householder, frozen, free" },
    { "--start rotations", "--start rotations", "--rotation frozen" },
    { "--start warm", "--start warm", "--rotation frozen" },
    { "--format gif", "--format 'gif'", "svg, png, pdf" },
    { "--format svg,", "--format 'svg,'", "svg, png, pdf" },
    { "--format ''", "--format ''", "svg, png, pdf" },
    { "--out ''", "--out ''", "not empty" },
    { "--data ''", "--data ''", "not empty" },
    { "--out --no-plot", "--out '--no-plot'", "does not begin with -- (./--name is legal)" },
    { "--out=--quiet", "--out '--quiet'", "does not begin with --" },
    { "--data x --columns --y", "--columns '--y'", "must be a list that is not empty" },
    { "--data -- --quiet", "--data '--'", "does not begin with --" },
    { "--data x --columns ''", "--columns ''", "not empty" },
    { "--data x --separator ''", "--separator ''", "tab, semicolon, comma, bar, blank, or the sign itself" },
    { "--data x --separator :", "--separator ':'", "tab, semicolon, comma, bar, blank, or the sign itself" },
    { "--data x --separator Tab", "--separator 'Tab'", "tab, semicolon, comma, bar, blank, or the sign itself" },
    { "--data x --decimal ;", "--decimal ';'", "point, comma, or the sign itself" },
    { "--data x --skip -1", "--skip '-1'", "from 0 to 1000000000" },
    /* values that do not go together */
    { "--interval 0.0045", "--interval 0.0045", "below 2 x interval" },
    { "--bins 255 --interval 0.128", "--bins 255", "below 2 x interval" },
    { "--stabiliser agc --clip 2", "--clip 2 --stabiliser agc", "only with the stabiliser clip" },
    { "--heldout 0.1", "--heldout 0.1", "only with --data" },
    { "--validation 0.1", "--validation 0.1", "only with --data" },
    { "--data x --validation 1", "--validation '1'", "from 0 and below 1" },
    { "--data x --heldout 0.5 --validation 0.5", "--validation 0.5", "sum must be below 1" },
    { "--separator tab", "--separator", "only with --data" },
    { "--decimal ,", "--decimal", "only with --data" },
    { "--header", "--header", "only with --data" },
    { "--no-header", "--no-header", "only with --data" },
    { "--skip 1", "--skip", "only with --data" },
    { "--columns 1,2", "--columns", "only with --data" },
    { "--data x --header --no-header", "--header", "only one" },
    { "--data x --decimal , --separator ,", "--decimal comma", "two signs" },
    { "--data x --data-size 5", "--data-size 5", "only without --data" },
    { "--steps 1000000 --batch 1000000", "--steps 1000000 --batch 1000000", "at most 1073741824" },
    /* not options at all */
    { "--frobnicate", "--frobnicate", "--help" },
    { "-x", "-x", "--help" },
    { "--quiet=yes", "--quiet", "without a value" },
    { "--steps", "--steps", "needs a value" },
    { "results", "results", "--help" },
    { "-- 5", "5", "--help" },
};

static void test_illegal_values_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof illegal / sizeof *illegal; i++) {
        struct options options;
        fathom_error   error;
        if (parse(&options, &error, &everything, illegal[i].line) != OPTIONS_ILLEGAL)
            fail_msg("'%s' was taken", illegal[i].line);
        if (!strstr(error.text, illegal[i].names) || !strstr(error.text, illegal[i].range) || strchr(error.text, '\n'))
            fail_msg("'%s': '%s' should name '%s' and say '%s'", illegal[i].line, error.text, illegal[i].names,
                     illegal[i].range);
    }
}

/* GNU manners: a beginning that is only one option's will do. */
static void test_abbreviations(void **state)
{
    (void)state;
    struct options options;
    fathom_error   error;
    assert_int_equal(legal("--rep 5").replicas, 5);
    assert_int_equal(parse(&options, &error, &everything, "--dat x"), OPTIONS_ILLEGAL); /* data, data-seed, data-size */
    assert_non_null(strstr(error.text, "ambiguous"));
}

static void test_ends_of_ranges_are_legal(void **state)
{
    (void)state;
    static const char *const lines[] = { "--steps 4",
                                         "--steps 10000000 --batch 100",
                                         "--batch 1",
                                         "--batch 1000000 --steps 4",
                                         "--bins 1",
                                         "--bins 256",
                                         "--interval 1e6",
                                         "--interval 0.00451",
                                         "--components 1",
                                         "--components 64",
                                         "--width 1024",
                                         "--hidden 0",
                                         "--hidden 8",
                                         "--lr 1000",
                                         "--lr 1e-300",
                                         "--clip 1e300",
                                         "--clip none --stabiliser agc",
                                         "--data-size 2",
                                         "--depths 1024",
                                         "--seeds 10000",
                                         "--replicas 10000",
                                         "--threads 1024",
                                         "--data x --heldout 0.999",
                                         "--bins 255 --interval 0.1281" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        legal(lines[i]);
}

/* At each end of a range and one beyond it, an option takes what the library takes, and nothing else. */
static void test_ranges_are_the_librarys(void **state)
{
    (void)state;
    static const struct {
        const char *option;
        size_t      field, low, high;
    } counts[] = {
        { "--depths", offsetof(fathom_config, depth), FATHOM_DEPTH_MIN, FATHOM_DEPTH_MAX },
        { "--bins", offsetof(fathom_config, knots), FATHOM_KNOTS_MIN, FATHOM_KNOTS_MAX },
        { "--components", offsetof(fathom_config, components), FATHOM_COMPONENTS_MIN, FATHOM_COMPONENTS_MAX },
        { "--width", offsetof(fathom_config, width), FATHOM_WIDTH_MIN, FATHOM_WIDTH_MAX },
        { "--hidden", offsetof(fathom_config, hidden), 0, FATHOM_HIDDEN_MAX },
    };
    struct options options;
    fathom_error   error;
    char           line[64];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const size_t value[] = { counts[i].low - (counts[i].low > 0), counts[i].low, counts[i].high,
                                 counts[i].high + 1 };
        for (size_t v = 0; v < 4; v++) {
            fathom_config config = fathom_config_default();
            memcpy((char *)&config + counts[i].field, &value[v], sizeof value[v]);
            const bool taken = fathom_n_params(&config, NULL) > 0;
            assert_int_equal(taken, value[v] >= counts[i].low && value[v] <= counts[i].high);
            snprintf(line, sizeof line, "%s %zu", counts[i].option, value[v]);
            if (taken != (parse(&options, &error, &everything, line) == OPTIONS_RUN))
                fail_msg("'%s': the library and the option differ", line);
        }
    }
    static const char *const intervals[] = { "0", "1e-300", "0.0045", "0.0046", "1e6", "1000001" };
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        fathom_config config = fathom_config_default();
        config.interval = strtod(intervals[i], NULL);
        snprintf(line, sizeof line, "--interval %s", intervals[i]);
        assert_int_equal(fathom_n_params(&config, NULL) > 0, parse(&options, &error, &everything, line) == OPTIONS_RUN);
    }
    static const char *const rates[] = { "0", "1e-300", "1000", "1000.001" };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        fathom_train_options training = fathom_train_options_default();
        training.peak_lr = strtod(rates[i], NULL);
        snprintf(line, sizeof line, "--lr %s", rates[i]);
        assert_int_equal(fathom_train_options_check(&training, NULL) == FATHOM_OK,
                         parse(&options, &error, &everything, line) == OPTIONS_RUN);
    }
}

static void test_a_program_takes_only_its_options(void **state)
{
    (void)state;
    const struct program few = { .name = "few", .summary = "", .takes = TAKES_OUTPUT };
    struct options       options;
    fathom_error         error;
    assert_int_equal(parse(&options, &error, &few, "--out x --threads 2"), OPTIONS_RUN);
    assert_int_equal(parse(&options, &error, &few, "--steps 10"), OPTIONS_ILLEGAL);
    assert_non_null(strstr(error.text, "--steps"));
    assert_int_equal(parse(&options, &error, &few, "--help --steps"), OPTIONS_HELP);
    assert_int_equal(parse(&options, &error, &few, "--version"), OPTIONS_VERSION);
}

static void test_kernels_from_the_environment(void **state)
{
    (void)state;
    struct options options;
    fathom_error   error;
    setenv("FATHOM_ISA", "ref", 1);
    assert_string_equal(fathom_isa_name(legal("").isa), "ref");
    static const char *const unknown[] = { "", "v5", "REF", "ref " };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        setenv("FATHOM_ISA", unknown[i], 1);
        assert_int_equal(parse(&options, &error, &everything, ""), OPTIONS_ILLEGAL);
        assert_non_null(strstr(error.text, "FATHOM_ISA"));
        assert_non_null(strstr(error.text, "v4, v3, neon or ref"));
    }
    unsetenv("FATHOM_ISA");
}

struct settings {
    char   text[2048];
    size_t n;
};

static void add_setting(void *context, const char *key, const char *value)
{
    struct settings *s = context;
    const size_t     at = strlen(s->text);
    snprintf(s->text + at, sizeof s->text - at, "%s=%s ", key, value);
    s->n++;
}

/* The head of a table is a command line: reading it again gives the same settings. */
static void test_settings_read_back(void **state)
{
    (void)state;
    struct settings first = { 0 };
    struct options  o = legal("--lr 0.1 --clip none --depths 3,1 --actnorm data"), defaults = options_default();
    options_each_setting(&o, &everything, add_setting, &first);
    static const char *const expected[] = { "data=spiral ",  "lr=0.1 ",          "clip=none ",  "depths=3,1 ",
                                            "actnorm=data ", "coupling=spline ", "interval=4 ", "batch-seed=1 " };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!strstr(first.text, expected[i]))
            fail_msg("'%s' is not in '%s'", expected[i], first.text);
    assert_null(strstr(first.text, "threads"));
    assert_null(strstr(first.text, " out="));
    assert_non_null(strstr(first.text, "data-size=3000 "));
    assert_null(strstr(first.text, "columns=")); /* how a file is read is no setting of the spiral's */
    assert_null(strstr(first.text, "separator="));

    struct settings of_file = { 0 };
    o = legal("--data x --separator , --header --columns a,b --skip 2");
    options_each_setting(&o, &everything, add_setting, &of_file);
    static const char *const read[] = { "data=x ",     "separator=comma ", "decimal=point ",
                                        "header=yes ", "skip=2 ",          "columns=a,b " };
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        if (!strstr(of_file.text, read[i]))
            fail_msg("'%s' is not in '%s'", read[i], of_file.text);
    assert_null(strstr(of_file.text, "data-size="));
    o = legal("--lr 0.1 --clip none --depths 3,1 --actnorm data");

    assert_false(options_same_but(&o, &defaults, &everything, 0));
    assert_true(options_same_but(&o, &defaults, &everything,
                                 TAKES(OPTION_LR) | TAKES(OPTION_CLIP) | TAKES(OPTION_DEPTHS) | TAKES(OPTION_ACTNORM)));
    o = legal("--threads 7 --out elsewhere --quiet --lr 0.0030");
    assert_true(options_same_but(&o, &defaults, &everything, 0));
}

int main(void)
{
    unsetenv("FATHOM_ISA");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_the_notebooks),
        cmocka_unit_test(test_values_are_read),
        cmocka_unit_test(test_illegal_values_are_refused),
        cmocka_unit_test(test_abbreviations),
        cmocka_unit_test(test_ends_of_ranges_are_legal),
        cmocka_unit_test(test_ranges_are_the_librarys),
        cmocka_unit_test(test_a_program_takes_only_its_options),
        cmocka_unit_test(test_kernels_from_the_environment),
        cmocka_unit_test(test_settings_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
