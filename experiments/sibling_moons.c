/* sibling_moons.c - "RBIG warm-start for coupling flows": the sibling notebooks' printed numbers, and what they are of.
 *
 * A warm start from iterative Gaussianization, trained beside a cold one as the first notebook has them: other rotations and
 * another rate.  Its mixtures clip F, so that its density need not integrate to 1; each arm stands beside the same without
 * the clip, and beside a rotation that is trained as a free matrix.  The second notebook's claim that the warm start is the
 * diagonal flow: how far the two maps are apart, in double precision, with the clip and without.
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>

#include "elementary.h"
#include "exit.h"
#include "parallel.h"
#include "run_table.h"
#include "sibling.h"
#include "statistics.h"

enum { MOONS = 3000, NOISIER_MOONS = 5000, STEPS = 3000, BATCH_SEED = 1 };

static const double apart = 0.01; /* latents that are further from each other count as different */

/* Flows that are trained on the first notebook's rows.  The first two are the notebook's own. */
static const struct arm_of_moons {
    const char     *start, *coupling;
    fathom_rotation rotation;
    double          peak_lr;
} arms[] = {
    { "cold", "mixture-clipped", FATHOM_ROTATION_HOUSEHOLDER, 3e-3 },
    { "warm", "mixture-clipped", FATHOM_ROTATION_FROZEN, 1e-3 },
    { "cold", "mixture", FATHOM_ROTATION_HOUSEHOLDER, 3e-3 },
    { "warm", "mixture", FATHOM_ROTATION_FROZEN, 1e-3 },
    { "warm", "mixture-clipped", FATHOM_ROTATION_FREE, 1e-3 },
    { "warm", "mixture", FATHOM_ROTATION_FREE, 1e-3 },
};

/* Warm flows of the second notebook, each beside the diagonal flow.  The first is the notebook's own. */
static const char *const pairs[] = { "mixture-clipped", "mixture" };

enum {
    N_ARMS = sizeof arms / sizeof *arms,
    N_PAIRS = sizeof pairs / sizeof *pairs,
    FLOW_SEED = 3,    /* the first notebook's key of both arms */
    NOISIER_SEED = 0, /* the second's                          */
    GRID = 600,       /* cells on a side of the integral       */
};

static const double reach = 6.0; /* half its side, in the rows' deviations */

/* Over the square, and once more with twice the step: where both agree, the rule has converged. */
struct integral {
    double fine, coarse;
};

struct trained {
    fathom_status   status;
    double          start_logp, final_logp; /* mean over the rows, nats                                */
    struct integral start, final;           /* of exp(log p)                                           */
    double          log_det;                /* sum over the blocks of log |det M|; 0 but for free ones */
    struct sha256   params_hash;
};

struct compared {
    double median, high, greatest; /* of the distance between the latents of a row: also its quantile 0.999 */
    size_t apart;                  /* rows with more than `apart`                                           */
    double latent;                 /* the greatest coordinate, in size, of the diagonal flow                */
    double logp_median, logp_greatest;
};

struct measured {
    const struct session *session;
    struct sibling_moons  moons, noisier;
    struct trained        trained[N_ARMS];
    struct compared       compared[N_PAIRS];
};

/* ---------------------------------------------------------------------------------------------------- flows ---- */

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory for the flows of the moons");
    return memory;
}

/* The status, which is not that memory is short. */
static fathom_status done(fathom_status status)
{
    need(status == FATHOM_NO_MEMORY ? NULL : &status);
    return status;
}

static fathom_flow *flow_of(const char *coupling, fathom_rotation rotation)
{
    const fathom_config config = sibling_config(coupling, rotation);
    return need(fathom_flow_new(&config, NULL, NULL));
}

static double *params_of(const fathom_flow *flow, const struct sibling_moons *warm, uint64_t seed)
{
    const fathom_key key = fathom_key_from_seed(seed);
    double          *params = need(malloc(fathom_flow_n_params(flow) * sizeof *params));
    fathom_flow_init(params, flow, key);
    if (warm)
        sibling_warm(params, warm, key);
    return params;
}

/* A trainer of so many steps at this peak rate, with all of them made. */
static fathom_trainer *trained_of(fathom_status *status, const fathom_flow *flow, const double *params, double peak_lr,
                                  size_t steps, const struct sibling_moons *moons, const struct session *session)
{
    fathom_train_options options = fathom_train_options_default();
    options.steps = steps;
    options.peak_lr = peak_lr;
    uint32_t *batches = need(malloc(steps * options.batch * sizeof *batches));
    fathom_batches(batches, BATCH_SEED, 0, steps, options.batch, moons->n);
    fathom_trainer *trainer = need(
        fathom_trainer_new(flow, session->options->isa, params, &options, moons->x, NULL, moons->n));
    *status = done(fathom_train(trainer, NULL, NULL, batches, NULL, NULL).status);
    free(batches);
    return trainer;
}

