/* test_allocation.c - no allocation inside a training step, and every allocation made to fail in turn.
 *
 * The linker sends this program's malloc, calloc, realloc, aligned_alloc and free, the library's included, through the
 * functions below (-Wl,--wrap=malloc and so on), which count them and refuse the one that is due.  What is not freed
 * again is a leak.
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
#include "fathom_certificate.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void  __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void  __wrap_free(void *memory);

static struct {
    size_t asked;   /* allocations asked for since counting began    */
    size_t refused; /* the one to refuse, from 1; 0: none            */
    long   held;    /* blocks that are held now                      */
} heap;

static bool refuse(void) { return ++heap.asked == heap.refused; }

static void *kept(void *memory)
{
    heap.held += memory != NULL;
    return memory;
}

void *__wrap_malloc(size_t size) { return refuse() ? NULL : kept(__real_malloc(size)); }
void *__wrap_calloc(size_t n, size_t size) { return refuse() ? NULL : kept(__real_calloc(n, size)); }

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refuse() ? NULL : kept(__real_aligned_alloc(alignment, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (refuse())
        return NULL;
    void *moved = __real_realloc(memory, size);
    heap.held += moved && !memory;
    return moved;
}

void __wrap_free(void *memory)
{
    heap.held -= memory != NULL;
    __real_free(memory);
}

/* ---------------------------------------------------------------------------------------------- within a step ---- */

static void test_no_allocation_in_a_step(void **state)
{
    (void)state;
    enum { STEPS = 60, BATCH = 130, N = 500 };
    static const struct {
        const char    *coupling;
        size_t         dim;
        fathom_actnorm actnorm;
        fathom_block   block;
        fathom_log_det log_det;
    } cases[] = {
        { "spline", 2, FATHOM_ACTNORM_NONE, FATHOM_BLOCK_COUPLING, FATHOM_LOG_DET_EXACT },
        { "affine", 2, FATHOM_ACTNORM_DEFAULT, FATHOM_BLOCK_COUPLING, FATHOM_LOG_DET_EXACT },
        { "spline", 5, FATHOM_ACTNORM_DEFAULT, FATHOM_BLOCK_COUPLING, FATHOM_LOG_DET_EXACT },
        { "spline", 2, FATHOM_ACTNORM_DEFAULT, FATHOM_BLOCK_RESIDUAL, FATHOM_LOG_DET_EXACT },
        { "spline", 3, FATHOM_ACTNORM_DEFAULT, FATHOM_BLOCK_RESIDUAL, FATHOM_LOG_DET_ROULETTE },
    };
    enum { CASES = sizeof cases / sizeof *cases };
    for (size_t k = 0; k < CASES + fathom_n_stabilisers(); k++) { /* the cases under a clip, then each stabiliser */
        const size_t  c = k < CASES ? k : 1;
        fathom_config config = fathom_config_default();
        config.coupling = cases[c].coupling;
        config.dim = cases[c].dim;
        config.actnorm = cases[c].actnorm;
        config.block = cases[c].block;
        config.log_det = cases[c].log_det;
        config.depth = 4;
        fathom_train_options options = { .steps = STEPS, .batch = BATCH, .peak_lr = 1e-2, .clip = 1.0 };
        options.stabiliser = k < CASES ? "clip" : fathom_stabiliser_name(k - CASES);
        fathom_flow *flow = fathom_flow_new(&config, NULL, NULL);
        double   *params = need(fathom_flow_n_params(flow) * sizeof *params), *x = need(N * 5 * sizeof *x), loss, norm;
        uint32_t *batches = need(STEPS * BATCH * sizeof *batches);
        draw(x, 1, 1.0, N * 5);
        fathom_flow_init(params, flow, fathom_key_from_seed(0));
        fathom_batches(batches, 1, 0, STEPS, BATCH, N);
        fathom_trainer *trainer = fathom_trainer_new(flow, fathom_isa_find(NULL), params, &options, x, NULL, N);
        assert_non_null(trainer);
        const size_t bytes = fathom_workspace_bytes(fathom_trainer_workspace(trainer));
        heap.asked = 0;
        for (size_t s = 0; s < STEPS; s++)
            assert_int_equal(fathom_trainer_step(trainer, &loss, &norm, batches + s * BATCH), FATHOM_OK);
        assert_int_equal(heap.asked, 0);
        assert_int_equal(fathom_workspace_bytes(fathom_trainer_workspace(trainer)), bytes);
        fathom_trainer_free(trainer);
        fathom_flow_free(flow);
        free(params);
        free(x);
        free(batches);
    }
}

/* ------------------------------------------------------------------------------------------- each one refused ---- */

/* One task from nothing to nothing, true if it went through; one that is refused memory says FATHOM_NO_MEMORY or gives
 * NULL, which the task checks itself. */
typedef bool task(void);

static void refuse_in_turn(task *whole, size_t least)
{
    size_t refusals = 0;
    for (heap.refused = 0;; heap.refused++) {
        const size_t due = heap.refused;
        const long   held = heap.held;
        heap.asked = 0;
        bool         done = whole();
        const size_t asked = heap.asked;
        if (heap.held != held)
            fail_msg("%ld blocks are not freed after allocation %zu failed", heap.held - held, due);
        if (due == 0)
            assert_true(done);
        else if (asked < due)
            break; /* there was none to refuse */
        else if (done)
            fail_msg("allocation %zu failed and nobody noticed", due);
        else
            refusals++;
    }
    heap.refused = 0;
    assert_true(refusals >= least);
}

static const double rows[6] = { 0.3, -0.7, 1.1, 0.2, -1.4, 0.6 };

static fathom_flow *flow_of(const char *coupling, size_t dim, fathom_status *status)
{
    fathom_config config = fathom_config_default();
    config.coupling = coupling;
    config.dim = dim;
    config.actnorm = FATHOM_ACTNORM_DATA;
    return fathom_flow_new(&config, status, NULL);
}

static bool train(const char *coupling, size_t dim, const char *stabiliser)
{
    static double              params[8192];
    static const uint32_t      batches[8] = { 0, 1, 1, 0, 0, 1, 0, 1 };
    const fathom_train_options options = {
        .steps = 4, .batch = 2, .peak_lr = 1e-3, .clip = 1.0, .stabiliser = stabiliser
    };
    fathom_status status = FATHOM_OK;
    fathom_flow  *flow = flow_of(coupling, dim, &status);
    if (!flow) {
        assert_int_equal(status, FATHOM_NO_MEMORY);
        return false;
    }
    assert_true(fathom_flow_n_params(flow) <= 8192);
    fathom_flow_init(params, flow, fathom_key_from_seed(0));
    fathom_trainer     *trainer = fathom_trainer_new(flow, fathom_isa_find(NULL), params, &options, rows, NULL, 2);
    fathom_train_result result = { .status = FATHOM_NO_MEMORY };
    if (trainer)
        result = fathom_train(trainer, NULL, NULL, batches, NULL, NULL);
    fathom_trainer_free(trainer);
    fathom_flow_free(flow);
    assert_true(result.status == FATHOM_OK || result.status == FATHOM_NO_MEMORY);
    return result.status == FATHOM_OK;
}

static bool train_spline(void) { return train("spline", 2, NULL); }
static bool train_dense(void) { return train("affine", 3, NULL); }
static bool train_stabilised(void)
{
    bool done = true;
    for (size_t i = 0; i < fathom_n_stabilisers(); i++)
        done = train("affine", 2, fathom_stabiliser_name(i)) && done;
    return done;
}

/* A table that grows: 2^6 segments, where a first guess holds 2 (6 * 2 + 1).  A growth that is refused is a status, and
 * the same workspace goes on with other parameters. */
static bool grow(void)
{
    static double params[512], easy[512];
    const double  first[4] = { 1.0, 1.0, 0.0, -0.5 }, tent[6] = { 2.0, -4.0, 2.0, -4.0, 0.0, -0.5 };
    fathom_config config = fathom_config_default();
    double        z[2], log_det, easy_z[2], x[2] = { 0.3, 0.4 };
    bool          done = false;
    config.hidden = 8;
    config.width = 2;
    fathom_flow      *flow = fathom_flow_new(&config, NULL, NULL);
    fathom_workspace *ws = flow ? fathom_workspace_new(flow, fathom_isa_find(NULL)) : NULL;
    if (ws) {
        const size_t bytes = fathom_workspace_bytes(ws);
        assert_true(fathom_flow_n_params(flow) <= 512);
        fathom_flow_init(params, flow, fathom_key_from_seed(0));
        memcpy(easy, params, sizeof easy);
        double *p = params + 8; /* after the base and the rotation */
        memcpy(p, first, sizeof first);
        for (size_t l = 1; l < config.hidden; l++)
            memcpy(p + 4 + 6 * (l - 1), tent, sizeof tent);
        fathom_status status = fathom_flow_forward(z, &log_det, ws, params, x, 1);
        assert_true(status == FATHOM_OK || status == FATHOM_NO_MEMORY);
        done = status == FATHOM_OK;
        if (done)
            assert_true(fathom_workspace_bytes(ws) > bytes);
        assert_int_equal(fathom_flow_forward(easy_z, NULL, ws, easy, x, 1), FATHOM_OK);
        if (!done) /* after the refusal there is room again */
            assert_int_equal(fathom_flow_forward(z, &log_det, ws, params, x, 1), FATHOM_OK);
    }
    fathom_workspace_free(ws);
    fathom_flow_free(flow);
    return done;
}

static bool actnorm_init(void)
{
    static double     params[8192];
    fathom_flow      *flow = flow_of("spline", 2, NULL);
    fathom_workspace *ws = flow ? fathom_workspace_new(flow, fathom_isa_find(NULL)) : NULL;
    fathom_status     status = FATHOM_NO_MEMORY;
    if (ws) {
        fathom_flow_init(params, flow, fathom_key_from_seed(0));
        status = fathom_flow_actnorm_init(params, ws, rows, NULL, 3);
        assert_true(status == FATHOM_OK || status == FATHOM_NO_MEMORY);
    }
    fathom_workspace_free(ws);
    fathom_flow_free(flow);
    return status == FATHOM_OK;
}

/* Certified, there and back, and the estimates of a log-determinant. */
static bool residual(void)
{
    static double params[8192];
    static double jacobian[4] = { 0.1, 0.2, -0.3, 0.1 };
    double        z[2] = { 0.3, 0.4 }, value;
    fathom_config config = fathom_config_default();
    config.block = FATHOM_BLOCK_RESIDUAL;
    config.log_det = FATHOM_LOG_DET_POISSON;
    fathom_flow      *flow = fathom_flow_new(&config, NULL, NULL);
    fathom_workspace *ws = flow ? fathom_workspace_new(flow, fathom_isa_find(NULL)) : NULL;
    fathom_status     status = FATHOM_NO_MEMORY;
    if (ws) {
        assert_true(fathom_flow_n_params(flow) <= 8192);
        fathom_flow_init(params, flow, fathom_key_from_seed(0));
        status = fathom_flow_certify(params, NULL, flow);
    }
    if (status == FATHOM_OK)
        status = fathom_flow_inverse(z, NULL, ws, params, z, 1);
    if (status == FATHOM_OK)
        status = fathom_log_det_estimate(&value, NULL, jacobian, &config, fathom_key_from_seed(0), 1);
    fathom_workspace_free(ws);
    fathom_flow_free(flow);
    assert_true(status == FATHOM_OK || status == FATHOM_NO_MEMORY);
    return status == FATHOM_OK;
}

/* Its reason is told in words as well. */
static bool flow_alone(void)
{
    fathom_config config = fathom_config_default();
    fathom_status status;
    fathom_error  error = { "" };
    fathom_flow  *flow = fathom_flow_new(&config, &status, &error);
    assert_true(flow ? status == FATHOM_OK : status == FATHOM_NO_MEMORY && strstr(error.text, "not enough memory"));
    fathom_flow_free(flow);
    return flow != NULL;
}

static bool spiral(void)
{
    fathom_dataset data = { 0 }, frame = { 0 };
    fathom_status  status = fathom_spiral(&frame, 0, 50, NULL);
    if (status == FATHOM_OK)
        status = fathom_spiral(&data, 1, 50, &frame);
    assert_true(status == FATHOM_OK || (status == FATHOM_NO_MEMORY && !data.x));
    if (status == FATHOM_OK) {
        double logp[50] = { 7.0 };
        status = fathom_spiral_log_density(logp, data.x, &frame, 50);
        assert_true(status == FATHOM_OK ? logp[0] < 7.0 : status == FATHOM_NO_MEMORY && logp[0] == 7.0);
    }
    fathom_dataset_free(&data);
    fathom_dataset_free(&frame);
    return status == FATHOM_OK;
}

static bool read_data(void)
{
    static char         text[] = "a,b\n1,2\n3,5\n4,1\n7,2\n0,0\n";
    FILE               *in = fmemopen(text, strlen(text), "r");
    fathom_dataset      train_rows = { 0 }, kept_rows = { 0 };
    fathom_read_options how = fathom_read_options_default();
    fathom_read_report  report = { 0 };
    fathom_error        error;
    assert_non_null(in);
    how.heldout = 0.4;
    fathom_status status = fathom_dataset_read(&train_rows, &kept_rows, &report, in, "text", &how, &error);
    fclose(in);
    assert_true(status == FATHOM_OK || !report.column);
    fathom_read_report_free(&report);
    assert_true(status == FATHOM_OK || (status == FATHOM_NO_MEMORY && !train_rows.x && !kept_rows.x));
    fathom_dataset_free(&train_rows);
    fathom_dataset_free(&kept_rows);
    return status == FATHOM_OK;
}

static void test_refusals(void **state)
{
    (void)state;
    refuse_in_turn(train_spline, 12);
    refuse_in_turn(train_dense, 9);
    refuse_in_turn(train_stabilised, 60);
    refuse_in_turn(grow, 12);
    refuse_in_turn(actnorm_init, 12);
    refuse_in_turn(residual, 15);
    refuse_in_turn(flow_alone, 1);
    refuse_in_turn(spiral, 3);
    refuse_in_turn(read_data, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_allocation_in_a_step),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
