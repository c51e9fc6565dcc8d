/* design.c - which runs an experiment makes (design.h).
 *
 * One recursion over the nesting: each axis sets its own part of the run and hands it on; behind the last axis the run
 * is complete and is added.
 */
#include "design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "flow_words.h"
#include "run_store.h"

struct listing {
    struct run_list      *runs;
    const struct design  *design;
    const struct options *options;
    const struct session *session;
    const struct arm     *arm;        /* NULL: none                       */
    struct run            run;        /* as far as it is set              */
    size_t                seeds;      /* levels of AXIS_SEED below this   */
    size_t                part_seeds; /* the same without a coupling's factor */
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

/* The place of a word in its list, which ends with NULL; `other` if the word is NULL. */
static size_t place_of(const char *word, const char *const *words, size_t other)
{
    for (size_t i = 0; word && words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    if (word)
        exit_failed("an arm of the design has no setting '%s'", word);
    return other;
}

/* Of such a flow, other than its depth and width. */
static size_t n_params(fathom_config flow, size_t depth, size_t width)
{
    fathom_error error;
    flow.depth = depth;
    flow.width = width;
    const size_t n = fathom_n_trained(&flow, &error);
    if (n == 0)
        exit_failed("%s", error.text);
    return n;
}

/* The arm's own differences, but for what depends on other runs. */
static void apply(struct run *run, const struct arm *arm)
{
    if (arm->stabiliser) {
        run->training.stabiliser = arm->stabiliser;
        run->training.clip = options_clip(arm->stabiliser, run->training.clip);
    }
    if (arm->clip > 0)
        run->training.clip = arm->clip;
    if (arm->width > 0)
        run->flow.width = arm->width;
    if (arm->bins > 0)
        run->flow.knots = arm->bins;
    if (arm->coupling)
        run->flow.coupling = arm->coupling;
    if (arm->terms > 0)
        run->flow.terms = arm->terms;
    if (arm->stop > 0)
        run->flow.stop = arm->stop;
    if (arm->lipschitz > 0)
        run->flow.lipschitz = arm->lipschitz;
    run->flow.actnorm = (fathom_actnorm)place_of(arm->actnorm, options_actnorms, run->flow.actnorm);
    run->flow.mixing = (fathom_mixing)place_of(arm->mixing, flow_mixings, run->flow.mixing);
    run->flow.rotation = (fathom_rotation)place_of(arm->rotation, options_rotations, run->flow.rotation);
    run->start = (fathom_start)place_of(arm->start, options_starts, run->start);
    run->flow.block = (fathom_block)place_of(arm->block, flow_blocks, run->flow.block);
    run->flow.log_det = (fathom_log_det)place_of(arm->log_det, flow_log_dets, run->flow.log_det);
}

static size_t distance(size_t a, size_t b) { return a > b ? a - b : b - a; }

/* The width at which the flow is nearest to `target` parameters: they grow with the width. */
static size_t nearest_width(const fathom_config *flow, size_t target)
{
    size_t width = FATHOM_WIDTH_MIN;
    while (width < FATHOM_WIDTH_MAX && n_params(*flow, flow->depth, width) < target)
        width++;
    const size_t above = n_params(*flow, flow->depth, width);
    const size_t below = width > FATHOM_WIDTH_MIN ? n_params(*flow, flow->depth, width - 1) : above;
    return distance(below, target) <= distance(above, target) && width > FATHOM_WIDTH_MIN ? width - 1 : width;
}

/* Work per step is proportional to the parameters. */
static size_t equal_steps(const fathom_config *flow, size_t depth, size_t steps)
{
    const double ratio = (double)n_params(*flow, depth, flow->width) /
                         (double)n_params(*flow, flow->depth, flow->width);
    const double equal = floor(ratio * (double)steps + 0.5);
    return equal < FATHOM_STEPS_MIN ? FATHOM_STEPS_MIN : (size_t)equal;
}

/* What an arm sets of a run whose depth and coupling are known. */
static void match(struct run *run, const struct arm *arm)
{
    const fathom_config *flow = &run->flow;
    if (arm->equal_work > 0)
        run->training.steps = equal_steps(flow, arm->equal_work, run->training.steps);
    if (arm->equal_params > 0)
        run->flow.width = nearest_width(flow, n_params(*flow, arm->equal_params, flow->width));
    if (arm->params_of) {
        struct run other = *run;
        apply(&other, arm->params_of);
        run->flow.width = nearest_width(flow, n_params(other.flow, flow->depth, other.flow.width));
    }
    if (arm->work_of) {
        struct run other = *run;
        apply(&other, arm->work_of);
        const double ratio = fathom_train_flops(&other.flow, &other.training) /
                             fathom_train_flops(&run->flow, &run->training);
        const double equal = floor(ratio * (double)run->training.steps + 0.5);
        run->training.steps = equal < FATHOM_STEPS_MIN ? FATHOM_STEPS_MIN : (size_t)equal;
    }
    if (arm->steps_factor > 0)
        run->training.steps *= arm->steps_factor;
    run->evaluate_every = arm->evaluate_every;
}

/* The run is complete, but for what depends on the others. */
static void finish(struct listing *l)
{
    const struct design *design = l->design;
    struct run           run = l->run;
    run.probe = design->probe;
    run.train = design->train;
    run.training.measure_steps = design->measure_steps;
    run.validation = design->validation;
    run.health = design->health;
    run.checks = design->checks;
    run.untrained_health = design->untrained_health;
    const bool first = run.seed == l->options->seed && run.replica == 0;
    run.keep_params = design->keep_params || (design->keep_first_params && first);
    run.keep_trace = design->trace == TRACE_ALL || (design->trace == TRACE_FIRST && first);
    if (l->arm)
        match(&run, l->arm);
    add(l->runs, &run);
}

static void nest(struct listing *l, const enum axis *axis);

/* The rows of a level, with the settings of the command line; name NULL: the session's own. */
static struct data_level rows_of(const struct data_level *level, const struct options *options)
{
    const bool own = options->data && !(options_data_set(options) && level->size > 0);
    return (struct data_level){ own             ? NULL
                                : options->data ? options->data
                                                : level->name,
                                level->size > 0 ? level->size : options->data_size };
}

static void nest_data(struct listing *l, const enum axis *rest)
{
    const size_t dim = l->run.flow.dim;
    for (size_t i = 0; i < l->design->n_data; i++) {
        const struct data_level level = rows_of(&l->design->data[i], l->options);
        l->run.rows = level.name ? session_rows(l->session, level.name, level.size) : NULL;
        l->run.flow.dim = l->run.rows ? l->run.rows->train.dim : dim;
        nest(l, rest);
        if (!level.name)
            break;
    }
    l->run.rows = NULL;
    l->run.flow.dim = dim;
}

void design_open_rows(struct session *session, const struct design *designs, size_t n)
{
    bool validation = session->options->rates.n > 0;
    for (size_t part = 0; part < n; part++) {
        validation |= designs[part].validation;
        for (size_t i = 0; i < designs[part].n_arms; i++)
            validation |= designs[part].arms[i].evaluate_every > 0;
        for (size_t i = 0; i < designs[part].n_data; i++) {
            const struct data_level level = rows_of(&designs[part].data[i], session->options);
            if (level.name)
                session_open_rows(session, level.name, level.size);
        }
    }
    if (validation)
        session_draw_validation(session);
}

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
        l->seeds = l->part_seeds * level->seeds_factor;
        nest(l, rest);
    }
}

