/* test_bijections.c - the properties that make a layer a bijection with a gradient, over every layer there is.
 *
 * layers.h says which they are.  Each case is a tile of rows, most of them where a spline acts and some outside, with
 * parameters off their initial values.  Derivatives by differences: see common.h.
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

#include "layers.h"

/* ------------------------------------------------------------------------------------------------ both ways ---- */

static void round_trip(struct layer_case *layer)
{
    double y[MOST_DIM * SLAB_STRIDE], log_det[TILE], tolerance = layer->spline ? 1e-9 : 1e-12;
    case_forward(y, log_det, layer, layer->x);
    run_inverse(layer->table, y, log_det, layer->state, TILE);
    for (size_t i = 0; i < TILE; i++) {
        for (size_t d = 0; d < layer->dim; d++)
            check_near(COORDINATE(y, d)[i], COORDINATE(layer->x, d)[i], tolerance, 1.0, layer->name, i);
        check_near(log_det[i], 0.0, tolerance, 1.0, layer->name, i);
    }

    memcpy(y, layer->x, sizeof y); /* and inverse first */
    memset(log_det, 0, sizeof log_det);
    run_inverse(layer->table, y, log_det, layer->state, TILE);
    run_forward(layer->table, y, log_det, layer->state, TILE);
    for (size_t i = 0; i < TILE; i++) {
        for (size_t d = 0; d < layer->dim; d++)
            check_near(COORDINATE(y, d)[i], COORDINATE(layer->x, d)[i], tolerance, 1.0, layer->name, i);
        check_near(log_det[i], 0.0, tolerance, 1.0, layer->name, i);
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    on_all_layers(round_trip);
}

/* ------------------------------------------------------------------------------- the Jacobian, row after row ---- */

/* Where a stencil takes the inputs: along one direction, each row its own. */
struct line {
    struct layer_case *layer;
    const double      *direction; /* [D][SLAB_STRIDE] */
};

/* values: y, [D][TILE], then log_det, [TILE] */
static void along(double *values, double t, void *context)
{
    const struct line *line = context;
    double             x[MOST_DIM * SLAB_STRIDE], log_det[TILE];
    const size_t       dim = line->layer->dim;
    for (size_t j = 0; j < dim * SLAB_STRIDE; j++)
        x[j] = line->layer->x[j] + t * line->direction[j];
    case_forward(x, log_det, line->layer, x);
    for (size_t d = 0; d < dim; d++)
        memcpy(values + d * TILE, COORDINATE(x, d), TILE * sizeof(double));
    memcpy(values + dim * TILE, log_det, sizeof log_det);
}

/* log |det a| by elimination with row exchanges; a: [n][n], overwritten */
static double log_abs_det(double a[MOST_DIM][MOST_DIM], size_t n)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;
        for (size_t r = k + 1; r < n; r++)
            pivot = fabs(a[r][k]) > fabs(a[pivot][k]) ? r : pivot;
        for (size_t c = 0; c < n; c++) {
            double kept = a[k][c];
            a[k][c] = a[pivot][c];
            a[pivot][c] = kept;
        }
        sum += log(fabs(a[k][k]));
        for (size_t r = k + 1; r < n; r++)
            for (size_t c = n; c-- > k;)
                a[r][c] -= a[r][k] / a[k][k] * a[k][c];
    }
    return sum;
}

/* log-det against the determinant of the Jacobian by differences, and the Jacobian against backward's, row by row of
 * it: d y_e / d x_c.  A row of the tile is left out if a stencil is rough there. */
