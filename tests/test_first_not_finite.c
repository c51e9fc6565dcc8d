/* test_first_not_finite.c - what the trainer says was not finite first, against the same batch in long double.
 *
 * The mechanism: an affine stack of depth 16 at a rate of 0.03 runs until its loss is not finite.  Each row of that batch
 * then passes through the stack as its definition says (Householder reflections, a ReLU network, softplus), in plain long
 * double, whose softplus underflows below -11355 instead of -708.  There every scale is above 0.  In double the scales of
 * exactly the rows that the trainer counts are 0.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "constants.h"
#include "flow_view.h"
#include "model.h"

_Static_assert(LDBL_MAX_EXP > DBL_MAX_EXP, "long double must have the wider exponent");

enum { N = 3000, DEPTH = 16, STEPS = 150, BATCH = 512, WIDTH = 24, LAYERS = 5 /* per block */ };

static fathom_dataset    spiral;
static const fathom_isa *isa; /* found once: on some virtual machines to ask for the CPU's features is slow */

static int make_spiral(void **state)
{
    (void)state;
    isa = fathom_isa_find(NULL);
    return fathom_spiral(&spiral, 0, N, NULL) == FATHOM_OK ? 0 : -1;
}

static int free_spiral(void **state)
{
    (void)state;
    fathom_dataset_free(&spiral);
    return 0;
}

/* ------------------------------------------------------------------------------------- the stack in long double ---- */

/* y = x - 2 v (v . x)/(v . v), for v = vectors[0], then vectors[1]. */
static void rotate(long double x[2], const double vectors[4])
{
    for (int r = 0; r < 2; r++) {
        const long double a = vectors[2 * r], b = vectors[2 * r + 1],
                          twice = 2 * (a * x[0] + b * x[1]) / (a * a + b * b);
        x[0] -= twice * a;
        x[1] -= twice * b;
    }
}

/* out = W in + b, then ReLU but for the last layer.  Returns what follows the layer's parameters. */
static const double *dense(long double *out, const long double *in, const double *w, size_t n_in, size_t n_out,
                           bool relu)
{
    for (size_t o = 0; o < n_out; o++) {
        out[o] = w[n_in * n_out + o];
        for (size_t i = 0; i < n_in; i++)
            out[o] += w[o * n_in + i] * in[i];
        out[o] = relu && out[o] < 0 ? 0 : out[o];
    }
    return w + (n_in + 1) * n_out;
}

/* x[1] becomes x[1] s + loc; *before = the argument of softplus, *s = the scale.  Returns what follows the coupling's
 * parameters. */
static const double *couple(long double x[2], long double *before, long double *s, const double *w)
{
    long double first[WIDTH], second[WIDTH], out[2];
    w = dense(first, x, w, 1, WIDTH, true);
    w = dense(second, first, w, WIDTH, WIDTH, true);
    w = dense(out, second, w, WIDTH, 2, false);
    *before = out[1] + SOFTPLUS_INVERSE_1;
    *s = *before > 0 ? *before + log1pl(expl(-*before)) : log1pl(expl(*before));
    x[1] = x[1] * *s + out[0];
    return w;
}

static void flip(long double x[2])
{
    const long double kept = x[0];
    x[0] = x[1];
    x[1] = kept;
}

/* A row through all couplings: the argument of softplus and the scale of each.  Returns log p. */
static long double pass(long double before[2 * DEPTH], long double scale[2 * DEPTH], const double *row,
                        const double *params)
{
    const double *base = params;
    long double   x[2] = { row[0], row[1] }, logp = 0;
    params += 4;
    for (size_t c = 0; c < 2 * DEPTH; c++) {
        if (c % 2 == 0) {
            rotate(x, params);
            params += 4;
        }
        params = couple(x, &before[c], &scale[c], params);
        flip(x);
        logp += logl(scale[c]);
    }
    for (size_t d = 0; d < 2; d++) {
        const long double s = log1pl(expl(base[2 + d])), t = (x[d] - base[d]) / s;
        logp -= t * t / 2 + logl(s) + logl(2 * acosl(-1)) / 2;
    }
    return logp;
}

/* log s as the kernels have it in double, of a conditioner's raw scale. */
static double log_scale_in_double(double raw)
{
    enum { ROWS = 8 };
    const struct transformer *affine = fathom_isa_transformer(isa, "affine");
    const fathom_config       config = fathom_config_default();
    double                    x[ROWS] = { 0 }, outputs[2 * STRIDE] = { 0 }, saved[3 * STRIDE], log_det[ROWS];
    struct volume_memory      volume_memory;
    struct volume             volume = volume_in(&volume_memory);
    for (size_t i = 0; i < ROWS; i++)
        ROW(outputs, 1)[i] = raw;
    volume_start(&volume, ROWS);
    affine->forward(x, &volume, outputs, saved, &config, ROWS);
    isa->log_det(log_det, &volume, ROWS);
    return log_det[0];
}