static double mean_logp(fathom_workspace *ws, const double *params, const struct sibling_moons *moons)
{
    double *logp = need(malloc(moons->n * sizeof *logp));
    double  mean = done(fathom_flow_log_prob(logp, ws, params, moons->x, moons->n)) == FATHOM_OK
                     ? fathom_sum(logp, moons->n) / (double)moons->n
                     : NAN;
    free(logp);
    return mean;
}

/* Of exp(log p) over [-reach, reach]^2, by the midpoint rule with side^2 cells, and from every second point both ways. */
static struct integral integrate(fathom_workspace *ws, const double *params, size_t side)
{
    const double    step = 2 * reach / (double)side;
    double         *x = need(malloc(2 * side * sizeof *x)), *p = need(malloc(side * sizeof *p));
    double         *row = need(malloc(side * sizeof *row)), *second = need(malloc(side * sizeof *second));
    struct integral found = { NAN, NAN };
    bool            good = true;
    for (size_t j = 0; j < side && good; j++) {
        for (size_t i = 0; i < side; i++) {
            x[2 * i] = -reach + ((double)i + 0.5) * step;
            x[2 * i + 1] = -reach + ((double)j + 0.5) * step;
        }
        good = done(fathom_flow_log_prob(p, ws, params, x, side)) == FATHOM_OK;
        for (size_t i = 0; i < side && good; i++)
            p[i] = same_exp(p[i]);
        row[j] = fathom_sum(p, side);
        for (size_t i = 0; i < side / 2; i++)
            p[i] = p[2 * i];
        second[j / 2] = j % 2 == 0 ? fathom_sum(p, side / 2) : second[j / 2];
    }
    if (good)
        found = (struct integral){ fathom_sum(row, side) * step * step,
                                   fathom_sum(second, side / 2) * 4 * step * step };
    free(x);
    free(p);
    free(row);
    free(second);
    return found;
}

/* Sum over the blocks of log |det M|. */
static double log_det_of(const double *params, size_t n_params)
{
    const size_t block = (n_params - 4) / SIBLING_BLOCKS;
    double       sum = 0;
    for (size_t b = 0; b < SIBLING_BLOCKS; b++) {
        const double *m = params + 4 + b * block;
        sum += same_log(fabs(m[0] * m[3] - m[1] * m[2]));
    }
    return sum;
}

/* ----------------------------------------------------------------------------------------- cold beside warm ---- */

static void train_arm(struct trained *out, const struct arm_of_moons *arm, const struct measured *m)
{
    const bool      warm = arm->rotation != FATHOM_ROTATION_HOUSEHOLDER;
    fathom_flow    *flow = flow_of(arm->coupling, arm->rotation);
    double         *params = params_of(flow, warm ? &m->moons : NULL, FLOW_SEED);
    const size_t    n_params = fathom_flow_n_params(flow);
    fathom_trainer *trainer = trained_of(&out->status, flow, params, arm->peak_lr, m->session->options->training.steps,
                                         &m->moons, m->session);
    fathom_workspace *ws = fathom_trainer_workspace(trainer);
    const double     *trained = fathom_trainer_params(trainer);
    out->start_logp = mean_logp(ws, params, &m->moons);
    out->start = integrate(ws, params, GRID / 2);
    out->final = (struct integral){ NAN, NAN };
    out->final_logp = out->log_det = NAN;
    if (out->status == FATHOM_OK) {
        out->final_logp = mean_logp(ws, trained, &m->moons);
        out->final = integrate(ws, trained, GRID);
        out->log_det = arm->rotation == FATHOM_ROTATION_FREE ? log_det_of(trained, n_params) : 0;
        sha256_doubles(&out->params_hash, trained, n_params);
    }
    free(params);
    fathom_trainer_free(trainer);
    fathom_flow_free(flow);
}