static void jacobian(struct layer_case *layer)
{
    const size_t dim = layer->dim, n = (dim + 1) * TILE;
    double       slope[MOST_DIM][(MOST_DIM + 1) * TILE], rough[MOST_DIM][(MOST_DIM + 1) * TILE], log_det[TILE];
    double       y[MOST_DIM * SLAB_STRIDE], *gradient = need(layer->n_params * sizeof *gradient);
    size_t       tested = 0;
    bool         smooth[TILE];

    for (size_t c = 0; c < dim; c++) {
        double direction[MOST_DIM * SLAB_STRIDE] = { 0 };
        for (size_t i = 0; i < TILE; i++)
            COORDINATE(direction, c)[i] = 1.0;
        differentiate(slope[c], rough[c], along, &(struct line){ layer, direction }, 2, 0x1p-14, n);
    }
    case_forward(y, log_det, layer, layer->x);
    for (size_t i = 0; i < TILE; i++) {
        double a[MOST_DIM][MOST_DIM], roughest = 0.0;
        for (size_t c = 0; c < dim; c++)
            for (size_t e = 0; e <= dim; e++)
                roughest = fmax(roughest, rough[c][e * TILE + i] / fmax(1.0, fabs(slope[c][e * TILE + i])));
        smooth[i] = roughest < 1e-6;
        if (!smooth[i])
            continue;
        for (size_t e = 0; e < dim; e++)
            for (size_t c = 0; c < dim; c++)
                a[e][c] = slope[c][e * TILE + i];
        check_near(log_det[i], layer->no_log_det ? 0.0 : log_abs_det(a, dim), 1e-7, 1.0, layer->name, i);
        tested++;
    }
    if (tested < TILE * 3 / 4)
        fail_msg("%s: only %zu rows have a smooth neighbourhood", layer->name, tested);

    for (size_t e = 0; e <= dim; e++) { /* e = D: the log-det's own row */
        double dx[MOST_DIM * SLAB_STRIDE] = { 0 }, dlog_det[TILE] = { 0 };
        for (size_t i = 0; i < TILE; i++)
            (e < dim ? COORDINATE(dx, e) : dlog_det)[i] = 1.0;
        case_backward(dx, gradient, dlog_det, layer);
        for (size_t i = 0; i < TILE; i++)
            for (size_t c = 0; c < dim && smooth[i]; c++)
                check_near(COORDINATE(dx, c)[i], slope[c][e * TILE + i], 1e-7, fmax(1.0, fabs(slope[c][e * TILE + i])),
                           layer->name, i);
    }
    free(gradient);
}

static void test_jacobian(void **state)
{
    (void)state;
    on_all_layers(jacobian);
}

/* <(dy, dlog_det), J v> = <J^T (dy, dlog_det), v>, the left side by differences of the forward map alone.
 *
 * With 6 pairs and h = 2^-6 the formula's own error is (6!)^2 h^12 / rho^13, 2e-17 where the map is analytic to a
 * distance rho of 1: so J v is wrong only by the rounding of y, some epsilon |y| / h = 1e-14 |y|.  Relative to
 * |(dy, dlog_det)| |J v|, the bound of either side, 1e-12 leaves room for that and for nothing else.  The stencil is
 * 0.19 wide, so the networks here are small and kinks few, and the intervals' bins wide. */
static size_t adjoint_tested;

static void adjoint(struct layer_case *layer)
{
    const size_t dim = layer->dim, n = (dim + 1) * TILE;
    double       v[MOST_DIM * SLAB_STRIDE], dy[(MOST_DIM + 1) * SLAB_STRIDE], dx[MOST_DIM * SLAB_STRIDE];
    double       slope[(MOST_DIM + 1) * TILE], rough[(MOST_DIM + 1) * TILE];
    double      *gradient = need(layer->n_params * sizeof *gradient);
    size_t       tested = 0;

    draw_slab(v, 21, 1.0, dim);
    for (size_t j = 0; j < dim * SLAB_STRIDE; j++)
        v[j] = ldexp(nearbyint(ldexp(v[j], 6)), -6);
    draw_slab(dy, 22, 1.0, dim + 1);
    differentiate(slope, rough, along, &(struct line){ layer, v }, 6, 0x1p-6, n);
    memcpy(dx, dy, sizeof dx);
    case_backward(dx, gradient, COORDINATE(dy, dim), layer);
    for (size_t i = 0; i < TILE; i++) {
        double left = 0.0, right = 0.0, size_dy = 0.0, size_jv = 0.0, roughest = 0.0;
        for (size_t e = 0; e <= dim; e++) {
            left += COORDINATE(dy, e)[i] * slope[e * TILE + i];
            size_dy = hypot(size_dy, COORDINATE(dy, e)[i]);
            size_jv = hypot(size_jv, slope[e * TILE + i]);
            roughest = fmax(roughest, rough[e * TILE + i]);
        }
        for (size_t d = 0; d < dim; d++)
            right += COORDINATE(dx, d)[i] * COORDINATE(v, d)[i];
        if (roughest > 1e-12 * size_jv)
            continue;
        check_near(right, left, 1e-12, size_dy * size_jv, layer->name, i);
        tested++;
    }
    if (tested < 6)
        fail_msg("%s: only %zu rows have a smooth neighbourhood", layer->name, tested);
    adjoint_tested += tested;
    free(gradient);
}

