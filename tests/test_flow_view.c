/* test_flow_view.c - a look at one coupling of a flow: what its conditioner reads, and where it bends, against the
 * layers run by hand on the flat parameters as fathom.h lays them out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "flow_view.h"

enum { N = 2 * TILE + 5, MOST_DIM = 5 };

/* One layer over the tiles, in place; tiles: [3][D][SLAB_STRIDE].  Returns its number of parameters. */
static size_t pass(double tiles[3][MOST_DIM * SLAB_STRIDE], const char *name, const fathom_config *config,
                   const double *params)
{
    const struct layer  *layer = fathom_isa_layer(fathom_isa_find("ref"), name);
    void                *state = layer_create(layer, config);
    struct volume_memory volume_memory;
    struct volume        volume = volume_in(&volume_memory);
    assert_non_null(state);
    assert_int_equal(layer_prepare(layer, state, params), FATHOM_OK);
    volume_start(&volume, TILE);
    for (int t = 0; t < 3; t++)
        layer->forward(tiles[t], &volume, state, TILE);
    layer_destroy(layer, state);
    return layer_n_params(layer, config);
}

/* By hand up to coupling number `coupling` of the flow, whose conditioner's parameters then begin at the result. */
static const double *by_hand(double tiles[3][MOST_DIM * SLAB_STRIDE], const fathom_config *config, const double *params,
                             const double *x, size_t coupling)
{
    static const char *const block[] = { "actnorm", "rotation", "coupling", "flip", "coupling", "flip" };
    const fathom_mixing      mixing = config->mixing;
    const bool rotations = mixing == FATHOM_MIXING_FULL || mixing == FATHOM_MIXING_NO_FLIPS, flips = mixing % 2 == 0;
    memset(tiles, 0, 3 * sizeof *tiles);
    for (size_t i = 0; i < N; i++)
        for (size_t d = 0; d < config->dim; d++)
            COORDINATE(tiles[i / TILE], d)[i % TILE] = x[i * config->dim + d];
    params += 2 * config->dim;
    for (size_t l = 0;; l++) {
        const char *name = block[l % 6];
        if ((strcmp(name, "actnorm") == 0 && config->actnorm == FATHOM_ACTNORM_NONE) ||
            (strcmp(name, "rotation") == 0 && !rotations) || (strcmp(name, "flip") == 0 && !flips))
            continue;
        if (strcmp(name, "coupling") == 0 && coupling-- == 0)
            return params;
        params += pass(tiles, name, config, params);
    }
}

static void check_coupling(const fathom_flow *flow, fathom_workspace *ws, const double *params, const double *x,
                           size_t coupling)
{
    const fathom_config   *config = fathom_flow_config(flow);
    const size_t           n_in = config->dim / 2;
    double                 tiles[3][MOST_DIM * SLAB_STRIDE], input[N * MOST_DIM];
    struct conditioner_use use;
    const double          *own = by_hand(tiles, config, params, x, coupling);
    assert_int_equal(fathom_flow_view_coupling(input, &use, ws, params, x, N, coupling), FATHOM_OK);
    assert_int_equal(use.n_in, n_in);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < n_in; k++)
            check_same(&input[i * n_in + k], &COORDINATE(tiles[i / TILE], k)[i % TILE], 1, "input", config->coupling);

    size_t n = 0, expected_n = 0;
    void  *state = use.conditioner->create(n_in, use.n_out, config->width, config->hidden, TILE);
    assert_non_null(state);
    assert_int_equal(use.conditioner->prepare(state, own), FATHOM_OK);
    const double *expected = conditioner_edges(&expected_n, use.conditioner, state);
    const double *edges = conditioner_edges(&n, use.conditioner, use.state);
    assert_int_equal(n, expected_n);
    assert_true((n > config->width) == (n_in == 1)); /* the dense conditioner computes none */
    if (n > 0)
        check_same(edges, expected, n, "edges", config->coupling);
    use.conditioner->destroy(state);
}

static void test_couplings(void **state)
{
    (void)state;
    static const size_t dims[] = { 2, 3, 5 };
    for (size_t d = 0; d < 3; d++)
        for (size_t k = 0; k < 4 * fathom_n_couplings(); k++) {
            const size_t  c = k / 4;
            fathom_config config = fathom_config_default();
            config.mixing = (fathom_mixing)(k % 4);
            config.dim = dims[d];
            config.depth = 2;
            config.coupling = fathom_coupling_name(c);
            config.actnorm = c == 0 ? FATHOM_ACTNORM_NONE : FATHOM_ACTNORM_DEFAULT;
            double                 x[N * MOST_DIM], input[N * MOST_DIM];
            struct conditioner_use use;
            fathom_flow           *flow = fathom_flow_new(&config, NULL, NULL);
            assert_non_null(flow);
            double           *params = need(fathom_flow_n_params(flow) * sizeof *params);
            fathom_workspace *ws = fathom_workspace_new(flow, fathom_isa_find(NULL));
            assert_non_null(ws);
            fathom_flow_init(params, flow, fathom_key_from_seed(2));
            draw(x, 8, 1.0, N * config.dim);
            for (size_t coupling = 0; coupling < 4; coupling++)
                check_coupling(flow, ws, params, x, coupling);
            assert_int_equal(fathom_flow_view_coupling(input, &use, ws, params, x, N, 4), FATHOM_BAD_ARGUMENT);
            fathom_workspace_free(ws);
            fathom_flow_free(flow);
            free(params);
        }
}

/* Every name of the list is legal, none comes twice, and the list ends. */
static void test_names(void **state)
{
    (void)state;
    const size_t n = fathom_n_couplings();
    assert_in_range(n, 2, 99);
    for (size_t i = 0; i < n; i++) {
        fathom_config config = fathom_config_default();
        config.coupling = fathom_coupling_name(i);
        assert_non_null(config.coupling);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(config.coupling, fathom_coupling_name(j));
        fathom_flow *flow = fathom_flow_new(&config, NULL, NULL);
        assert_non_null(flow);
        assert_string_equal(fathom_flow_config(flow)->coupling, fathom_coupling_name(i));
        fathom_flow_free(flow);
    }
    assert_string_equal(fathom_coupling_name(0), fathom_config_default().coupling);
    assert_null(fathom_coupling_name(n));
    assert_null(fathom_coupling_name(SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_couplings), cmocka_unit_test(test_names) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
