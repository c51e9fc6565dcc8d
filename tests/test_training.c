/* test_training.c - configuration, schedule, clip, divergence, ActNorm from data, and sampling.
 *
 * A training step is worked out again here from the paper (Kingma & Ba 2015, algorithm 1, in its textbook form) and the
 * library's gradient; everything else has an exact answer or a bound with a reason.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "morton.h"

enum { N = 600 };

static fathom_dataset spiral;

static int make_spiral(void **state)
{
    (void)state;
    return fathom_spiral(&spiral, 0, N, NULL) == FATHOM_OK ? 0 : -1;
}

static int free_spiral(void **state)
{
    (void)state;
    fathom_dataset_free(&spiral);
    return 0;
}

/* A flow with its initial parameters and a workspace. */
struct model {
    fathom_flow      *flow;
    fathom_workspace *ws;
    double           *params;
    size_t            n_params;
};

static struct model open_model(size_t depth, const char *coupling, fathom_actnorm actnorm, size_t dim)
{
    struct model m;
    fathom_config config = fathom_config_default();
    config.depth = depth;
    config.coupling = coupling;
    config.actnorm = actnorm;
    config.dim = dim;
    m.flow = fathom_flow_new(&config, NULL, NULL);
    assert_non_null(m.flow);
    m.ws = fathom_workspace_new(m.flow, fathom_isa_find(NULL));
    assert_non_null(m.ws);
    m.n_params = fathom_flow_n_params(m.flow);
    m.params = need(m.n_params * sizeof(double));
    fathom_flow_init(m.params, m.flow, fathom_key_from_seed(0));
    return m;
}

static void close_model(struct model *m)
{
    fathom_workspace_free(m->ws);
    fathom_flow_free(m->flow);
    free(m->params);
}

/* -------------------------------------------------------------------------------------------- configuration ---- */

static void test_bad_configurations(void **state)
{
    (void)state;
    const fathom_config good = fathom_config_default();
    fathom_config bad[24];
    size_t n = 0;
#define BAD(field, value) (bad[n] = good, bad[n++].field = (value))
    BAD(dim, 0), BAD(dim, 1), BAD(dim, 65), BAD(depth, 0), BAD(depth, 1025), BAD(coupling, NULL);
    BAD(coupling, "cubic"), BAD(coupling, ""), BAD(knots, 0), BAD(knots, 257), BAD(interval, 0.0);
    BAD(interval, -1.0), BAD(interval, NAN), BAD(interval, INFINITY), BAD(interval, 2e6), BAD(interval, 0.0045);
    BAD(width, 0), BAD(width, 1025), BAD(hidden, 9), BAD(actnorm, (fathom_actnorm)7), BAD(dim, SIZE_MAX);
#undef BAD
    for (size_t i = 0; i < n; i++) {
        fathom_error error = { "" };
        fathom_status status = FATHOM_OK;
        assert_null(fathom_flow_new(&bad[i], &status, &error));
        assert_int_equal(status, FATHOM_BAD_ARGUMENT);
        if (strlen(error.text) < 10 || strchr(error.text, '\n'))
            fail_msg("bad configuration %zu: the message is '%s'", i, error.text);
        assert_null(fathom_flow_new(&bad[i], NULL, NULL)); /* neither is needed */
    }
    fathom_config edge[] = { good, good, good, good, good };
    edge[0].knots = 1, edge[0].interval = 0.00101;
    edge[1].hidden = 0, edge[1].width = 1;
    edge[2].hidden = 8, edge[2].width = 2, edge[2].dim = 3;
    edge[3].dim = 64, edge[3].width = 2;
    edge[4].knots = 256, edge[4].interval = 1e6;
    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
        fathom_status status = FATHOM_NO_MEMORY;
        double x[64], z[64], log_det, back[64];
        fathom_flow *flow = fathom_flow_new(&edge[i], &status, NULL);
        assert_non_null(flow);
        assert_int_equal(status, FATHOM_OK);
        fathom_workspace *ws = fathom_workspace_new(flow, fathom_isa_find(NULL));
        assert_non_null(ws);
        double *params = need(fathom_flow_n_params(flow) * sizeof *params);
        fathom_flow_init(params, flow, fathom_key_from_seed(1));
        draw(x, 1, i == 0 ? 0.0005 : 1.0, 64);
        assert_int_equal(fathom_flow_forward(z, &log_det, ws, params, x, 1), FATHOM_OK); /* one sample */
        const bool far = edge[i].interval > FATHOM_INVERSE_INTERVAL; /* no way back: no answer that looks like one */
        assert_int_equal(fathom_flow_inverse(back, NULL, ws, params, z, 1), far ? FATHOM_BAD_ARGUMENT : FATHOM_OK);
        for (size_t d = 0; d < edge[i].dim && !far; d++)
            check_near(back[d], x[d], 1e-9, 1.0, "one sample there and back, edge", i);
        assert_true(isfinite(log_det));
        fathom_workspace_free(ws);
        fathom_flow_free(flow);
        free(params);
    }
}