static void test_adjoint(void **state)
{
    (void)state;
    fathom_config config = fathom_config_default();
    config.knots = 1;
    config.interval = 8.0;
    config.hidden = 1;
    config.width = 3;
    adjoint_tested = 0;
    size_t cases = for_each_layer(adjoint, &config, 0.1);
    assert_true(adjoint_tested > cases * TILE / 2);
}

/* --------------------------------------------------------------------------------------------- parameters ---- */

struct parameter {
    struct layer_case *layer;
    double            *moved; /* one of layer->params */
    const double      *dy;    /* [D + 1][SLAB_STRIDE], the last for the log-det */
};

/* values: each row's own loss, <dy, y> + dlog_det log_det */
static void row_losses(double *values, double t, void *context)
{
    const struct parameter *p = context;
    const double            kept = *p->moved;
    double                  y[MOST_DIM * SLAB_STRIDE], log_det[TILE];
    const size_t            dim = p->layer->dim;
    *p->moved = kept + t;
    case_forward(y, log_det, p->layer, p->layer->x);
    *p->moved = kept;
    for (size_t i = 0; i < TILE; i++) {
        values[i] = COORDINATE(p->dy, dim)[i] * log_det[i];
        for (size_t d = 0; d < dim; d++)
            values[i] += COORDINATE(p->dy, d)[i] * COORDINATE(y, d)[i];
    }
}

/* Every parameter's gradient, of every row by itself: the row's upstream gradient alone is not zero. */
static void parameters(struct layer_case *layer)
{
    const size_t dim = layer->dim, n = layer->n_params;
    double       dy[(MOST_DIM + 1) * SLAB_STRIDE], slope[TILE], rough[TILE], largest[TILE];
    double      *gradient = need(TILE * n * sizeof *gradient);
    size_t       tested = 0;

    draw_slab(dy, 31, 1.0, dim + 1);
    for (size_t i = 0; i < TILE; i++) {
        double dx[MOST_DIM * SLAB_STRIDE] = { 0 }, dlog_det[TILE] = { 0 };
        for (size_t d = 0; d < dim; d++)
            COORDINATE(dx, d)[i] = COORDINATE(dy, d)[i];
        dlog_det[i] = COORDINATE(dy, dim)[i];
        case_backward(dx, gradient + i * n, dlog_det, layer);
        largest[i] = max_abs(gradient + i * n, n);
    }
    for (size_t k = 0; k < TILE * n && layer->frozen; k++)
        assert_true(gradient[k] == 0.0 && !signbit(gradient[k]));
    const size_t moved = n - layer_n_buffers(layer->table, &layer->config);
    for (size_t i = 0; i < TILE; i++) /* buffers are constants */
        for (size_t k = moved; k < n; k++)
            assert_true(gradient[i * n + k] == 0.0);
    for (size_t k = 0; k < moved && !layer->frozen; k++) {
        differentiate(slope, rough, row_losses, &(struct parameter){ layer, layer->params + k, dy }, 2, 0x1p-14, TILE);
        for (size_t i = 0; i < TILE; i++) {
            if (rough[i] > 1e-7 * largest[i])
                continue;
            char what[128];
            snprintf(what, sizeof what, "%s, row %zu, parameter", layer->name, i);
            check_near(gradient[i * n + k], slope[i], 1e-6, largest[i], what, k);
            tested++;
        }
    }
    if (tested < moved * TILE / 100 * 99 && !layer->frozen)
        fail_msg("%s: only %zu of %zu stencils are smooth", layer->name, tested, moved * TILE);
    free(gradient);
}

static void test_parameters(void **state)
{
    (void)state;
    on_all_layers(parameters);
}

/* A layer's gradient is the sum over its tiles; finish overwrites what was in it; after the next prepare the sums start
 * at zero. */
