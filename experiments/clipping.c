/* clipping.c - "The most reliable stabiliser is gradient clipping": where it holds, and what would hold better.
 *
 * A map of coupling x depth x peak rate for each leash: no clip, two clips, and no clip but a guard that leaves out a
 * step whose loss or gradient norm is not finite.  A guard that never acts changes no bit of a run: so only unclipped
 * runs that diverged are run again with it.
 */
#include "runner.h"

#include <math.h>
#include <stdlib.h>

#include "leave.h"

static const struct program program = {
    .name = "clipping",
    .summary = "Trains flows over depths, peak rates and clips, and unclipped with a guard that skips\n"
               "steps that are not finite, and tells which diverge: clipping.tsv.  Runs both couplings\n"
               "unless one is named, the affine with twice as many flows.",
    .takes = (TAKES_DATA | TAKES_FLOW | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) &
             ~(TAKES(OPTION_LR) | TAKES(OPTION_CLIP)), /* those two are the experiment's own */
};

/* Whether an affine run diverges is a matter of luck, and the claims are about how often: it takes more of them. */
static const struct {
    const char *name;
    size_t      times; /* as many seeds */
} couplings[] = {{"affine", 2}, {"spline", 1}};
static const double      rates[] = {1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2, 1e-1};

static const struct leash {
    double clip;
    bool   skip;
} leashes[] = {
    {.clip = INFINITY},
    {.clip = 1.0},
    {.clip = 0.1},
    {.clip = INFINITY, .skip = true},
};

enum {
    N_COUPLINGS = sizeof couplings / sizeof *couplings,
    N_RATES = sizeof rates / sizeof *rates,
    N_LEASHES = sizeof leashes / sizeof *leashes,
};

static size_t most_runs(const struct options *options)
{
    size_t flows = 0;
    for (size_t c = 0; c < N_COUPLINGS; c++)
        flows += couplings[c].times * options->seeds;
    return flows * options->depths.n * N_RATES * N_LEASHES;
}

static size_t fill_runs(struct run *runs, const struct setup *setup, const char *wanted)
{
    const struct options *options = setup->options;
    size_t                n = 0;
    for (size_t c = 0; c < (wanted ? 1 : N_COUPLINGS); c++)
        for (size_t d = 0; d < options->depths.n; d++)
            for (size_t r = 0; r < N_RATES; r++)
                for (size_t l = 0; l < N_LEASHES; l++)
                    for (size_t seed = 0; seed < options->seeds * (wanted ? 1 : couplings[c].times); seed++) {
                        struct run *run = &runs[n++];
                        *run = runner_run(setup, options->depths.depth[d], options->seed + seed);
                        run->flow.coupling = wanted ? wanted : couplings[c].name;
                        run->training.peak_lr = rates[r];
                        run->training.clip = leashes[l].clip;
                        run->training.skip = leashes[l].skip;
                        run->train = true;
                    }
    return n;
}

/* The guarded run of an unclipped one: the same coupling, depth, rate and seed. */
static bool guards(const struct run *guarded, const struct run *bare)
{
    return guarded->training.skip && !bare->training.skip && guarded->training.clip == bare->training.clip &&
           guarded->flow.coupling == bare->flow.coupling && guarded->flow.depth == bare->flow.depth &&
           guarded->training.peak_lr == bare->training.peak_lr && guarded->seed == bare->seed;
}

/* All the runs without a guard, then the guarded ones that it makes a difference to; the others have the same result. */
static void do_runs(struct run_result *results, const struct run *runs, const struct setup *setup, size_t n)
{
    struct run        *some = runner_runs(n);
    struct run_result *theirs = runner_results(n);
    size_t            *which = malloc((n + 1) * sizeof *which);
    if (!which)
        leave_failed("not enough memory");
    for (int guarded = 0; guarded < 2; guarded++) {
        size_t m = 0;
        for (size_t i = 0; i < n; i++) {
            if (runs[i].training.skip != guarded)
                continue;
            bool same = false;
            for (size_t j = 0; guarded && j < n; j++)
                if (guards(&runs[i], &runs[j]) && results[j].status == FATHOM_OK) {
                    results[i] = results[j];
                    same = true;
                }
            if (!same) {
                some[m] = runs[i];
                which[m++] = i;
            }
        }
        runner_do(theirs, some, setup, m);
        for (size_t k = 0; k < m; k++)
            results[which[k]] = theirs[k];
    }
    free(which);
    free(theirs);
    free(some);
}

static struct table *clipping_table(const struct run *runs, const struct run_result *results,
                                    const struct setup *setup, size_t n)
{
    struct table *table = setup_table(setup, "clipping",
                                      "coupling depth lr clip guard seed status diverged_at skipped train_logp "
                                      "heldout_logp");
    for (size_t i = 0; i < n; i++) {
        table_text(table, runs[i].flow.coupling);
        table_count(table, runs[i].flow.depth);
        table_setting(table, runs[i].training.peak_lr);
        if (isinf(runs[i].training.clip))
            table_text(table, "none");
        else
            table_setting(table, runs[i].training.clip);
        table_text(table, runs[i].training.skip ? "skip" : "none");
        table_count(table, runs[i].seed);
        table_text(table, fathom_status_name(results[i].status));
        table_number(table, results[i].diverged_at);
        table_count(table, results[i].skipped);
        table_number(table, results[i].mean_logp);
        table_number(table, results[i].heldout_logp);
    }
    return table;
}

int main(int argc, char **argv)
{
    struct options defaults = options_default();
    defaults.depths = (struct depth_list){3, {4, 8, 16}};
    defaults.seeds = 12;
    defaults.flow.coupling = NULL; /* both */

    struct options options = defaults;
    struct setup   setup;
    options_read(&options, &program, argc, argv);
    setup_open(&setup, &options, &program);

    struct run        *runs = runner_runs(most_runs(&options));
    const size_t       n = fill_runs(runs, &setup, options.flow.coupling);
    struct run_result *results = runner_results(n);
    do_runs(results, runs, &setup, n);

    struct table     *table = clipping_table(runs, results, &setup, n);
    const char *const figures[] = {"clipping", NULL};
    const int         code = setup_finish(&setup, &table, 1, figures, &defaults, TAKES(OPTION_SEEDS));
    runner_free(results, n);
    free(runs);
    setup_close(&setup);
    return code;
}
