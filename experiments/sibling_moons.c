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
#include <string.h>

#include "elementary.h"
#include "exit.h"
#include "kept_numbers.h"
#include "parallel.h"
#include "run_store.h"
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
    char                 *text[N_ARMS + N_PAIRS];  /* of each job, in the store; NULL: there is none */
    size_t                which[N_ARMS + N_PAIRS]; /* the jobs that are not in it                    */
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

/* ---------------------------------------------------------------------------------------------- in the store ---- */

enum { MOST_NUMBERS = 8 + sizeof(struct sha256) };

/* The numbers of a job, [MOST_NUMBERS]; a hash is a number per byte. */
static void pack(double *x, const struct measured *m, size_t job)
{
    memset(x, 0, MOST_NUMBERS * sizeof *x);
    if (job >= N_ARMS) {
        const struct compared *c = &m->compared[job - N_ARMS];
        memcpy(x,
               (double[]){ c->median, c->high, c->greatest, (double)c->apart, c->latent, c->logp_median,
                           c->logp_greatest },
               7 * sizeof *x);
        return;
    }
    const struct trained *t = &m->trained[job];
    memcpy(x,
           (double[]){ (double)t->status, t->start_logp, t->final_logp, t->start.fine, t->start.coarse, t->final.fine,
                       t->final.coarse, t->log_det },
           8 * sizeof *x);
    for (size_t i = 0; i < sizeof t->params_hash; i++)
        x[8 + i] = t->params_hash.byte[i];
}

static void unpack(struct measured *m, const double *x, size_t job)
{
    if (job >= N_ARMS) {
        m->compared[job - N_ARMS] = (struct compared){ x[0], x[1], x[2], (size_t)x[3], x[4], x[5], x[6] };
        return;
    }
    struct trained *t = &m->trained[job];
    *t = (struct trained){ .status = (fathom_status)x[0],
                           .start_logp = x[1],
                           .final_logp = x[2],
                           .start = { x[3], x[4] },
                           .final = { x[5], x[6] },
                           .log_det = x[7] };
    for (size_t i = 0; i < sizeof t->params_hash; i++)
        t->params_hash.byte[i] = (uint8_t)x[8 + i];
}

/* All that decides the numbers of a job. */
static char *text_of(const struct measured *m, size_t job)
{
    const bool                  trains = job < N_ARMS;
    const struct arm_of_moons  *arm = &arms[trains ? job : 0];
    const struct sibling_moons *moons = trains ? &m->moons : &m->noisier;
    struct canonical           *text = kept_numbers_text(trains ? "sibling-trained" : "sibling-diagonal");
    struct sha256               rows, fit;
    sha256_doubles(&rows, moons->x, 2 * moons->n);
    sha256_doubles(&fit, &moons->block[0].axes[0][0], SIBLING_BLOCKS * sizeof(struct sibling_block) / sizeof(double));
    canonical_hash(text, "rows.sha256", &rows);
    canonical_hash(text, "fit.sha256", &fit);
    canonical_word(text, "coupling", trains ? arm->coupling : pairs[job - N_ARMS]);
    if (trains) {
        canonical_word(text, "start", arm->start);
        canonical_word(text, "rotation", options_rotations[arm->rotation]);
        canonical_number(text, "peak_lr", arm->peak_lr);
        canonical_count(text, "steps", m->session->options->training.steps);
    }
    return kept_numbers_finish(text);
}

static bool found(struct measured *m, size_t job)
{
    double        x[MOST_NUMBERS];
    struct store *store = m->session->store;
    if (!store)
        return false;
    m->text[job] = text_of(m, job);
    const bool there = kept_numbers_find(x, store, m->text[job], MOST_NUMBERS);
    if (there)
        unpack(m, x, job);
    return there;
}

/* ----------------------------------------------------------------------------------------------------- jobs ---- */

static void do_job(void *context, size_t index, struct progress *progress)
{
    struct measured *m = context;
    const size_t     job = m->which[index];
    const double     started = parallel_seconds();
    double           x[MOST_NUMBERS];
    if (job < N_ARMS)
        train_arm(&m->trained[job], &arms[job], m);
    else
        compare_pair(&m->compared[job - N_ARMS], pairs[job - N_ARMS], m);
    pack(x, m, job);
    if (m->text[job])
        kept_numbers_put(m->session->store, m->text[job], x, MOST_NUMBERS, parallel_seconds() - started);
    parallel_add(progress, job < N_ARMS ? N_ARMS : 1);
}

static void *measure(const struct outcome *outcome)
{
    enum { JOBS = N_ARMS + N_PAIRS };
    const struct options *options = outcome->session->options;
    struct measured      *m = need(calloc(1, sizeof *m));
    uint64_t              cost[JOBS];
    size_t                n = 0;
    m->session = outcome->session;
    m->moons = sibling_moons_read(MOONS);
    m->noisier = sibling_moons_read(NOISIER_MOONS);
    for (size_t i = 0; i < JOBS; i++)
        if (!found(m, i)) {
            cost[n] = i < N_ARMS ? N_ARMS : 1;
            m->which[n++] = i;
        }
    const struct parallel how = { .what = "flows",
                                  .threads = options->threads,
                                  .quiet = options->quiet,
                                  .found = JOBS - n,
                                  .where = run_store_path() };
    parallel_do(&how, do_job, m, cost, n);
    return m;
}

static void release(void *measured, const struct outcome *outcome)
{
    (void)outcome;
    struct measured *m = measured;
    sibling_moons_free(&m->moons);
    sibling_moons_free(&m->noisier);
    for (size_t i = 0; i < N_ARMS + N_PAIRS; i++)
        free(m->text[i]);
    free(m);
}

/* --------------------------------------------------------------------------------------------------- tables ---- */

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
    .measure = measure, .release = release, .keeps = true,
    .tables = {
        {"sibling_moons", "start coupling rotation peak_lr status start_logp start_integral final_logp final_integral "
                          "final_coarse_integral log_det params_sha256", .fill = fill_arms},
        {"sibling_moons_diagonal", "coupling median quantile_999 greatest apart greatest_latent logp_median "
                                   "logp_greatest", .fill = fill_pairs},
    },
};
