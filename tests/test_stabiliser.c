/* test_stabiliser.c - the rule of each stabiliser, against numbers that were worked out by hand; and whole runs under
 * those that change the course of a run, against the same steps made here in plain C.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "flow.h"
#include "model.h"
#include "stabiliser.h"

/* ------------------------------------------------------------------------------------------ rules by themselves ---- */

struct rule {
    const struct stabiliser *stabiliser;
    void                    *state;
};

static struct rule rule_open(const char *name, const fathom_flow *flow)
{
    const fathom_train_options options = fathom_train_options_default();
    struct rule                rule = { stabiliser_find(name), NULL };
    assert_non_null(rule.stabiliser);
    if (rule.stabiliser->create) {
        rule.state = rule.stabiliser->create(flow, &options);
        assert_non_null(rule.state);
    }
    return rule;
}

static void rule_close(struct rule *rule)
{
    assert_null(rule->stabiliser->destroy); /* else it is not free() */
    free(rule->state);
}

/* What the rule decides about a step; *scale (may be NULL) the factor of the gradient. */
static enum decision decide(double *scale, struct rule *rule, double loss, double norm)
{
    struct step         step = { .loss = loss, .norm = norm, .scale = 1.0 };
    const enum decision decision = rule->stabiliser->decide(&step, NULL, NULL, rule->state);
    assert_int_equal(step.acted, decision == STEP_LEFT_OUT || (decision == STEP_UPDATES && step.scale != 1.0));
    if (scale)
        *scale = step.scale;
    return decision;
}

static void test_clip_and_skip(void **state)
{
    (void)state;
    struct rule  clip = rule_open("clip", NULL), skip = rule_open("skip", NULL);
    double       scale;
    const double odd[] = { NAN, INFINITY, -INFINITY };
    assert_int_equal(decide(&scale, &clip, 1.0, 4.0), STEP_UPDATES);
    assert_true(scale == 0.25);
    assert_int_equal(decide(&scale, &clip, 1.0, 1.0), STEP_UPDATES);
    assert_true(scale == 1.0);
    assert_int_equal(decide(&scale, &skip, 1e300, 1e150), STEP_UPDATES);
    assert_true(scale == 1.0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(decide(NULL, &clip, odd[i], 1.0), STEP_ENDS);
        assert_int_equal(decide(NULL, &skip, odd[i], 1.0), STEP_LEFT_OUT);
        assert_int_equal(decide(NULL, &skip, 1.0, odd[i]), STEP_LEFT_OUT);
    }
    rule_close(&clip);
    rule_close(&skip);
}

/* 64 steps with the values 1 and 3 in turn. */
static struct rule olmo_after_64(void)
{
    struct rule rule = rule_open("olmo", NULL);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(decide(NULL, &rule, i % 2 ? 3.0 : 1.0, i % 2 ? 1.0 : 3.0), STEP_UPDATES);
    return rule;
}

/* Of 64 values 1 and 3 the mean is 2 and the variance 64/63, so the bound is 2 + 6 sqrt(64/63) = 8.047431... */
static void test_olmo_bound(void **state)
{
    (void)state;
    static const struct {
        double        loss, norm;
        enum decision decision;
    } cases[] = {
        { 8.0474, 2.0, STEP_UPDATES },    { 8.0475, 2.0, STEP_LEFT_OUT }, { 2.0, 8.0474, STEP_UPDATES },
        { 2.0, 8.0475, STEP_LEFT_OUT },   { -1e9, 0.0, STEP_UPDATES }, /* far below the mean is no spike */
        { INFINITY, 2.0, STEP_LEFT_OUT }, { 2.0, NAN, STEP_LEFT_OUT },    { -INFINITY, 2.0, STEP_LEFT_OUT },
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct rule rule = olmo_after_64();
        assert_int_equal(decide(NULL, &rule, cases[c].loss, cases[c].norm), cases[c].decision);
        rule_close(&rule);
    }
    /* Step 63 is not yet judged; one that is not finite ends the run. */
    struct rule rule = rule_open("olmo", NULL);
    for (size_t i = 0; i < 63; i++)
        assert_int_equal(decide(NULL, &rule, 1.0, 1.0), STEP_UPDATES);
    assert_int_equal(decide(NULL, &rule, 1e6, 1e6), STEP_UPDATES);
    rule_close(&rule);
    rule = rule_open("olmo", NULL);
    assert_int_equal(decide(NULL, &rule, 1.0, INFINITY), STEP_ENDS);
    rule_close(&rule);
}

