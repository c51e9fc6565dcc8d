/* report_world.c - synthetic tables with known answers (report_world.h).
 *
 * Scatter is small, symmetric and other for each pair, so that a knob decides the verdict and chance does not.
 */
#include "report_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document.h"
#include "depth_world.h"
#include "residual_world.h"
#include "sibling_world.h"
#include "stability_world.h"
#include "warm_world.h"

enum { SEEDS = 8, CONFIRMED = 16, FIRST = 100, GRADIENT_SEEDS = 16, DRAWS = 32 };

static const double      depths[6] = { 1, 2, 4, 8, 16, 20 };
static const char *const couplings[2] = { "affine", "spline" };

struct world good_world(void)
{
    return (struct world){
        .heldout = { -1.80, -1.60, -1.55, -1.51, -1.49, -1.48 },
        .scatter = 1,
        .ensemble_shift = 0,
        .power = { 1.0, 1.3 },
        .finish = { { -.1, -.1 }, { .1, .1 } },
        .compounds = true,
        .masks = { 0, -.1, -.1, -.1 },
        .step_power = { .2, .2 },
        .growth = 0.2,
        .other_folds = true,
    };
}

/* A little scatter, symmetric about 0, other for each pair. */
static double noise(size_t a, size_t b) { return ((double)((a * 7 + b * 3) % 8) - 3.5) * 1e-4; }

/* The same of pairs whose signs count: between two arms half of the seeds differ in either direction. */
static double sign_noise(size_t seed, size_t arm) { return (seed % 2 ? 1e-4 : -1e-4) * (double)(arm + 1); }

/* Of the slopes of 16 seeds: their interval reaches some 0.003 to either side of the mean. */
static double step_noise(size_t seed) { return (double)(seed % 2 ? (int)seed : -(int)seed - 1) * 0.0006; }

/* Our draws stand between the reference's: the same distribution. */
static void write_depth_sweep(void)
{
    FILE *reference = fopen("tests/reference/ensemble.tsv", "r"), *file;
    char  line[256];
    assert_non_null(reference);
    file = create_table("depth_sweep",
                        "coupling depth seed replica n_params status diverged_at train_logp heldout_logp");
    while (fgets(line, sizeof line, reference)) {
        double depth, member, logp;
        if (sscanf(line, "%lf %lf %lf", &depth, &member, &logp) == 3)
            fprintf(file, "spline\t%g\t0\t%g\t100\tok\tnan\t%.9f\t%.9f\n", depth, member,
                    logp + 1e-6 + world.ensemble_shift, logp - 0.1);
    }
    rewind(reference);
    while (fgets(line, sizeof line, reference)) { /* the unseen replicas: the reference's, in the other direction */
        double depth, member, logp;
        if (sscanf(line, "%lf %lf %lf", &depth, &member, &logp) == 3)
            fprintf(file, "spline\t%g\t0\t%g\t100\tok\tnan\t%.9f\t%.9f\n", depth, 64 - member,
                    logp + world.unseen_shift + (member == 5 ? world.unseen_outlier : 0), logp - 0.1);
    }
    fclose(reference);
    finish_table(file);
    file = create_table("truth", "rows n mean_logp std_error");
    fprintf(file, "train\t3000\t-1.3821\t0.0158\nheldout\t20000\t-1.3918\t0.0061\n");
    finish_table(file);
    file = create_table("density_integral", "depth integral coarse_integral train_logp");
    fprintf(file, "1\t1.0000001\t0.99999\t-1.7\n");
    finish_table(file);
}

static void write_gradients(void)
{
    FILE *reference = fopen("tests/reference/untrained.tsv", "r");
    FILE *file = create_table("gradient_norm", "coupling depth seed n_params grad_norm untrained_logp");
    char  line[256], coupling[16];
    assert_non_null(reference);
    while (fgets(line, sizeof line, reference)) {
        double depth, n, logp, norm;
        if (sscanf(line, "%15s %lf %lf %lf %lf", coupling, &depth, &n, &logp, &norm) == 5)
            fprintf(file, "%s\t%g\t0\t%g\t%.17g\t%.17g\n", coupling, depth, n, norm + world.norm_change, logp);
    }
    fclose(reference);
    finish_table(file);
    file = create_table("gradient_depth", "coupling depth seed n_params grad_norm untrained_logp");
    for (size_t c = 0; c < 2; c++)
        for (size_t d = 0; d < 6; d++)
            for (size_t s = 0; s < GRADIENT_SEEDS; s++)
                fprintf(file, "%s\t%g\t%zu\t%g\t%.9g\t-3\n", couplings[c], depths[d], s, 1000 * depths[d],
                        2 * pow(depths[d], world.power[c]) * exp(100 * noise(s, d)));
    finish_table(file);
}