/* ------------------------------------------------------------------------------------ coupling and diagonal ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare_pair(struct compared *out, const char *coupling, const struct measured *m)
{
    const size_t      n = m->noisier.n;
    fathom_flow      *flow = flow_of(coupling, FATHOM_ROTATION_FROZEN);
    fathom_workspace *ws = need(fathom_workspace_new(flow, m->session->options->isa));
    double           *params = params_of(flow, &m->noisier, NOISIER_SEED);
    double           *z = need(malloc(4 * n * sizeof *z)), *diagonal = z + 2 * n;
    double           *logp = need(malloc(2 * n * sizeof *logp)), *other = logp + n;
    if (fathom_flow_forward(z, logp, ws, params, m->noisier.x, n) != FATHOM_OK ||
        fathom_flow_log_prob(logp, ws, params, m->noisier.x, n) != FATHOM_OK)
        exit_failed("not enough memory for the latents of %zu rows", n);
    sibling_diagonal(diagonal, other, &m->noisier);
    *out = (struct compared){ 0 };
    for (size_t i = 0; i < n; i++) {
        const double a = z[2 * i] - diagonal[2 * i], b = z[2 * i + 1] - diagonal[2 * i + 1];
        for (size_t d = 0; d < 2; d++)
            out->latent = fmax(out->latent, fabs(diagonal[2 * i + d]));
        z[i] = sqrt(a * a + b * b); /* its own pair was read */
        logp[i] = fabs(logp[i] - other[i]);
        out->apart += z[i] > apart;
    }
    qsort(z, n, sizeof *z, ascending);
    qsort(logp, n, sizeof *logp, ascending);
    out->median = statistics_quantile(z, n, 0.5);
    out->high = statistics_quantile(z, n, 0.999);
    out->greatest = z[n - 1];
    out->logp_median = statistics_quantile(logp, n, 0.5);
    out->logp_greatest = logp[n - 1];
    free(z);
    free(logp);
    free(params);
    fathom_workspace_free(ws);
    fathom_flow_free(flow);
}

/* --------------------------------------------------------------------------------------------------- tables ---- */

static void do_job(void *context, size_t index, struct progress *progress)
{
    struct measured *m = context;
    if (index < N_ARMS)
        train_arm(&m->trained[index], &arms[index], m);
    else
        compare_pair(&m->compared[index - N_ARMS], pairs[index - N_ARMS], m);
    parallel_add(progress, index < N_ARMS ? N_ARMS : 1);
}

static void *measure(const struct outcome *outcome)
{
    const struct options *options = outcome->session->options;
    struct measured      *m = need(calloc(1, sizeof *m));
    uint64_t              cost[N_ARMS + N_PAIRS];
    m->session = outcome->session;
    m->moons = sibling_moons_read(MOONS);
    m->noisier = sibling_moons_read(NOISIER_MOONS);
    for (size_t i = 0; i < N_ARMS + N_PAIRS; i++)
        cost[i] = i < N_ARMS ? N_ARMS : 1;
    const struct parallel how = { .what = "flows", .threads = options->threads, .quiet = options->quiet };
    parallel_do(&how, do_job, m, cost, N_ARMS + N_PAIRS);
    return m;
}

static void release(void *measured, const struct outcome *outcome)
{
    (void)outcome;
    struct measured *m = measured;
    sibling_moons_free(&m->moons);
    sibling_moons_free(&m->noisier);
    free(m);
}

static void fill_arms(struct table *table, const struct outcome *outcome)
{
    const struct measured *m = outcome->measured;
    for (size_t i = 0; i < N_ARMS; i++) {
        const struct trained *t = &m->trained[i];
        table_text(table, arms[i].start);
        table_text(table, arms[i].coupling);
        table_text(table, options_rotations[arms[i].rotation]);
        table_setting(table, arms[i].peak_lr);
        table_text(table, fathom_status_name(t->status));
        table_number(table, t->start_logp);
        table_number(table, t->start.fine);
        table_number(table, t->final_logp);
        table_number(table, t->final.fine);
        table_number(table, t->final.coarse);
        table_number(table, t->log_det);
        run_table_hash(table, &t->params_hash);
    }
}

static void fill_pairs(struct table *table, const struct outcome *outcome)
{
    const struct measured *m = outcome->measured;
    for (size_t i = 0; i < N_PAIRS; i++) {
        const struct compared *c = &m->compared[i];
        table_text(table, pairs[i]);
        table_number(table, c->median);
        table_number(table, c->high);
        table_number(table, c->greatest);
        table_count(table, c->apart);
        table_number(table, c->latent);
        table_number(table, c->logp_median);
        table_number(table, c->logp_greatest);
    }
}

static void defaults(struct options *options) { options->training.steps = STEPS; }

const struct experiment sibling_moons = {
    .program = {
        .name = "sibling_moons",
        .summary = "Computes the printed numbers of two sibling notebooks, on their rows and mixtures (reference/):\n"
                   "a warm start trained beside a cold one, sibling_moons.tsv, and how far it is from the diagonal\n"
                   "flow, sibling_moons_diagonal.tsv.",
        .takes = TAKES(OPTION_STEPS) | TAKES_OUTPUT,
    },
    .defaults = defaults,
    .measure = measure, .release = release,
    .tables = {
        {"sibling_moons", "start coupling rotation peak_lr status start_logp start_integral final_logp final_integral "
                          "final_coarse_integral log_det params_sha256", .fill = fill_arms},
        {"sibling_moons_diagonal", "coupling median quantile_999 greatest apart greatest_latent logp_median "
                                   "logp_greatest", .fill = fill_pairs},
    },
};
