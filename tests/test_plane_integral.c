/* test_plane_integral.c - the certificate of a density: 1 whatever the square, and not 1 where the density is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "latent_border.h"
#include "plane_integral.h"

static double border_error; /* of `outside`, in the last integral */

/* An untrained flow of small conditioners, its rotations matrices; the matrix of the first block times `factor`. */
static struct plane_integral measure(const char *coupling, fathom_rotation rotation, double factor, double reach,
                                     double tolerance, size_t points)
{
    fathom_config config = fathom_config_default();
    config.coupling = coupling;
    config.rotation = rotation;
    config.depth = 2;
    config.width = 3;
    config.hidden = 1;
    fathom_flow          *flow = fathom_flow_new(&config, NULL, NULL);
    const size_t          n = fathom_flow_n_params(flow);
    double               *params = malloc(n * sizeof *params);
    struct plane_integral found;
    fathom_flow_init(params, flow, fathom_key_from_seed(0));
    for (size_t i = 0; i < 4 && factor != 1; i++)
        params[4 + i] *= factor;
    assert_int_equal(plane_integral_of(&found, flow, fathom_isa_find(NULL), params, reach, tolerance, points),
                     FATHOM_OK);
    fathom_workspace *workspace = fathom_workspace_new(flow, fathom_isa_find(NULL));
    double            outside;
    assert_int_equal(latent_border(&outside, &border_error, workspace, params, reach), FATHOM_OK);
    fathom_workspace_free(workspace);
    free(params);
    fathom_flow_free(flow);
    return found;
}

static void test_whole(void **state)
{
    (void)state;
    static const char *const couplings[] = { "affine", "spline" };
    for (size_t c = 0; c < 2; c++) {
        const struct plane_integral found = measure(couplings[c], FATHOM_ROTATION_HOUSEHOLDER, 1, 8, c ? 5e-6 : 1e-6,
                                                    2000000);
        assert_true(found.error < 1e-5);
        assert_true(fabs(plane_integral_whole(&found) - 1) < 1e-6);
        assert_true(found.outside < 1e-3);
    }
}

/* Of a small square much lies outside, and the image of its border tells how much. */
static void test_part(void **state)
{
    (void)state;
    const struct plane_integral found = measure("affine", FATHOM_ROTATION_FROZEN, 1, 1, 1e-6, 2000000);
    assert_true(found.outside > 0.1 && found.value > 0.1);
    assert_true(fabs(found.value + found.outside - 1) < 1e-6);
}

/* The error is of the integral over the plane, which is the square's over the mass of its image: of a square that holds a
 * part of the mass both are as much larger. */
static void test_error_of_the_whole(void **state)
{
    (void)state;
    const struct plane_integral found = measure("affine", FATHOM_ROTATION_FROZEN, 1, 0.25, 1e-6, 2000000);
    const double                whole = plane_integral_whole(&found);
    assert_true(found.value < 0.1 && border_error > 0);
    assert_true(found.error >= border_error * whole / (1 - found.outside));
    assert_true(found.error <= 1e-6 * whole && fabs(whole - 1) <= found.error);
}

/* The square's image has no mass: there is no integral, and no error. */
static void test_no_mass(void **state)
{
    (void)state;
    const struct plane_integral found = measure("affine", FATHOM_ROTATION_FREE, 1e6, 1e-200, 1e-6, 100000);
    assert_true(isnan(found.error));
    assert_false(plane_integral_resolved(&found));
}

/* A free matrix that is not orthogonal: the density integrates to 1 / |det|, here 475. */
static void test_free_matrix(void **state)
{
    (void)state;
    const struct plane_integral found = measure("affine", FATHOM_ROTATION_FREE, 1 / sqrt(475), 200, 1e-6, 2000000);
    assert_true(fabs(plane_integral_whole(&found) - 475) < 1e-3);
    assert_true(found.outside < 1e-3);
}

/* Too few points: it is not resolved, and says so. */
static void test_unresolved(void **state)
{
    (void)state;
    const struct plane_integral few = measure("spline", FATHOM_ROTATION_FROZEN, 1, 8, 1e-6, 50000),
                                none = { NAN, NAN, NAN, 8 };
    assert_true(few.error > PLANE_INTEGRAL_TOLERANCE);
    assert_false(plane_integral_resolved(&few));
    assert_false(plane_integral_resolved(&none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),   cmocka_unit_test(test_part),        cmocka_unit_test(test_error_of_the_whole),
        cmocka_unit_test(test_no_mass), cmocka_unit_test(test_free_matrix), cmocka_unit_test(test_unresolved),
    };
    return cmocka_run_group_tests_name("plane_integral", tests, NULL, NULL);
}