/* The flow's word for its coupling outlives the caller's. */
static void test_config_is_copied(void **state)
{
    (void)state;
    char name[] = "affine";
    fathom_config config = fathom_config_default();
    config.coupling = name;
    fathom_flow *flow = fathom_flow_new(&config, NULL, NULL);
    assert_non_null(flow);
    memset(name, 'x', strlen(name));
    assert_string_equal(fathom_flow_config(flow)->coupling, "affine");
    assert_int_equal(fathom_flow_n_params(flow), 1404);
    fathom_flow_free(flow);
    fathom_flow_free(NULL);
    fathom_workspace_free(NULL);
    fathom_trainer_free(NULL);
}

/* ------------------------------------------------------------------------------------------------- schedule ---- */

/* Both versions: up along a cosine to the peak at 30 % (rounded down), down towards peak / 2.5e5. */
static void test_schedule(void **state)
{
    (void)state;
    static const size_t lengths[] = { 4, 5, 6, 7, 10, 33, 1200, 5000 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const size_t steps = lengths[i], turn = (size_t)(0.3 * (double)steps);
        const double peak = 0.05, pi = acos(-1.0);
        double *exact = need(steps * sizeof *exact), *single = need(steps * sizeof *single);
        fathom_schedule(exact, steps, peak, false);
        fathom_schedule(single, steps, peak, true);
        check_near(exact[0], peak / 25, 1e-15, peak, "first rate", steps);
        check_near(exact[turn], peak, 1e-15, peak, "peak rate", steps);
        assert_true(single[turn] == max_abs(single, steps) && exact[turn] == max_abs(exact, steps));
        for (size_t s = 0; s < steps; s++) {
            double from = s < turn ? peak / 25 : peak, to = s < turn ? peak : peak / 2.5e5;
            double part = s < turn ? (double)s / (double)turn : (double)(s - turn) / (double)(steps - turn);
            double rate = to + (from - to) * (1 + cos(pi * part)) / 2;
            check_near(exact[s], rate, 1e-14, peak, "rate of step", s);
            check_near(single[s], rate, 2e-7, peak, "single-precision rate of step", s);
            assert_true(exact[s] > 0 && single[s] > 0);
        }
        free(exact);
        free(single);
    }
}

/* -------------------------------------------------------------------------------------------- steps by hand ---- */

/* The batch's distinct rows along the curve, and how often each is there: their number. */
static size_t count_rows(uint32_t *distinct, uint32_t *counts, const uint32_t *rows, size_t n, const uint32_t *order)
{
    size_t found = 0;
    for (size_t k = 0; k < N; k++) {
        uint32_t times = 0;
        for (size_t i = 0; i < n; i++)
            times += rows[i] == order[k];
        if (times > 0) {
            distinct[found] = order[k];
            counts[found++] = times;
        }
    }
    return found;
}