/* A loss of 102 that was left out is in the window of 65: the mean is (128 + 102)/65 = 3.53846, the squares about it are
 * 64 + 64 (2 - 3.53846)^2 + (102 - 3.53846)^2 = 64 + 151.479 + 9694.675 = 9910.154, so the bound is
 * 3.53846 + 6 sqrt(9910.154/64) = 78.20078.  Behind 128 more steps it has left it: of 64 times 1 and 3 each the bound is
 * 2 + 6 sqrt(128/127) = 8.023576. */
static void test_olmo_window(void **state)
{
    (void)state;
    const double values[] = { 78.19, 78.21 };
    for (size_t v = 0; v < 2; v++) {
        struct rule rule = olmo_after_64();
        assert_int_equal(decide(NULL, &rule, 102.0, 2.0), STEP_LEFT_OUT);
        assert_int_equal(decide(NULL, &rule, values[v], 2.0), v ? STEP_LEFT_OUT : STEP_UPDATES);
        for (size_t i = 0; i < 128; i++)
            assert_int_equal(decide(NULL, &rule, i % 2 ? 3.0 : 1.0, 2.0), STEP_UPDATES);
        assert_int_equal(decide(NULL, &rule, v ? 8.0236 : 8.0235, 2.0), v ? STEP_LEFT_OUT : STEP_UPDATES);
        rule_close(&rule);
    }
    /* After a norm that is not finite every step is left out until it has left the window. */
    struct rule rule = olmo_after_64();
    assert_int_equal(decide(NULL, &rule, 2.0, INFINITY), STEP_LEFT_OUT);
    for (size_t i = 0; i < 128; i++)
        assert_int_equal(decide(NULL, &rule, i % 2 ? 3.0 : 1.0, i % 2 ? 1.0 : 3.0), STEP_LEFT_OUT);
    assert_int_equal(decide(NULL, &rule, 2.0, 2.0), STEP_UPDATES);
    rule_close(&rule);
}

/* The warm-up's norms: ten times 1 and 3, and 0.5, 3.5, 1.5, 2.5, 2: mean 2, variance (20 + 4.5 + 0.5)/25 = 1.
 *
 *   norm  z                                            cut                                mean          variance
 *   7     5/1.000001 = 4.999995                        2 + 6.25/z = 3.25000125            2.0375000375  1.0141047757
 *   4.5   2.4624999625/(1.0070277 + 1e-6) = 2.4453125  4.5                                2.1113750364  1.1548475206
 *   4.9   2.7886249636/(1.0746383 + 1e-6) = 2.5949404  2.1113750 + 6.25 1.0746383/z       2.1890240972  1.3093034333
 *                                                      = 4.6996771
 *   mean <- 0.97 mean + 0.03 cut, then variance <- 0.97 variance + 0.03 (cut - mean)^2, e.g.
 *   0.97 2 + 0.03 3.25000125 = 2.0375000375 and 0.97 + 0.03 1.2125012125^2 = 1.0141047757.
 *   The last cut is needed to see the third mean: a norm of 6.1890240972 has z = 4/(1.1442480 + 1e-6) and is cut to
 *   2.1890240972 + 6.25 1.3093034333 (1 + 1e-6/1.1442480)/4 = 4.2348125. */