static void nest_depths(struct listing *l, const enum axis *rest)
{
    const struct depth_list *depths = l->design->depths.n > 0 ? &l->design->depths : &l->options->depths;
    for (size_t d = 0; d < depths->n; d++) {
        l->run.flow.depth = depths->depth[d];
        nest(l, rest);
    }
}

static void nest_arms(struct listing *l, const enum axis *rest)
{
    const struct run before = l->run;
    for (size_t i = 0; i < l->design->n_arms; i++) {
        const struct arm *arm = &l->design->arms[i];
        l->arm = arm;
        l->run.arm = arm->name;
        apply(&l->run, arm);
        nest(l, rest);
        l->run = before;
    }
    l->arm = NULL;
}

static void nest(struct listing *l, const enum axis *axis)
{
    const struct options *options = l->options;
    const enum axis      *rest = axis + 1;
    switch (*axis) {
    case AXIS_END:
        finish(l);
        break;
    case AXIS_DATA:
        nest_data(l, rest);
        break;
    case AXIS_COUPLING:
        nest_couplings(l, rest);
        break;
    case AXIS_DEPTH:
        nest_depths(l, rest);
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

/* Of the part's own number, or of --seeds. */
static size_t seeds_of(const struct design *design, const struct options *options, size_t default_seeds)
{
    return design->seeds > 0 ? (design->seeds * options->seeds + default_seeds - 1) / default_seeds : options->seeds;
}

static void list_part(struct run_list *runs, const struct design *design, const struct session *session,
                      size_t default_seeds)
{
    const struct options *options = session->options;
    struct listing        l = {
               .runs = runs,
               .design = design,
               .options = options,
               .session = session,
               .part_seeds = seeds_of(design, options, default_seeds),
               .run = { .flow = options->flow, .training = options->training, .seed = options->seed, .start = options->start },
    };
    l.seeds = l.part_seeds;
    check_couplings(design);
    nest(&l, design->nesting);
}

/* ---------------------------------------------------------------------------------------- union of the parts ---- */

/* A run of the list, by the text of what decides its result. */
struct listed {
    char  *text;
    size_t place, part;
};

static int by_text(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    const int            order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

/* The first run measures and keeps whatever any part needs. */
static void join(struct run *first, const struct run *again)
{
    first->probe |= again->probe;
    first->train |= again->train;
    first->validation |= again->validation;
    first->health |= again->health;
    first->checks |= again->checks;
    first->untrained_health |= again->untrained_health;
    first->keep_trace |= again->keep_trace;
    first->keep_params |= again->keep_params;
}

/* end: [n_parts], the number of runs when a part was listed. */
static void unite(struct run_list *runs, const size_t *end)
{
    struct listed *listed = malloc((runs->n + 1) * sizeof *listed);
    bool          *again = calloc(runs->n + 1, sizeof *again);
    size_t         kept = 0;
    if (!listed || !again)
        exit_failed("not enough memory for a list of %zu runs", runs->n);
    for (size_t i = 0, part = 0; i < runs->n; i++) {
        while (i >= end[part])
            part++;
        listed[i] = (struct listed){ run_store_cause(&runs->run[i]), i, part };
    }
    qsort(listed, runs->n, sizeof *listed, by_text);
    for (size_t i = 0, first = 0; i < runs->n; i++) {
        if (strcmp(listed[first].text, listed[i].text) != 0)
            first = i;
        if (listed[i].part != listed[first].part) {
            join(&runs->run[listed[first].place], &runs->run[listed[i].place]);
            again[listed[i].place] = true;
        }
    }
    for (size_t i = 0; i < runs->n; i++) {
        free(listed[i].text);
        if (!again[i])
            runs->run[kept++] = runs->run[i];
    }
    runs->n = kept;
    free(listed);
    free(again);
}

void design_list(struct run_list *runs, const struct design *designs, size_t n, const struct session *session,
                 size_t default_seeds)
{
    size_t *end = malloc((n + 1) * sizeof *end);
    if (!end)
        exit_failed("not enough memory for a list of runs");
    for (size_t part = 0; part < n; part++) {
        list_part(runs, &designs[part], session, default_seeds);
        end[part] = runs->n;
    }
    if (n > 1)
        unite(runs, end);
    free(end);
}