static void steps_by_hand(double clip, size_t steps)
{
    struct model m = open_model(2, "spline", FATHOM_ACTNORM_NONE, 2);
    fathom_train_options options = { .steps = steps, .batch = 100, .peak_lr = 1e-2, .clip = clip };
    uint32_t *batches = need(steps * options.batch * sizeof *batches);
    double *p = need(5 * m.n_params * sizeof *p), *g = p + m.n_params, *mean = g + m.n_params, *var = mean + m.n_params;
    double *mean_g = var + m.n_params;
    double *lr = need(steps * sizeof *lr);
    uint32_t order[N];
    assert_int_equal(fathom_morton_order(order, spiral.x, N, 2), FATHOM_OK);
    fathom_batches(batches, 3, 0, steps, options.batch, N);
    fathom_schedule(lr, steps, options.peak_lr, true);
    fathom_trainer *trainer = fathom_trainer_new(m.flow, fathom_isa_find(NULL), m.params, &options, spiral.x, N);
    assert_non_null(trainer);
    memcpy(p, m.params, m.n_params * sizeof *p);
    size_t drawn_again = 0;
    for (size_t t = 0; t < steps; t++) {
        double loss, expected_loss, norm;
        const double *now = fathom_trainer_params(trainer);
        const uint32_t *rows = batches + t * options.batch;
        uint32_t distinct[100], counts[100];
        size_t n = count_rows(distinct, counts, rows, options.batch, order);
        drawn_again += options.batch - n;
        assert_int_equal(fathom_flow_nll(&expected_loss, mean_g, m.ws, now, spiral.x, rows, NULL, 100), FATHOM_OK);
        assert_int_equal(fathom_flow_nll(&loss, g, m.ws, now, spiral.x, distinct, counts, n), FATHOM_OK);
        check_near(loss, expected_loss, 1e-14, fabs(expected_loss), "loss by distinct rows at step", t);
        for (size_t k = 0; k < m.n_params; k++)
            check_near(g[k], mean_g[k], 1e-13, max_abs(g, m.n_params), "gradient by distinct rows", k);
        expected_loss = loss;
        assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, rows), FATHOM_OK);
        assert_true(loss == expected_loss && norm == fathom_norm(g, m.n_params)); /* of the parameters before */
        for (size_t k = 0; k < m.n_params; k++) {
            double gk = norm < clip ? g[k] : g[k] / norm * clip;
            mean[k] = 0.9 * mean[k] + 0.1 * gk;
            var[k] = 0.999 * var[k] + 0.001 * gk * gk;
            p[k] -= lr[t] * (mean[k] / (1 - pow(0.9, (double)t + 1)))
                  / (sqrt(var[k] / (1 - pow(0.999, (double)t + 1))) + 1e-8);
            check_near(fathom_trainer_params(trainer)[k], p[k], 1e-12, 1.0, "parameter after a step", k);
            p[k] = fathom_trainer_params(trainer)[k];
        }
    }
    assert_true(drawn_again > 0);
    double loss = 7, norm = 7;
    assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, batches), FATHOM_BAD_ARGUMENT);
    check_same(fathom_trainer_params(trainer), p, m.n_params, "parameters", "after the last step");
    fathom_trainer_free(trainer);
    free(batches);
    free(p);
    free(lr);
    close_model(&m);
}

static void test_steps_by_hand(void **state)
{
    (void)state;
    steps_by_hand(1.0, 6);
    steps_by_hand(INFINITY, 4); /* the shortest schedule, no clip */
    steps_by_hand(1e-3, 4);
}

/* ----------------------------------------------------------------------------------------------- divergence ---- */

enum { STEPS = 8, BATCH = 64 };

static fathom_train_result run_with(double *loss, double *norm, double *params, const struct model *m,
                                    const double *start, const double *x, double lr, bool skip,
                                    fathom_train_progress *progress, void *context)
{
    fathom_train_options options = { .steps = STEPS, .batch = BATCH, .peak_lr = lr, .clip = 1.0, .skip = skip };
    uint32_t batches[STEPS * BATCH];
    for (size_t i = 0; i < STEPS * BATCH; i++)
        batches[i] = (uint32_t)i; /* step s sees rows s BATCH and on, each row once */
    fathom_trainer *trainer = fathom_trainer_new(m->flow, fathom_isa_find(NULL), start, &options, x, N);
    assert_non_null(trainer);
    fathom_train_result result = fathom_train(trainer, loss, norm, batches, progress, context);
    memcpy(params, fathom_trainer_params(trainer), m->n_params * sizeof *params);
    fathom_trainer_free(trainer);
    for (size_t k = 0; k < m->n_params; k++)
        assert_true(isfinite(params[k]) || !isfinite(start[k]));
    return result;
}