static void test_zclip(void **state)
{
    (void)state;
    static const double rest[] = { 0.5, 3.5, 1.5, 2.5, 2.0 };
    static const double norms[] = { 7.0, 4.5, 4.9, 6.1890240972 }, cuts[] = { 3.25000125, 4.5, 4.6996771, 4.2348125 };
    struct rule         rule = rule_open("zclip", NULL);
    double              scale;
    for (size_t i = 0; i < 25; i++) {
        const double norm = i < 20 ? (i % 2 ? 3.0 : 1.0) : rest[i - 20];
        assert_int_equal(decide(&scale, &rule, 1.0, norm), STEP_UPDATES);
        assert_true(scale == (norm > 1.0 ? 1.0 / norm : 1.0));
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(decide(&scale, &rule, 1.0, norms[i]), STEP_UPDATES);
        check_near(scale * norms[i], cuts[i], 5e-8, 1.0, "norm after the cut", i);
    }
    assert_int_equal(decide(NULL, &rule, NAN, 1.0), STEP_ENDS);
    rule_close(&rule);
}

/* A flow of one block with a hidden layer of two units.  Its units: loc, raw scale; two rotation vectors; and of each
 * coupling the two rows of W0 [2][1], b0, the two rows of W1 [2][2], b1. */
static void test_agc(void **state)
{
    (void)state;
    static const size_t lengths[] = { 2, 2, 2, 2, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2 };
    enum { UNITS = sizeof lengths / sizeof *lengths, PARAMS = 28 };
    fathom_config config = fathom_config_default();
    config.coupling = "affine";
    config.width = 2;
    config.hidden = 1;
    fathom_flow *flow = fathom_flow_new(&config, NULL, NULL);
    size_t       found[UNITS];
    assert_non_null(flow);
    assert_int_equal(fathom_flow_n_params(flow), PARAMS);
    assert_int_equal(fathom_flow_units(NULL, flow), UNITS);
    assert_int_equal(fathom_flow_units(found, flow), UNITS);
    assert_memory_equal(found, lengths, sizeof lengths);

    /* loc: |w| = 5, |g| = 0.5 > 0.05: a tenth.  raw: |w| = 0 counts as 1e-3, and |g| = 5e-6 < 1e-5.  The first rotation:
     * |g| = 5e-3 > 1e-5: 1/500.  W0: rows of |w| = 2 and 1, g = -1 -> -0.02 and 0.005.  W1: |w| = 5 and 1, |g| = 1 ->
     * 0.05 and 0.005. */
    double w[PARAMS] = { 3, 4, 0, 0, 0, 0, 1, 0, 2, 1, 1, 1, 3, 4, 0.6, 0.8 };
    double g[PARAMS] = { 0.3, 0.4, 3e-6, 4e-6, 3e-3, -4e-3, 0, 0, -1, 0.005, 0, 0, 0, 1, 0.003, 0.004 };
    double expected[PARAMS] = { 0.03, 0.04, 3e-6, 4e-6, 6e-6, -8e-6, 0, 0, -0.02, 0.005, 0, 0, 0, 0.05, 0.003, 0.004 };
    struct rule rule = rule_open("agc", flow);
    struct adam adam = { .n = PARAMS, .params = w };
    struct step step = { .loss = 1.0, .norm = 1.7, .scale = 1.0 };
    assert_int_equal(rule.stabiliser->decide(&step, g, &adam, rule.state), STEP_UPDATES);
    assert_true(step.acted && step.scale == 1.0);
    for (size_t i = 0; i < PARAMS; i++)
        check_near(g[i], expected[i], 1e-15, fabs(expected[i]), "gradient after AGC", i);
    memset(g, 0, sizeof g);
    step.acted = false;
    assert_int_equal(rule.stabiliser->decide(&step, g, &adam, rule.state), STEP_UPDATES);
    assert_false(step.acted);
    step.norm = INFINITY;
    assert_int_equal(rule.stabiliser->decide(&step, g, &adam, rule.state), STEP_ENDS);
    rule_close(&rule);
    fathom_flow_free(flow);
}

/* One parameter, gradients 2 and 0, rate 1.  Step 1: m = 0.2, m/0.1 = 2; v = 0.004, v/0.001 = 4: the update is 2/2.  Step
 * 2: m = 0.18, m/0.19 = 0.947368; v/0.001999 = 1.999, so 4 stays the greatest: 0.947368/2 = 0.473684.  (Adam: 0.670054;
 * the greatest v corrected afterwards: 0.004/0.001999 = 2.001, 0.669719.) */