#define CHECKS(x) "\t" x "\t" x "\t" x "\t" x "\t" x "\t" x "\t" x "\n"
static void write_depth_truth(void)
{
    FILE *file = create_table(
        "depth_truth",
        "depth seed status diverged_at train_logp train_truth heldout_logp "
        "heldout_truth kl kl_std_error pit_ks pit_p coverage_50 coverage_90 coverage_99 energy_distance energy_sd");
    for (size_t d = 0; d < 6; d++)
        for (size_t s = 0; s < SEEDS; s++) {
            const double h = world.heldout[d] + world.scatter * noise(s, d) + world.common_scatter * noise(s, 0);
            if (world.nothing_finishes)
                fprintf(file, "%g\t%zu\tdiverged\t3\tnan\t-1.3821\tnan\t-1.3918\tnan\tnan" CHECKS("nan"), depths[d], s);
            else
                fprintf(file, "%g\t%zu\tok\tnan\t%.9f\t-1.3821\t%.9f\t-1.3918\t%.9f\t0.003" CHECKS("0.5"), depths[d], s,
                        h + 0.01 + world.gap_growth * (double)d + world.scatter * noise(s, d + 1), h,
                        world.kl_floor + (world.heldout[5] - world.heldout[d]) + world.scatter * noise(s, d + 2));
        }
    finish_table(file);
}

static void write_actnorm(void)
{
    static const char *const arms[] = { "none", "default", "data" };
    FILE                    *file = create_table(
                           "actnorm",
                           "coupling actnorm depth lr clip seed untrained_logp grad_norm status diverged_at first_kind first_rows "
                                              "train_logp heldout_logp");
    for (size_t c = 0; c < 2; c++)
        for (size_t a = 0; a < 3; a++)
            for (size_t d = 2; d < 5; d++)
                for (size_t s = 0; s < CONFIRMED; s++) {
                    const double end = a ? world.finish[a - 1][c] * (world.compounds && d == 2 ? 0.5 : 1) : 0;
                    fprintf(file, "%s\t%s\t%g\t%s\t%zu\t%.9f\t%.9f\t", couplings[1 - c], arms[a], depths[d],
                            c ? "0.01\tnone" : "0.003\t1", FIRST + s, -5 + noise(s, a + d), 10 + noise(s, a));
                    if (world.nothing_finishes)
                        fprintf(file, "diverged\t9\tscale-underflow\t2\tnan\tnan\n");
                    else
                        fprintf(file, "ok\tnan\tnone\tnan\t%.9f\t%.9f\n", -1.4 + end, -1.5 + end + sign_noise(s, a));
                }
    finish_table(file);
}

static void write_masks(void)
{
    static const char *const kinds[] = { "full", "no-flips", "no-rotations", "none" };
    FILE                    *file = create_table(
                           "masks", "coupling depth mixing seed status diverged_at first_kind first_rows train_logp heldout_logp");
    for (size_t d = 2; d < 4; d++)
        for (size_t k = 0; k < 4; k++)
            for (size_t s = 0; s < CONFIRMED; s++) {
                const double score = -1.6 + world.masks[k] + sign_noise(s, k);
                fprintf(file, "spline\t%g\t%s\t%zu\t", depths[d], kinds[k], FIRST + s);
                if (world.nothing_finishes)
                    fprintf(file, "diverged\t9\tscale-underflow\t2\tnan\tnan\n");
                else
                    fprintf(file, "ok\tnan\tnone\tnan\t%.9f\t%.9f\n", score + 0.1, score);
            }
    finish_table(file);
}

static void write_effective_step(void)
{
    FILE *file = create_table("effective_step", "coupling depth seed grad_norm status update_rms");
    for (size_t c = 0; c < 2; c++)
        for (size_t d = 0; d < 5; d++)
            for (size_t s = 0; s < CONFIRMED; s++)
                fprintf(file, "%s\t%g\t%zu\t%.9g\t%s\t%.9g\n", couplings[c], depths[d], FIRST + s, 2 * depths[d],
                        world.nothing_finishes ? "diverged" : "ok",
                        0.1 * pow(depths[d], world.step_power[c] + step_noise(s)));
    finish_table(file);
}

static void write_roundoff(void)
{
    FILE *file = create_table("roundoff", "depth step least median greatest");
    for (size_t d = 0; d < 4; d++)
        for (size_t step = 0; step < 400; step++) {
            const double value = fmin(1e-15 * exp(world.growth * (double)step), 0.05);
            fprintf(file, "%g\t%zu\t%.9g\t%.9g\t%.9g\n", depths[d], step, value / 2, value, value * 2);
        }
    finish_table(file);
    file = create_table("roundoff_final", "depth replica status train_logp heldout_logp");
    for (size_t d = 0; d < 4; d++)
        for (size_t r = 0; r < 9; r++)
            fprintf(file, "%g\t%zu\tok\t%.9f\t%.9f\n", depths[d], r,
                    -1.5 + (world.growth > 0.1 ? 10 : 1e-9) * noise(r, d), -1.6 + noise(r, d));
    finish_table(file);
}