/* -------------------------------------------------------------------------------------------------- a whole run ---- */

/* Trains the affine stack of that seed until it diverges; end: its parameters then. */
static fathom_train_result diverge(double *end, const uint32_t *batches, const struct model *m)
{
    const fathom_train_options options = { .steps = STEPS, .batch = BATCH, .peak_lr = 0.03, .clip = 1.0 };
    fathom_trainer            *trainer = fathom_trainer_new(m->flow, isa, m->params, &options, spiral.x, NULL, N);
    assert_non_null(trainer);
    const fathom_train_result result = fathom_train(trainer, NULL, NULL, batches, NULL, NULL);
    memcpy(end, fathom_trainer_params(trainer), m->n_params * sizeof *end);
    fathom_trainer_free(trainer);
    return result;
}

static void mechanism(uint64_t seed)
{
    struct model m = model_open(DEPTH, "affine", FATHOM_ACTNORM_NONE, 2);
    uint32_t    *batches = need(STEPS * BATCH * sizeof *batches);
    double      *end = need(m.n_params * sizeof *end), *batch = need(2 * BATCH * sizeof *batch);
    fathom_flow_init(m.params, m.flow, fathom_key_from_seed(seed));
    fathom_batches(batches, 1, 0, STEPS, BATCH, N);
    const fathom_train_result result = diverge(end, batches, &m);
    const fathom_first       *first = &result.first;
    print_message("seed %d: %s at step %zu, layer %zu (%s, block %zu), %zu rows\n", (int)seed,
                  fathom_first_kind_name(first->kind), first->step, first->layer, first->name ? first->name : "-",
                  first->block, first->rows);
    assert_int_equal(result.status, FATHOM_DIVERGED);
    assert_int_equal(first->kind, FATHOM_FIRST_SCALE_UNDERFLOW);
    assert_int_equal(first->step, result.diverged_at);
    assert_string_equal(first->name, "coupling");
    assert_int_equal(first->block, first->layer / LAYERS);
    assert_true(first->layer % LAYERS == 1 || first->layer % LAYERS == 3);

    const size_t at = 2 * first->block + (first->layer % LAYERS == 3); /* the coupling's number */
    size_t       zeros_found = 0;
    long double  least = INFINITY, greatest = -INFINITY;
    for (size_t i = 0; i < BATCH; i++) {
        const double *row = spiral.x + 2 * batches[first->step * BATCH + i];
        long double   before[2 * DEPTH], scale[2 * DEPTH];
        pass(before, scale, row, end);
        for (size_t c = 0; c <= at; c++) {
            const double in_double = log_scale_in_double((double)(before[c] - SOFTPLUS_INVERSE_1));
            assert_true(scale[c] > 0); /* representable in long double */
            if (in_double == -INFINITY)
                assert_true(c == at && before[c] < -700);
            else
                check_near(in_double, (double)logl(scale[c]), 1e-12, 1 + fabs(in_double), "log-scale", c);
        }
        zeros_found += log_scale_in_double((double)(before[at] - SOFTPLUS_INVERSE_1)) == -INFINITY;
        least = fminl(least, logl(scale[at]));
        greatest = fmaxl(greatest, logl(scale[at]));
        memcpy(batch + 2 * i, row, 2 * sizeof *row);
    }
    assert_true(zeros_found > 0 && least < -700);
    assert_int_equal(first->rows, zeros_found);

    double low, high;
    assert_int_equal(fathom_flow_view_log_scale(&low, &high, m.ws, end, batch, BATCH), FATHOM_OK);
    assert_true(low == -INFINITY && high >= (double)greatest - 1e-9);
    free(batch);
    free(batches);
    free(end);
    model_close(&m);
}

/* Two seeds, of which one loses two rows and the other a single one.  (Of others the argument of softplus is below -11355 at
 * once: not even a long double would hold the scale.) */
static void test_mechanism(void **state)
{
    (void)state;
    mechanism(30);
    mechanism(59);
}