static void test_amsgrad(void **state)
{
    (void)state;
    struct model m = model_open(1, "affine", FATHOM_ACTNORM_NONE, 2);
    struct rule  rule = rule_open("amsgrad", m.flow);
    double       p[8] = { 5 }, mean[8] = { 0 }, v[8] = { 0 }, g[8] = { 2 };
    struct adam  adam = { .n = 1, .beta2 = 0.999, .params = p, .m = mean, .v = v };
    rule.stabiliser->update(&adam, g, 1.0, 1.0 / 0.1, 1.0 / 0.001, fathom_isa_find(NULL), rule.state);
    check_near(p[0], 4.0, 1e-8, 1.0, "parameter after step", 1);
    g[0] = 0;
    rule.stabiliser->update(&adam, g, 1.0, 1.0 / 0.19, 1.0 / 0.001999, fathom_isa_find(NULL), rule.state);
    check_near(p[0], 4.0 - 0.18 / 0.19 / 2, 1e-8, 1.0, "parameter after step", 2);
    assert_true(decide(NULL, &(struct rule){ stabiliser_find("beta2"), NULL }, NAN, 1.0) == STEP_ENDS);
    rule_close(&rule);
    model_close(&m);
}

/* ------------------------------------------------------------------------------------------- whole runs by hand ---- */

enum { N = 16, MOST_STEPS = 420 }; /* rows 0 .. N - 1 are one batch, with row N instead of row 0 another */

static double   rows_x[2 * (N + 1)];
static uint32_t rows_order[N + 1], good[N], bad[N];

static int make_rows(void **state)
{
    (void)state;
    fathom_dataset spiral;
    if (fathom_spiral(&spiral, 0, N + 1, NULL) != FATHOM_OK)
        return -1;
    memcpy(rows_x, spiral.x, sizeof rows_x);
    fathom_dataset_free(&spiral);
    rows_x[2 * N] = NAN;
    for (uint32_t i = 0; i <= N; i++)
        rows_order[i] = i;
    for (uint32_t i = 0; i < N; i++)
        good[i] = bad[i] = i;
    bad[0] = N;
    return 0;
}

/* Adam in plain C: parameters, m, v and t. */
struct by_hand {
    double *p, *m, *v;
    int     t;
    size_t  n;
};

static void by_hand_step(struct by_hand *h, struct model *model, double lr, double beta2, double *sum_squares)
{
    double loss, *g = need(h->n * sizeof *g), square = 0;
    assert_int_equal(fathom_flow_nll(&loss, g, model->ws, h->p, rows_x, good, NULL, N), FATHOM_OK);
    h->t++;
    for (size_t k = 0; k < h->n; k++) {
        h->m[k] = 0.9 * h->m[k] + 0.1 * g[k];
        h->v[k] = beta2 * h->v[k] + (1 - beta2) * g[k] * g[k];
        const double change = lr * (h->m[k] / (1 - pow(0.9, h->t))) / (sqrt(h->v[k] / (1 - pow(beta2, h->t))) + 1e-8);
        h->p[k] -= change;
        square += change * change;
    }
    *sum_squares += square / (double)h->n / (lr * lr);
    free(g);
}

/* The trainer's parameters are these, up to rounding; from now on they are the same to the bit. */
static void by_hand_check(struct by_hand *h, const fathom_trainer *trainer, size_t step)
{
    for (size_t k = 0; k < h->n; k++) {
        check_near(fathom_trainer_params(trainer)[k], h->p[k], 1e-12, 1.0, "parameter after step", step);
        h->p[k] = fathom_trainer_params(trainer)[k];
    }
}

static struct by_hand by_hand_copy(const struct by_hand *h)
{
    struct by_hand copy = { .t = h->t, .n = h->n };
    copy.p = need(3 * h->n * sizeof *copy.p);
    copy.m = copy.p + h->n;
    copy.v = copy.m + h->n;
    memcpy(copy.p, h->p, 3 * h->n * sizeof *copy.p);
    return copy;
}