static fathom_train_result run(double *loss, double *norm, double *params, const struct model *m, const double *start,
                               const double *x, double lr, bool skip)
{
    return run_with(loss, norm, params, m, start, x, lr, skip, NULL, NULL);
}

/* The steps whose loss and norm are finite are those before `end`. */
static void finite_until(const double *loss, const double *norm, size_t end)
{
    for (size_t s = 0; s < STEPS; s++)
        assert_true((isfinite(loss[s]) && isfinite(norm[s])) == (s < end) && (s <= end || isnan(loss[s])));
}

/* The spiral's rows, of which the caller spoils some and which it frees. */
static double *copy_of_spiral(void)
{
    double *x = need(N * 2 * sizeof *x);
    return memcpy(x, spiral.x, N * 2 * sizeof *x);
}

static void test_divergence(void **state)
{
    (void)state;
    struct model m = open_model(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double loss[STEPS], norm[STEPS], *end = need(m.n_params * sizeof *end), *x = copy_of_spiral();

    /* nothing wrong */
    fathom_train_result result = run(loss, norm, end, &m, m.params, x, 1e-3, false);
    assert_int_equal(result.status, FATHOM_OK);
    assert_int_equal(result.steps_taken, STEPS);
    assert_int_equal(result.diverged_at, STEPS);
    assert_int_equal(result.skipped, 0);

    /* a row that is not a number, in the batch of step 5 */
    x[2 * (5 * BATCH + 9)] = NAN;
    result = run(loss, norm, end, &m, m.params, x, 1e-3, false);
    assert_int_equal(result.status, FATHOM_DIVERGED);
    assert_int_equal(result.diverged_at, 5);
    assert_int_equal(result.steps_taken, 5);
    finite_until(loss, norm, 5);
    assert_true(isnan(loss[5]));

    /* left out, it costs this step alone; and in steps 5 and 6 both */
    result = run(loss, norm, end, &m, m.params, x, 1e-3, true);
    assert_int_equal(result.status, FATHOM_OK);
    assert_int_equal(result.diverged_at, 5);
    assert_int_equal(result.steps_taken, STEPS - 1);
    assert_int_equal(result.skipped, 1);
    assert_true(isfinite(loss[6]) && isfinite(loss[7]) && !isfinite(loss[5]));
    x[2 * (6 * BATCH)] = INFINITY;
    result = run(NULL, NULL, end, &m, m.params, x, 1e-3, true);
    assert_int_equal(result.skipped, 2);
    assert_int_equal(result.diverged_at, 5);

    free(x);
    free(end);
    close_model(&m);
}

/* A loss that is finite with a gradient norm that is not: t^2 of this row is 1e300, its square is out of range. */
static void test_norm_out_of_range(void **state)
{
    (void)state;
    struct model m = open_model(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double loss[STEPS], norm[STEPS], *end = need(m.n_params * sizeof *end), *x = copy_of_spiral();
    x[2 * (3 * BATCH)] = 1e150;
    const fathom_train_result result = run(loss, norm, end, &m, m.params, x, 1e-3, false);
    assert_int_equal(result.diverged_at, 3);
    assert_true(isfinite(loss[3]) && !isfinite(norm[3]));
    free(x);
    free(end);
    close_model(&m);
}

/* From the first step on: the parameters stay as they were, bit by bit. */
static void test_divergence_at_once(void **state)
{
    (void)state;
    struct model m = open_model(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double loss[STEPS], norm[STEPS], *end = need(m.n_params * sizeof *end);
    for (int value = 0; value < 2; value++)
        for (size_t k = 0; k < m.n_params; k += 97) {
            const double kept = m.params[k];
            m.params[k] = value ? NAN : INFINITY;
            const fathom_train_result result = run(loss, norm, end, &m, m.params, spiral.x, 1e-3, k % 2);
            if (result.status != FATHOM_OK || result.skipped > 0) { /* an infinite weight may end in the identity */
                assert_int_equal(result.diverged_at, 0);
                assert_int_equal(result.steps_taken, 0);
                check_same(end, m.params, m.n_params, "parameters", "of a run that diverged at once");
            } else {
                assert_true(!value);
            }
            m.params[k] = kept;
        }
    free(end);
    close_model(&m);
}

/* A rate that no run survives: it ends, and says where, at the first loss or norm that is not finite. */
static void test_rate_too_high(void **state)
{
    (void)state;
    struct model deep = open_model(8, "affine", FATHOM_ACTNORM_NONE, 2);
    double loss[STEPS], norm[STEPS], *end = need(deep.n_params * sizeof *end);
    const fathom_train_result result = run(loss, norm, end, &deep, deep.params, spiral.x, 1000, false);
    assert_int_equal(result.status, FATHOM_DIVERGED);
    assert_true(result.diverged_at > 0 && result.diverged_at < STEPS);
    finite_until(loss, norm, result.diverged_at);
    free(end);
    close_model(&deep);
}

/* ------------------------------------------------------------------------------------------------- progress ---- */

struct seen {
    size_t calls, stop_at; /* the call that asks for the end, from 1; 0: none */
    double loss[STEPS], norm[STEPS];
};

static int see_step(void *context, size_t step, double loss, double grad_norm)
{
    struct seen *seen = context;
    assert_int_equal(step, seen->calls);
    assert_in_range(step, 0, STEPS - 1);
    seen->loss[step] = loss;
    seen->norm[step] = grad_norm;
    return ++seen->calls == seen->stop_at ? -1 : 0;
}

/* What progress is told is the trace, and it changes no bit.  A stop leaves the run as it is after that step. */
static void test_progress(void **state)
{
    (void)state;
    struct model m = open_model(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double loss[STEPS], norm[STEPS], *end = need(2 * m.n_params * sizeof *end), *early = end + m.n_params;
    run(loss, norm, end, &m, m.params, spiral.x, 1e-3, false);

    struct seen seen = { 0 };
    double same_loss[STEPS], same_norm[STEPS];
    fathom_train_result result = run_with(same_loss, same_norm, early, &m, m.params, spiral.x, 1e-3, false, see_step,
                                          &seen);
    assert_int_equal(result.status, FATHOM_OK);
    assert_int_equal(seen.calls, STEPS);
    check_same(seen.loss, loss, STEPS, "loss", "that progress is told");
    check_same(seen.norm, norm, STEPS, "norm", "that progress is told");
    check_same(early, end, m.n_params, "parameters", "of a run with progress");

    seen = (struct seen){ .stop_at = 3 };
    result = run_with(same_loss, same_norm, early, &m, m.params, spiral.x, 1e-3, false, see_step, &seen);
    assert_int_equal(result.status, FATHOM_STOPPED);
    assert_int_equal(seen.calls, 3);
    assert_int_equal(result.steps_taken, 3);
    assert_int_equal(result.diverged_at, STEPS);
    check_same(same_loss, loss, 3, "loss", "before the stop");
    finite_until(same_loss, same_norm, 3);
    assert_true(isnan(same_loss[3]) && isnan(same_norm[3]));
    assert_memory_not_equal(early, end, m.n_params * sizeof *end);
    free(end);
    close_model(&m);
}

/* The step that ends a run is told, those behind it are not; and a stop at this step is a divergence. */
static void test_progress_of_divergence(void **state)
{
    (void)state;
    struct model m = open_model(1, "spline", FATHOM_ACTNORM_NONE, 2);
    double *end = need(m.n_params * sizeof *end), *x = copy_of_spiral();
    x[2 * (5 * BATCH + 9)] = NAN;
    for (size_t stop_at = 0; stop_at <= 6; stop_at += 6) {
        struct seen seen = { .stop_at = stop_at };
        const fathom_train_result result = run_with(NULL, NULL, end, &m, m.params, x, 1e-3, false, see_step, &seen);
        assert_int_equal(result.status, FATHOM_DIVERGED);
        assert_int_equal(result.diverged_at, 5);
        assert_int_equal(seen.calls, 6);
        assert_true(isnan(seen.loss[5]));
    }
    struct seen seen = { .stop_at = 6 }; /* a step that is left out is told like any other, and may be the last */
    const fathom_train_result result = run_with(NULL, NULL, end, &m, m.params, x, 1e-3, true, see_step, &seen);
    assert_int_equal(result.status, FATHOM_STOPPED);
    assert_int_equal(result.diverged_at, 5);
    assert_int_equal(result.skipped, 1);
    free(x);
    free(end);
    close_model(&m);
}

/* -------------------------------------------------------------------------------------------------- ActNorm ---- */

/* Block b's input is what the first b blocks make of the rows: a flow of depth b has them as a prefix. */
static void test_actnorm_from_data(void **state)
{
    (void)state;
    enum { DEPTH = 6 };
    uint32_t rows[N];
    double z[N][2];
    fathom_batches(rows, 1, 0, 1, N, N);
    for (int c = 0; c < 2; c++) {
        const char *coupling = c ? "affine" : "spline";
        struct model m = open_model(DEPTH, coupling, FATHOM_ACTNORM_DATA, 2);
        assert_int_equal(fathom_flow_actnorm_init(m.params, m.ws, spiral.x, rows, 512), FATHOM_OK);
        const size_t block = (m.n_params - 4) / DEPTH;
        for (size_t b = 0; b < DEPTH; b++) {
            double x[512][2];
            for (size_t i = 0; i < 512; i++)
                memcpy(x[i], spiral.x + 2 * rows[i], sizeof x[i]);
            if (b > 0) {
                struct model prefix = open_model(b, coupling, FATHOM_ACTNORM_DATA, 2);
                assert_int_equal(fathom_flow_forward(z[0], NULL, prefix.ws, m.params, x[0], 512), FATHOM_OK);
                close_model(&prefix);
            } else {
                memcpy(z, x, sizeof x);
            }
            const double *own = m.params + 4 + b * block;
            for (size_t d = 0; d < 2; d++) {
                const double scale = log1p(exp(own[2 + d])) + 1e-5;
                double sum = 0, square = 0;
                for (size_t i = 0; i < 512; i++)
                    sum += (z[i][d] - own[d]) / scale;
                for (size_t i = 0; i < 512; i++)
                    square += pow((z[i][d] - own[d]) / scale - sum / 512, 2);
                check_near(sum / 512, 0.0, 1e-12, 1.0, "mean of block", b);
                check_near(sqrt(square / 512), 1.0, 1e-12, 1.0, "standard deviation of block", b);
            }
        }
        close_model(&m);
    }
    struct model none = open_model(1, "spline", FATHOM_ACTNORM_NONE, 2);
    struct model data = open_model(1, "spline", FATHOM_ACTNORM_DATA, 2);
    double same[N * 2] = { 0 };
    assert_int_equal(fathom_flow_actnorm_init(none.params, none.ws, spiral.x, NULL, N), FATHOM_BAD_ARGUMENT);
    assert_int_equal(fathom_flow_actnorm_init(data.params, data.ws, same, NULL, N), FATHOM_DEGENERATE);
    assert_int_equal(fathom_flow_actnorm_init(data.params, data.ws, spiral.x, NULL, 0), FATHOM_BAD_ARGUMENT);
    close_model(&none);
    close_model(&data);

    /* The first block's rows are fine, but what it makes of them is not: its last coupling's shift is not a number. */
    struct model deep = open_model(2, "affine", FATHOM_ACTNORM_DATA, 2);
    deep.params[4 + (deep.n_params - 4) / 2 - 1] = NAN;
    assert_int_equal(fathom_flow_actnorm_init(deep.params, deep.ws, spiral.x, NULL, N), FATHOM_DEGENERATE);
    close_model(&deep);
}

/* The default: 2 log(1 / (softplus(0) + 1e-5)) = 0.732997 per block in two dimensions, and a gain of 18.8 at depth 8. */
static void test_default_actnorm(void **state)
{
    (void)state;
    const fathom_config config = fathom_config_default();
    const struct layer *actnorm = fathom_isa_layer(fathom_isa_find(NULL), "actnorm");
    double params[4], x[2 * STRIDE] = { [0] = 1.0 }, log_det[TILE] = { 0 };
    void *layer = layer_create(actnorm, &config);
    assert_non_null(layer);
    layer_init(params, actnorm, &config, fathom_key_from_seed(0));
    assert_int_equal(layer_prepare(actnorm, layer, params), FATHOM_OK);
    run_forward(actnorm, x, log_det, layer, TILE);
    check_near(log_det[0], 0.732997, 1e-6, 1.0, "log-det of default ActNorm", 0);
    check_near(log_det[0], -2 * log(log(2.0) + 1e-5), 1e-15, 1.0, "log-det of default ActNorm", 0);
    check_near(pow(x[0], 8), 18.8, 0.05, 1.0, "gain of eight", 0);
    layer_destroy(actnorm, layer);
}

/* ------------------------------------------------------------------------------------------------- sampling ---- */

/* Samples pushed forward are the base draws, and their log p is the base's plus the log-det. */
static void test_sampling(void **state)
{
    (void)state;
    enum { DRAWS = 300 };
    static const size_t dims[] = { 2, 3, 5 };
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
            const size_t dim = dims[i];
            struct model m = open_model(2, c ? "affine" : "spline", FATHOM_ACTNORM_DEFAULT, dim);
            double x[DRAWS * 5], z[DRAWS * 5], base[DRAWS * 5], log_det[DRAWS], back[DRAWS], logp[DRAWS];
            for (size_t d = 0; d < dim; d++) { /* a base off its start */
                m.params[d] = 0.3 - 0.2 * (double)d;
                m.params[dim + d] = 0.5 * (double)d - 0.7;
            }
            const fathom_key key = fathom_key_from_seed(12);
            assert_int_equal(fathom_flow_sample(x, m.ws, m.params, key, DRAWS), FATHOM_OK);
            assert_int_equal(fathom_flow_forward(z, log_det, m.ws, m.params, x, DRAWS), FATHOM_OK);
            assert_int_equal(fathom_flow_log_prob(logp, m.ws, m.params, x, DRAWS), FATHOM_OK);
            assert_int_equal(fathom_flow_inverse(NULL, back, m.ws, m.params, z, DRAWS), FATHOM_OK);
            fathom_normal(base, key, DRAWS * dim);
            for (size_t r = 0; r < DRAWS; r++) {
                double expected = log_det[r];
                for (size_t d = 0; d < dim; d++) {
                    const double scale = log1p(exp(m.params[dim + d])), t = base[r * dim + d];
                    check_near(z[r * dim + d], m.params[d] + scale * t, 1e-9, 1.0, "sample pushed forward", r);
                    expected -= t * t / 2 + log(scale) + log(2 * acos(-1.0)) / 2;
                }
                check_near(logp[r], expected, 1e-8, 1.0, "log p of a sample", r);
                check_near(back[r], -log_det[r], 1e-9, 1.0, "log-det of the way back", r);
            }
            close_model(&m);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_configurations), cmocka_unit_test(test_config_is_copied),
        cmocka_unit_test(test_schedule),           cmocka_unit_test(test_steps_by_hand),
        cmocka_unit_test(test_divergence),         cmocka_unit_test(test_norm_out_of_range),
        cmocka_unit_test(test_divergence_at_once), cmocka_unit_test(test_rate_too_high),
        cmocka_unit_test(test_progress),           cmocka_unit_test(test_progress_of_divergence),
        cmocka_unit_test(test_actnorm_from_data),  cmocka_unit_test(test_default_actnorm),
        cmocka_unit_test(test_sampling),
    };
    return cmocka_run_group_tests(tests, make_spiral, free_spiral);
}