/* The least and the greatest log-scale of an untrained stack are those of the definition. */
static void test_log_scale(void **state)
{
    (void)state;
    struct model m = model_open(DEPTH, "affine", FATHOM_ACTNORM_NONE, 2);
    long double  before[2 * DEPTH], scale[2 * DEPTH], least = INFINITY, greatest = -INFINITY;
    double       low, high;
    for (size_t i = 0; i < 100; i++) {
        pass(before, scale, spiral.x + 2 * i, m.params);
        for (size_t c = 0; c < 2 * DEPTH; c++) {
            least = fminl(least, logl(scale[c]));
            greatest = fmaxl(greatest, logl(scale[c]));
        }
    }
    assert_int_equal(fathom_flow_view_log_scale(&low, &high, m.ws, m.params, spiral.x, 100), FATHOM_OK);
    check_near(low, (double)least, 1e-11, 1.0, "least log-scale", 0);
    check_near(high, (double)greatest, 1e-11, 1.0, "greatest log-scale", 0);
    model_close(&m);

    /* With one block in five dimensions a row's log-det is a sum over 2 x 3 coordinates. */
    for (size_t c = 0; c < fathom_n_couplings(); c++) {
        struct model block = model_open(1, fathom_coupling_name(c), FATHOM_ACTNORM_NONE, 5);
        double       x[100 * 5], log_det[100];
        draw(x, 3, 1.0, 100 * 5);
        assert_int_equal(fathom_flow_forward(NULL, log_det, block.ws, block.params, x, 100), FATHOM_OK);
        assert_int_equal(fathom_flow_view_log_scale(&low, &high, block.ws, block.params, x, 100), FATHOM_OK);
        assert_true(low < high);
        for (size_t i = 0; i < 100; i++)
            assert_true(log_det[i] >= 6 * low - 1e-12 && log_det[i] <= 6 * high + 1e-12);
        model_close(&block);
    }
}

/* ---------------------------------------------------------------------------------------------- the other kinds ---- */

/* A step of a flow of one block whose first row is (x, 0.5); the row is drawn twice among eight. */
static fathom_first first_of(const char *coupling, double x, double raw_scale)
{
    struct model               m = model_open(1, coupling, FATHOM_ACTNORM_NONE, 2);
    const fathom_train_options options = { .steps = 4, .batch = 8, .peak_lr = 1e-3, .clip = 1.0 };
    const uint32_t             rows[8] = { 0, 1, 2, 3, 0, 5, 6, 7 };
    double                     few[16], loss, norm;
    memcpy(few, spiral.x, sizeof few);
    few[0] = x;
    few[1] = 0.5;
    if (raw_scale < 0) /* the first coupling's last bias */
        m.params[4 + (m.n_params - 4 - 4) / 2 + 3] = raw_scale;
    fathom_trainer *trainer = fathom_trainer_new(m.flow, isa, m.params, &options, few, NULL, 8);
    assert_non_null(trainer);
    assert_int_equal(fathom_trainer_result(trainer).first.kind, FATHOM_FIRST_NONE);
    fathom_trainer_step(trainer, &loss, &norm, rows);
    const fathom_first first = fathom_trainer_result(trainer).first;
    assert_true((isfinite(loss) && isfinite(norm)) == (first.kind == FATHOM_FIRST_NONE));
    fathom_trainer_free(trainer);
    model_close(&m);
    return first;
}

static void is(fathom_first first, fathom_first_kind kind, size_t layer, const char *name, size_t rows)
{
    assert_string_equal(fathom_first_kind_name(first.kind), fathom_first_kind_name(kind));
    assert_int_equal(first.layer, layer);
    assert_int_equal(first.block, layer / LAYERS);
    assert_string_equal(first.name, name);
    assert_int_equal(first.rows, rows);
}

static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(first_of("affine", 1.0, 0).kind, FATHOM_FIRST_NONE);
    is(first_of("affine", 1.0, -800), FATHOM_FIRST_SCALE_UNDERFLOW, 1, "coupling", 8);
    is(first_of("affine", NAN, 0), FATHOM_FIRST_LATENT_OVERFLOW, 0, "rotation", 2);
    is(first_of("affine", NAN, -800), FATHOM_FIRST_LATENT_OVERFLOW, 0, "rotation",
       2); /* the first layer, not the worst */
    is(first_of("spline", 1e160, 0), FATHOM_FIRST_LATENT_OVERFLOW, LAYERS, "base",
       2); /* its square is out of range     */
    is(first_of("spline", 1e100, 0), FATHOM_FIRST_GRADIENT_OVERFLOW, 0, "rotation",
       2); /* the square of its square      */
    assert_string_equal(fathom_first_kind_name(FATHOM_FIRST_NONE), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mechanism),
        cmocka_unit_test(test_log_scale),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, make_spiral, free_spiral);
}