static struct by_hand by_hand_start(const struct model *m)
{
    double              *block = calloc(3 * m->n_params, sizeof *block);
    const struct by_hand h = { block, block + m->n_params, block + 2 * m->n_params, 0, m->n_params };
    assert_non_null(block);
    memcpy(h.p, m->params, m->n_params * sizeof *h.p);
    return h;
}

static fathom_trainer *trainer_of(const struct model *m, const char *stabiliser, size_t steps)
{
    const fathom_train_options options = {
        .steps = steps, .batch = N, .peak_lr = 1e-3, .clip = INFINITY, .stabiliser = stabiliser, .measure_steps = true
    };
    fathom_trainer *trainer = fathom_trainer_new(m->flow, fathom_isa_find(NULL), m->params, &options, rows_x,
                                                 rows_order, N + 1);
    assert_non_null(trainer);
    return trainer;
}

/* beta2 0.95; and the clip that never acts, as a check of the check. */
static void test_beta2_and_update_rms(void **state)
{
    (void)state;
    enum { STEPS = 12 };
    static const char *const names[] = { "clip", "beta2" };
    for (size_t c = 0; c < 2; c++) {
        struct model    m = model_open(1, "affine", FATHOM_ACTNORM_NONE, 2);
        struct by_hand  h = by_hand_start(&m);
        fathom_trainer *trainer = trainer_of(&m, names[c], STEPS);
        double          lr[STEPS], loss, norm, sum = 0;
        fathom_schedule(lr, STEPS, 1e-3, true);
        assert_true(isnan(fathom_trainer_result(trainer).update_rms));
        for (size_t s = 0; s < STEPS; s++) {
            assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, good), FATHOM_OK);
            by_hand_step(&h, &m, lr[s], c == 0 ? 0.999 : 0.95, &sum);
            by_hand_check(&h, trainer, s);
        }
        const fathom_train_result result = fathom_trainer_result(trainer);
        check_near(result.update_rms, sqrt(sum / STEPS), 1e-9, 1.0, "rms of an update", c);
        assert_int_equal(result.acted, c == 0 ? 0 : STEPS);
        assert_int_equal(result.first.kind, FATHOM_FIRST_NONE);
        fathom_trainer_free(trainer);
        free(h.p);
        model_close(&m);
    }
}

/* Faults at steps 25 and 71.  At 25 there are 25 updates: back to the state after 5, steps 26 to 65 do not use their
 * batches, and step 66 has the rate of 25 updates.  At 71, five updates later, it goes back no further than to that state
 * again; step 112 has the rate of 30 updates. */
static void test_rewind(void **state)
{
    (void)state;
    enum { STEPS = 120 };
    struct model    m = model_open(1, "affine", FATHOM_ACTNORM_NONE, 2);
    struct by_hand  h = by_hand_start(&m), after_5 = { 0 };
    fathom_trainer *trainer = trainer_of(&m, "rewind", STEPS);
    double          lr[STEPS], loss, norm, sum = 0;
    size_t          updates = 0;
    fathom_schedule(lr, STEPS, 1e-3, true);
    for (size_t s = 0; s < STEPS; s++) {
        const bool          fault = s == 25 || s == 71, unused = (s > 25 && s < 66) || (s > 71 && s < 112);
        const fathom_status status = fathom_trainer_step(trainer, &loss, &norm, fault || unused ? bad : good);
        assert_int_equal(status, fault || unused ? FATHOM_SKIPPED : FATHOM_OK);
        assert_int_equal(isnan(norm) != 0, fault || unused);
        if (fault) {
            free(h.p);
            h = by_hand_copy(&after_5);
            check_same(fathom_trainer_params(trainer), h.p, h.n, "parameters", "after a rewind");
        } else if (!unused) {
            by_hand_step(&h, &m, lr[updates++], 0.999, &sum);
            by_hand_check(&h, trainer, s);
        }
        if (s == 4)
            after_5 = by_hand_copy(&h);
    }
    const fathom_train_result result = fathom_trainer_result(trainer);
    assert_int_equal(result.status, FATHOM_OK);
    assert_int_equal(result.steps, STEPS);
    assert_int_equal(result.steps_taken, updates);
    assert_int_equal(result.steps_taken, 25 + 5 + 8);
    assert_int_equal(result.skipped, 2 + 80);
    assert_int_equal(result.acted, 2);
    assert_int_equal(result.diverged_at, 25);
    fathom_trainer_free(trainer);
    free(h.p);
    free(after_5.p);
    model_close(&m);
}