static void write_residual(void)
{
    FILE *file = create_table("residual_inverse", "a b lipschitz monotone nonincreasing_steps banach_max_err");
    fprintf(file, "0.3\t1\t0.3\t%s\t0\t4e-16\n0.9\t1.5\t1.35\t%s\t130\t1.7\n",
            world.contraction_folds ? "false" : "true", world.other_folds ? "false" : "true");
    finish_table(file);
    file = create_table("residual_linear", "slope lipschitz monotone formula_max_err banach_max_err");
    fprintf(file, "2\t2\ttrue\t%s\t6.9e18\n", world.linear_is_lost ? "1.1e-15" : "4e-16");
    finish_table(file);
    file = create_table("residual_contraction", "family lipschitz contraction monotone nonincreasing_steps preimages "
                                                "iterations promised formula_max_err");
    fprintf(file, "sine\t0.5\ttrue\t%s\t0\t1\t36\t39.863\tnan\nsine\t1.3\tfalse\tfalse\t278\t3\tnan\tnan\tnan\n",
            world.contraction_folds ? "false" : "true");
    fprintf(file, "linear\t2\tfalse\ttrue\t0\t1\tnan\tnan\t%s\n", world.linear_is_lost ? "1.1e-15" : "4e-16");
    finish_table(file);
    file = create_table("residual_banach", "a b iteration max_err bound");
    for (int i = 0; i < 61; i++)
        fprintf(file, "0.3\t1\t%d\t%.9g\t%.9g\n", i, pow(0.29, i), pow(0.3, i));
    finish_table(file);
}

static void write_conditioner(void)
{
    FILE *file = create_table("conditioner", "output segment low high rows batch_rows slope low_value high_value");
    for (int o = 0; o < 2; o++)
        for (int i = 0; i < 4; i++)
            fprintf(file, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t0\t0\n", o ? "raw_height" : "raw_width", 7 + i, i - 2, i - 1,
                    10 * i, i, i - o);
    finish_table(file);
}

void write_world(void)
{
    write_depth_sweep();
    write_gradients();
    write_depth_truth();
    write_depth();
    write_stability();
    write_actnorm();
    write_masks();
    write_warm();
    write_effective_step();
    write_roundoff();
    write_residual();
    write_residual_flows();
    write_conditioner();
    write_sibling();
}

/* ---------------------------------------------------------------------------------------------------- asking ---- */

/* The report on the scratch folder; the caller frees.  Fails the test if there is none. */
char *report(void) { return report_on(world_folder); }

char *report_on(const char *folder)
{
    struct bytes text = { 0 };
    fathom_error error = { "" };
    if (!document_write(&text, EDITION_WHOLE, folder, ".", &error))
        fail_msg("no report: %s", error.text);
    return text.data;
}

/* The first row that starts so, "\n| ...", holds this cell. */
void cell_is(const char *text, const char *row, const char *expected)
{
    const char *line = strstr(text, row), *end = line ? strchr(line + 1, '\n') : NULL;
    const char *found = line ? strstr(line, expected) : NULL;
    if (!found || found > end)
        fail_msg("expected %s in the row\n%.*s", expected, line ? (int)(end - line) : 40,
                 line ? line : "(there is no such row)");
}

/* In the world as it is now, the claim whose title starts so has this verdict. */
void verdict_is(const char *title, const char *verdict)
{
    char row[160], expected[64], *text;
    write_world();
    text = report();
    snprintf(row, sizeof row, "\n| [%s", title);
    snprintf(expected, sizeof expected, "| **%s**", verdict);
    cell_is(text, row, expected);
    free(text);
}

int new_world(void **state)
{
    (void)state;
    world = good_world();
    stability_world = good_stability();
    depth_world = good_depth();
    warm_world = good_warm();
    residual_world = good_residual();
    sibling_world = good_sibling();
    return 0;
}

void refuses(const char *first, const char *second)
{
    struct bytes text = { 0 };
    fathom_error error = { "" };
    assert_false(document_write(&text, EDITION_WHOLE, world_folder, ".", &error));
    assert_int_equal(text.size, 0); /* nothing half-written */
    bytes_free(&text);
    if (!strstr(error.text, first) || !strstr(error.text, second) || strchr(error.text, '\n'))
        fail_msg("expected '%s' and '%s' in one line, got '%s'", first, second, error.text);
}

/* The committed tables that this world has none of its own for, as symbolic links: a new judge needs no world. */
static int link_results(void)
{
    char           here[PATH_MAX], from[2 * PATH_MAX], to[2 * PATH_MAX];
    int            status = getcwd(here, sizeof here) ? 0 : -1;
    DIR           *folder = opendir("results");
    struct dirent *entry;
    assert_non_null(folder);
    while (status == 0 && (entry = readdir(folder))) {
        const size_t length = strlen(entry->d_name);
        char         name[64];
        if (length < 5 || length - 4 >= sizeof name || strcmp(entry->d_name + length - 4, ".tsv") != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(length - 4), entry->d_name);
        if (world_writes(name))
            continue;
        snprintf(from, sizeof from, "%s/results/%s", here, entry->d_name);
        snprintf(to, sizeof to, "%s/%s", world_folder, entry->d_name);
        status = symlink(from, to);
    }
    closedir(folder);
    return status;
}

int make_folder(void **state)
{
    (void)state;
    strcpy(world_folder, "/tmp/fathom-report-XXXXXX");
    return mkdtemp(world_folder) ? link_results() : -1;
}

int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", world_folder);
    return system(command);
}