static void accumulation(struct layer_case *layer)
{
    const size_t dim = layer->dim, n = layer->n_params;
    double       dy[(MOST_DIM + 1) * SLAB_STRIDE], y[MOST_DIM * SLAB_STRIDE], dx[MOST_DIM * SLAB_STRIDE],
        log_det[TILE] = { 0 };
    double *once = need(n * sizeof *once), *twice = need(n * sizeof *twice), *again = need(n * sizeof *again);
    draw_slab(dy, 41, 1.0, dim + 1);
    memcpy(dx, dy, sizeof dx);
    case_backward(dx, once, COORDINATE(dy, dim), layer);
    case_forward(y, log_det, layer, layer->x);
    for (int tile = 0; tile < 2; tile++) {
        memcpy(y, layer->x, sizeof y);
        run_forward(layer->table, y, log_det, layer->state, TILE);
        memcpy(dx, dy, sizeof dx);
        layer->table->backward(dx, COORDINATE(dy, dim), layer->state, TILE);
    }
    for (size_t k = 0; k < n; k++)
        twice[k] = NAN;
    layer_finish(twice, layer->table, layer->state);
    for (size_t k = 0; k < n; k++)
        check_near(twice[k], 2.0 * once[k], 1e-13, max_abs(once, n), layer->name, k);
    memcpy(dx, dy, sizeof dx);
    case_backward(dx, again, COORDINATE(dy, dim), layer);
    check_same(again, once, n, layer->name, "after a second prepare");
    free(once);
    free(twice);
    free(again);
}

static void test_accumulation(void **state)
{
    (void)state;
    on_all_layers(accumulation);
}

/* A short tile: the rows that are there, and the gradient, have the bits that they have in a whole tile whose other
 * rows weigh nothing; what lies beyond is neither looked at nor touched. */
static void short_tile(struct layer_case *layer)
{
    enum { ROWS = 24 };
    const size_t dim = layer->dim, n = layer->n_params;
    double       y[MOST_DIM * SLAB_STRIDE], dx[MOST_DIM * SLAB_STRIDE], log_det[TILE] = { 0 };
    double       dy[(MOST_DIM + 1) * SLAB_STRIDE], whole_y[MOST_DIM * SLAB_STRIDE], whole_dx[MOST_DIM * SLAB_STRIDE],
        whole_log_det[TILE];
    double *whole = need(n * sizeof *whole), *gradient = need(n * sizeof *gradient);
    draw_slab(dy, 43, 1.0, dim + 1);
    for (size_t d = 0; d <= dim; d++)
        for (size_t i = ROWS; i < SLAB_STRIDE; i++)
            COORDINATE(dy, d)[i] = 0.0;
    case_forward(whole_y, whole_log_det, layer, layer->x);
    memcpy(whole_dx, dy, sizeof whole_dx);
    case_backward(whole_dx, whole, COORDINATE(dy, dim), layer);

    memcpy(y, layer->x, sizeof y);
    memcpy(dx, dy, sizeof dx);
    for (size_t d = 0; d < dim; d++)
        for (size_t i = ROWS; i < SLAB_STRIDE; i++)
            COORDINATE(y, d)[i] = COORDINATE(dx, d)[i] = NAN;
    for (size_t i = ROWS; i < TILE; i++)
        COORDINATE(dy, dim)[i] = NAN;
    assert_int_equal(layer_prepare(layer->table, layer->state, layer->params), FATHOM_OK);
    run_forward(layer->table, y, log_det, layer->state, ROWS);
    layer->table->backward(dx, COORDINATE(dy, dim), layer->state, ROWS);
    layer_finish(gradient, layer->table, layer->state);
    check_same(gradient, whole, n, layer->name, "gradient of a short tile");
    check_same(log_det, whole_log_det, ROWS, layer->name, "log_det of a short tile");
    for (size_t d = 0; d < dim; d++) {
        check_same(COORDINATE(y, d), COORDINATE(whole_y, d), ROWS, layer->name, "y of a short tile");
        check_same(COORDINATE(dx, d), COORDINATE(whole_dx, d), ROWS, layer->name, "dx of a short tile");
        for (size_t i = ROWS; i < TILE; i++)
            assert_true(isnan(COORDINATE(y, d)[i]) && isnan(COORDINATE(dx, d)[i]));
    }
    run_inverse(layer->table, y, log_det, layer->state, ROWS);
    for (size_t d = 0; d < dim; d++)
        for (size_t i = ROWS; i < TILE; i++)
            assert_true(isnan(COORDINATE(y, d)[i]));
    free(whole);
    free(gradient);
}

static void test_short_tile(void **state)
{
    (void)state;
    on_all_layers(short_tile);
}

/* ---------------------------------------------------------------------------------------------- bad inputs ---- */

