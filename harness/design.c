/* design.c - which runs an experiment makes (design.h).
 *
 * One recursion over the nesting: each axis sets its own part of the run and hands it on; behind the last axis the run
 * is complete and is added.
 */
#include "design.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"

struct listing {
    struct run_list      *runs;
    const struct design  *design;
    const struct options *options;
    struct run            run;   /* as far as it is set              */
    size_t                seeds; /* levels of AXIS_SEED below this   */
};

static void add(struct run_list *runs, const struct run *run)
{
    if (runs->n == runs->room) {
        const size_t room = 2 * runs->room + 64;
        struct run  *grown = realloc(runs->run, room * sizeof *grown);
        if (!grown)
            exit_failed("not enough memory for a list of %zu runs", runs->n + 1);
        runs->run = grown;
        runs->room = room;
    }
    runs->run[runs->n++] = *run;
}

/* The run is complete, but for what depends on the others. */
static void finish(struct listing *l)
{
    const struct design *design = l->design;
    struct run           run = l->run;
    run.probe = design->probe;
    run.train = design->train;
    run.training.measure_steps = design->measure_steps;
    run.keep_params = design->keep_params;
    run.keep_trace = design->trace == TRACE_ALL ||
                     (design->trace == TRACE_FIRST && run.seed == l->options->seed && run.replica == 0);
    add(l->runs, &run);
}

static void nest(struct listing *l, const enum axis *axis);

static void nest_couplings(struct listing *l, const enum axis *rest)
{
    const struct options *options = l->options;
    if (options->flow.coupling) {
        nest(l, rest);
        return;
    }
    for (size_t i = 0; i < l->design->n_couplings; i++) {
        const struct coupling_level *level = &l->design->couplings[i];
        l->run.flow.coupling = level->name;
        l->seeds = options->seeds * level->seeds_factor;
        nest(l, rest);
    }
}

static void nest_arms(struct listing *l, const enum axis *rest)
{
    const struct run before = l->run;
    for (size_t i = 0; i < l->design->n_arms; i++) {
        const struct arm *arm = &l->design->arms[i];
        l->run.arm = arm->name;
        l->run.only_if_diverged = arm->only_if_diverged;
        l->run.training.skip = arm->skip;
        if (arm->clip > 0)
            l->run.training.clip = arm->clip;
        if (arm->width > 0)
            l->run.flow.width = arm->width;
        if (arm->bins > 0)
            l->run.flow.knots = arm->bins;
        for (int kind = 0; arm->actnorm && options_actnorms[kind]; kind++)
            if (strcmp(arm->actnorm, options_actnorms[kind]) == 0)
                l->run.flow.actnorm = (fathom_actnorm)kind;
        for (int kind = 0; arm->mixing && runner_mixings[kind]; kind++)
            if (strcmp(arm->mixing, runner_mixings[kind]) == 0)
                l->run.flow.mixing = (fathom_mixing)kind;
        nest(l, rest);
        l->run = before;
    }
}

static void nest(struct listing *l, const enum axis *axis)
{
    const struct options *options = l->options;
    const enum axis      *rest = axis + 1;
    switch (*axis) {
    case AXIS_END:
        finish(l);
        break;
    case AXIS_COUPLING:
        nest_couplings(l, rest);
        break;
    case AXIS_DEPTH:
        for (size_t d = 0; d < (l->design->depths ? l->design->n_depths : options->depths.n); d++) {
            l->run.flow.depth = l->design->depths ? l->design->depths[d] : options->depths.depth[d];
            nest(l, rest);
        }
        break;
    case AXIS_RATE:
        for (size_t r = 0; r < l->design->n_rates; r++) {
            l->run.training.peak_lr = l->design->rates[r];
            nest(l, rest);
        }
        break;
    case AXIS_ARM:
        nest_arms(l, rest);
        break;
    case AXIS_SEED:
        for (size_t s = 0; s < l->seeds; s++) {
            l->run.seed = options->seed + s;
            nest(l, rest);
        }
        break;
    case AXIS_REPLICA:
        for (size_t r = 0; r < options->replicas; r++) {
            l->run.replica = r;
            nest(l, rest);
        }
        break;
    }
}

/* A design states its couplings in its own order; their names are the library's. */
static void check_couplings(const struct design *design)
{
    for (size_t i = 0; i < design->n_couplings; i++) {
        fathom_config config = fathom_config_default();
        fathom_error  error;
        config.coupling = design->couplings[i].name;
        if (fathom_n_params(&config, &error) == 0)
            exit_failed("%s", error.text);
    }
}

void design_list(struct run_list *runs, const struct design *design, const struct session *session)
{
    const struct options *options = session->options;

    struct listing l = {
        .runs = runs,
        .design = design,
        .options = options,
        .seeds = options->seeds,
        .run = { .flow = options->flow, .training = options->training, .seed = options->seed },
    };
    check_couplings(design);
    nest(&l, design->nesting);
}
