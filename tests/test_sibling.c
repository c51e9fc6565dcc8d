/* test_sibling.c - rows and warm start of the sibling notebooks (harness/sibling.h): the untrained numbers that they print,
 * and the warm flow beside the diagonal one, with the clip and without.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common.h"
#include "sibling.h"

/* A warm flow on some rows. */
struct warm {
    struct sibling_moons moons;
    fathom_flow         *flow;
    fathom_workspace    *ws;
    double              *params, *z, *logp; /* z: [n][2] */
};

static struct warm warm_of(size_t n, const char *coupling, uint64_t seed)
{
    const fathom_config config = sibling_config(coupling, FATHOM_ROTATION_FROZEN);
    struct warm         w = { .moons = sibling_moons_read(n), .flow = fathom_flow_new(&config, NULL, NULL) };
    assert_non_null(w.flow);
    w.ws = fathom_workspace_new(w.flow, fathom_isa_find(NULL));
    assert_non_null(w.ws);
    w.params = need(fathom_flow_n_params(w.flow) * sizeof *w.params);
    fathom_flow_init(w.params, w.flow, fathom_key_from_seed(seed));
    sibling_warm(w.params, &w.moons, fathom_key_from_seed(seed));
    w.z = need(2 * n * sizeof *w.z);
    w.logp = need(n * sizeof *w.logp);
    assert_int_equal(fathom_flow_forward(w.z, w.logp, w.ws, w.params, w.moons.x, n), FATHOM_OK);
    assert_int_equal(fathom_flow_log_prob(w.logp, w.ws, w.params, w.moons.x, n), FATHOM_OK);
    return w;
}

static void forget(struct warm *w)
{
    free(w->params);
    free(w->z);
    free(w->logp);
    fathom_workspace_free(w->ws);
    fathom_flow_free(w->flow);
    sibling_moons_free(&w->moons);
}

/* The number of the stack in reference/printed_sibling.tsv, of which the notebook prints three decimals. */
static void test_untrained_log_p(void **state)
{
    (void)state;
    struct warm  w = warm_of(3000, "mixture-clipped", 3);
    const double mean = fathom_sum(w.logp, w.moons.n) / (double)w.moons.n;
    check_near(mean, -1.9238095992235955, 1e-12, 1.0, "mean log p", 0);
    forget(&w);
}

/* All conditioners ignore their input, so the flow is the diagonal one; three rows are beyond the clip. */
static void test_warm_flow_is_the_diagonal_one(void **state)
{
    (void)state;
    static const char *const couplings[] = { "mixture", "mixture-clipped" };
    for (size_t c = 0; c < 2; c++) {
        struct warm w = warm_of(5000, couplings[c], 0);
        double     *z = need(2 * w.moons.n * sizeof *z), *logp = need(w.moons.n * sizeof *logp);
        size_t      apart = 0;
        sibling_diagonal(z, logp, &w.moons);
        for (size_t i = 0; i < w.moons.n; i++) {
            const bool clipped = c == 1 && (fabs(z[2 * i]) > 4.753 || fabs(z[2 * i + 1]) > 4.753);
            for (size_t d = 0; d < 2 && !clipped; d++)
                check_near(w.z[2 * i + d], z[2 * i + d], 1e-12, 1.0, couplings[c], 2 * i + d);
            check_near(w.logp[i], logp[i], 1e-12, 1.0, couplings[c], i);
            apart += clipped;
        }
        assert_int_equal(apart, c == 1 ? 3 : 0);
        free(z);
        free(logp);
        forget(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untrained_log_p),
        cmocka_unit_test(test_warm_flow_is_the_diagonal_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