/* Each batch is bad: faults at steps 0, 41, 82, ...; the eleventh, at 410, ends the run. */
static void test_rewind_gives_up(void **state)
{
    (void)state;
    struct model    m = model_open(1, "affine", FATHOM_ACTNORM_NONE, 2);
    fathom_trainer *trainer = trainer_of(&m, "rewind", MOST_STEPS);
    uint32_t       *batches = need(MOST_STEPS * sizeof bad);
    double          loss[MOST_STEPS];
    for (size_t s = 0; s < MOST_STEPS; s++)
        memcpy(batches + s * N, bad, sizeof bad);
    const fathom_train_result result = fathom_train(trainer, loss, NULL, batches, NULL, NULL);
    assert_int_equal(result.status, FATHOM_DIVERGED);
    assert_int_equal(result.steps, 411);
    assert_int_equal(result.acted, 10);
    assert_int_equal(result.skipped, 410);
    assert_int_equal(result.steps_taken, 0);
    assert_int_equal(result.diverged_at, 0);
    assert_int_equal(result.first.kind, FATHOM_FIRST_LATENT_OVERFLOW);
    check_same(fathom_trainer_params(trainer), m.params, m.n_params, "parameters", "of a run without an update");
    free(batches);
    fathom_trainer_free(trainer);
    model_close(&m);
}

/* Measuring changes no bit, and names are found. */
static void test_names_and_measuring(void **state)
{
    (void)state;
    assert_null(stabiliser_find("none"));
    assert_ptr_equal(stabiliser_find(NULL), stabiliser_find("clip"));
    assert_null(fathom_stabiliser_name(fathom_n_stabilisers()));
    for (size_t i = 0; i < fathom_n_stabilisers(); i++) {
        struct model         m = model_open(1, "spline", FATHOM_ACTNORM_NONE, 2);
        fathom_train_options options = { .steps = 70, .batch = N, .peak_lr = 1e-2, .clip = 1.0 };
        double              *end[2], loss, norm;
        options.stabiliser = fathom_stabiliser_name(i);
        for (size_t measured = 0; measured < 2; measured++) {
            options.measure_steps = measured;
            fathom_trainer *trainer = fathom_trainer_new(m.flow, fathom_isa_find(NULL), m.params, &options, rows_x,
                                                         rows_order, N + 1);
            assert_non_null(trainer);
            for (size_t s = 0; s < options.steps; s++)
                assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, good), FATHOM_OK);
            assert_int_equal(isnan(fathom_trainer_result(trainer).update_rms) != 0, !measured);
            end[measured] = need(m.n_params * sizeof(double));
            memcpy(end[measured], fathom_trainer_params(trainer), m.n_params * sizeof(double));
            fathom_trainer_free(trainer);
        }
        check_same(end[1], end[0], m.n_params, "parameters", options.stabiliser);
        free(end[0]);
        free(end[1]);
        model_close(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clip_and_skip),
        cmocka_unit_test(test_olmo_bound),
        cmocka_unit_test(test_olmo_window),
        cmocka_unit_test(test_zclip),
        cmocka_unit_test(test_agc),
        cmocka_unit_test(test_amsgrad),
        cmocka_unit_test(test_beta2_and_update_rms),
        cmocka_unit_test(test_rewind),
        cmocka_unit_test(test_rewind_gives_up),
        cmocka_unit_test(test_names_and_measuring),
    };
    return cmocka_run_group_tests(tests, make_rows, NULL);
}