/* A row of NaN or huge numbers does not change the bits of the other rows of its tile, in either direction. */
static void bad_rows(struct layer_case *layer)
{
    static const double bad[] = { NAN, INFINITY, -INFINITY, 1e300, -1e300, 5e-324 };
    double              x[MOST_DIM * SLAB_STRIDE], y[MOST_DIM * SLAB_STRIDE], expected[MOST_DIM * SLAB_STRIDE];
    double              log_det[TILE], expected_log_det[TILE];
    case_forward(expected, expected_log_det, layer, layer->x);
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++)
        for (size_t c = 0; c < layer->dim; c++) {
            memcpy(x, layer->x, sizeof x);
            for (size_t i = 20; i < TILE; i += 3)
                COORDINATE(x, c)[i] = bad[b];
            case_forward(y, log_det, layer, x);
            bool spread = !isnan(bad[b]);
            for (size_t d = 0; d < layer->dim; d++)
                spread |= isnan(COORDINATE(y, d)[20]);
            if (!spread)
                fail_msg("%s: NaN goes in and none comes out", layer->name);
            for (size_t i = 0; i < TILE; i++) {
                if (i >= 20 && (i - 20) % 3 == 0)
                    continue;
                for (size_t d = 0; d < layer->dim; d++)
                    check_same(COORDINATE(y, d) + i, COORDINATE(expected, d) + i, 1, layer->name, "beside a bad row");
                check_same(log_det + i, expected_log_det + i, 1, layer->name, "beside a bad row");
            }
            run_inverse(layer->table, x, log_det, layer->state, TILE); /* and this one comes to an end */
        }
}

static void test_bad_rows(void **state)
{
    (void)state;
    on_all_layers(bad_rows);
}

/* ---------------------------------------------------------------------------------------------------- slabs ---- */

/* A slab, its image and what comes back. */
struct passed {
    double x[MOST_DIM * SLAB_STRIDE], log_det[SLAB], dx[MOST_DIM * SLAB_STRIDE], dlog_det[SLAB];
    double back[MOST_DIM * SLAB_STRIDE], back_log_det[SLAB];
};

/* rows: of each of the slabs that p is cut into. */
static void pass(struct passed *p, double *gradient, struct layer_case *layer, size_t rows)
{
    assert_int_equal(layer_prepare(layer->table, layer->state, layer->params), FATHOM_OK);
    for (size_t first = 0; first < SLAB; first += rows) {
        run_forward(layer->table, p->x + first, p->log_det + first, layer->state, rows);
        layer->table->backward(p->dx + first, p->dlog_det + first, layer->state, rows);
    }
    memset(gradient, 0, layer->n_params * sizeof *gradient);
    layer_finish(gradient, layer->table, layer->state);
    for (size_t first = 0; first < SLAB; first += rows)
        run_inverse(layer->table, p->back + first, p->back_log_det + first, layer->state, rows);
}

/* A whole slab has the bits of its tiles one by one.  Residual blocks take tiles alone (kernels.h, slab_rows). */
static void whole_slab(struct layer_case *layer)
{
    struct passed whole = { .log_det = { 0 } }, parts;
    double       *gradient = need(2 * (layer->n_params + 1) * sizeof *gradient);
    if (slab_rows(&layer->config) == SLAB && strcmp(layer->table->name, "residual") != 0) {
        draw(whole.x, 15, 1.0, layer->dim * SLAB_STRIDE);
        draw(whole.dx, 16, 1.0, layer->dim * SLAB_STRIDE);
        draw(whole.dlog_det, 17, 1.0, SLAB);
        memcpy(whole.back, whole.x, sizeof whole.back);
        parts = whole;
        pass(&whole, gradient, layer, SLAB);
        pass(&parts, gradient + layer->n_params, layer, TILE);
        check_same((double *)&whole, (double *)&parts, sizeof whole / sizeof(double), layer->name, "whole slab");
        check_same(gradient, gradient + layer->n_params, layer->n_params, layer->name, "gradient of a whole slab");
    }
    free(gradient);
}

static void test_whole_slab(void **state)
{
    (void)state;
    fathom_config config = fathom_config_default();
    config.width = 64;
    config.hidden = 1;
    for_each_layer(whole_slab, &config, 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_jacobian),     cmocka_unit_test(test_adjoint),
        cmocka_unit_test(test_parameters), cmocka_unit_test(test_accumulation), cmocka_unit_test(test_short_tile),
        cmocka_unit_test(test_bad_rows),   cmocka_unit_test(test_whole_slab),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
