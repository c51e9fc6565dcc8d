/* test_kept_numbers.c - the integrals of densities come out of the store as they went in, for what they are of alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_integrals.h"
#include "kept_numbers.h"
#include "run_store.h"
#include "store_world.h"

enum { STEPS = 9, BATCH = 20, PARTS = 4, COURSE = PARTS + 1, ALL = COURSE + 2 };

static const struct program program = { .name = "test",
                                        .summary = "",
                                        .takes = TAKES_DATA | TAKES_FLOW | TAKES_TRAINING | TAKES_OUTPUT };

struct world {
    struct options options;
    struct session session;
    struct run     run;
};

static void open_world(struct world *w)
{
    *w = (struct world){ .options = options_default() };
    w->options.data_size = 100;
    w->options.training.steps = STEPS;
    w->options.training.batch = BATCH;
    w->options.flow.coupling = "affine";
    w->options.flow.rotation = FATHOM_ROTATION_FREE;
    w->options.flow.width = 3;
    w->options.flow.depth = 2;
    w->options.no_plot = w->options.quiet = true;
    w->options.out = "/tmp"; /* tried, nothing is written in it */
    w->options.threads = 1;
    w->options.isa = fathom_isa_find(NULL);
    session_open(&w->session, &w->options, &program);
    w->run = (struct run){ .flow = w->options.flow, .training = w->options.training, .seed = 5, .train = true };
}

static void open_store(struct world *w)
{
    fathom_error error;
    w->session.store = run_store_open_file(world_path("runs.db"), &error);
    if (!w->session.store)
        fail_msg("%s", error.text);
}

static void close_store(struct world *w)
{
    store_close(w->session.store);
    w->session.store = NULL;
}

/* The course of the run, its start and its end; *known: how many are in the store. */
static struct flow_integrals measure(size_t *known, const struct world *w, double tolerance, size_t points)
{
    struct flow_integrals all = { .tolerance = tolerance, .points = points };
    double               *end;
    *known = 0;
    flow_integrals_add_course(&all, &w->run, &w->session, PARTS);
    assert_int_equal(all.n, COURSE);
    end = all.list[0].params ? all.list[COURSE - 1].params : calloc(fathom_n_params(&w->run.flow, NULL), sizeof *end);
    flow_integrals_add_start(&all, &w->run, &w->session);
    flow_integrals_add(&all, &w->run, &w->session, end, STEPS);
    assert_int_equal(all.n, ALL);
    for (size_t i = 0; i < all.n; i++)
        *known += all.list[i].known;
    if (end != all.list[COURSE - 1].params)
        free(end);
    flow_integrals_compute(&all, &w->session);
    return all;
}

/* Both, which are freed, have the same numbers at the same steps. */
static void expect_same(struct flow_integrals *a, struct flow_integrals *b)
{
    static const size_t steps[ALL] = { 0, 2, 4, 6, 9, 0, 9 };
    for (size_t i = 0; i < ALL; i++) {
        const struct flow_integral *x = &a->list[i], *y = &b->list[i];
        assert_int_equal(x->step, steps[i]);
        assert_int_equal(y->step, steps[i]);
        assert_memory_equal(&x->train_logp, &y->train_logp, sizeof(double));
        assert_memory_equal(&x->determinant, &y->determinant, sizeof(double));
        assert_memory_equal(&x->integral, &y->integral, sizeof x->integral);
    }
    flow_integrals_free(a);
    flow_integrals_free(b);
}

static const double tolerance = 1e-2;
enum { POINTS = 40000 };

static void test_found(void **state)
{
    (void)state;
    struct world w;
    size_t       known;
    open_world(&w);
    struct flow_integrals plain = measure(&known, &w, tolerance, POINTS);
    assert_int_equal(known, 0);
    open_store(&w);
    struct flow_integrals made = measure(&known, &w, tolerance, POINTS);
    assert_int_equal(known, 0);
    expect_same(&plain, &made);
    close_store(&w);

    plain = measure(&known, &w, tolerance, POINTS);
    open_store(&w);
    struct flow_integrals found = measure(&known, &w, tolerance, POINTS);
    assert_int_equal(known, ALL);
    for (size_t i = 0; i < COURSE; i++)
        assert_null(found.list[i].params); /* the run was not made again */
    expect_same(&plain, &found);
    close_store(&w);
    session_close(&w.session);
}

/* Each of what decides the numbers is in the key. */
static void test_others(void **state)
{
    (void)state;
    struct world w;
    size_t       known, rows;
    fathom_error error;
    open_world(&w);
    open_store(&w);
    for (size_t other = 0; other < 5; other++) {
        w.run.seed = other == 1 ? 6 : 5;
        w.run.training.peak_lr = other == 2 ? 0.01 : 0.003;
        struct flow_integrals all = measure(&known, &w, other == 3 ? 2 * tolerance : tolerance,
                                            other == 4 ? POINTS / 2 : POINTS);
        flow_integrals_free(&all);
        assert_int_equal(known, 0);
        /* Start and end are of the same run, step and precision as the course's. */
        assert_int_equal(store_count(&rows, w.session.store, &error), STORE_OK);
        assert_int_equal(rows, (other + 1) * COURSE);
    }
    close_store(&w);
    session_close(&w.session);
}

/* A row that does not pass its check is computed again, and is there afterwards. */
static void test_damaged(void **state)
{
    (void)state;
    struct world w;
    size_t       known;
    sqlite3     *db;
    open_world(&w);
    open_store(&w);
    struct flow_integrals made = measure(&known, &w, tolerance, POINTS);
    assert_int_equal(sqlite3_open(world_path("runs.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE runs SET final_params = zeroblob(48) WHERE text LIKE '%step=4%'", NULL,
                                  NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_changes(db), 1);
    sqlite3_close(db);
    struct flow_integrals again = measure(&known, &w, tolerance, POINTS);
    assert_int_equal(known, ALL - 1);
    expect_same(&made, &again);
    again = measure(&known, &w, tolerance, POINTS);
    assert_int_equal(known, ALL);
    flow_integrals_free(&again);
    close_store(&w);
    session_close(&w.session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_others, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_damaged, world_enter, world_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
