/* test_contest.c - the sign-flip test of PROTOCOL.md on tables made by hand, whose p and verdict are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "effect.h"
#include "query.h"

/* The two arms' cells for each seed: a score, or the word of a run that is not ok (a ruined one keeps its score). */
static struct effect contest(struct pairs *p, struct pool *pool, const char *const *a, const char *const *b, size_t n)
{
    struct table *t = table_new("runs", "arm seed status heldout_logp");
    for (size_t i = 0; i < 2 * n; i++) {
        const char *cell = i < n ? a[i] : b[i - n];
        const bool  ruined = cell[0] == 'r', diverged = cell[0] == 'd';
        table_text(t, i < n ? "a" : "b");
        table_count(t, i % n);
        table_text(t, ruined ? "ruined" : diverged ? "diverged" : "ok");
        table_text(t, ruined ? "7" : diverged ? "nan" : cell);
    }
    *p = query_contest(pool, t, "heldout_logp", "seed", "arm=a", "arm=b");
    table_free(t);
    return effect_signs(p->d, p->n);
}

static void test_ranks(void **state)
{
    (void)state;
    /* Higher, lower, equal; ok against ruined and diverged; ruined against diverged and each against itself. */
    const char *const a[] = { "-1", "-3", "-2", "-9", "-9", "r", "r", "d", "d" };
    const char *const b[] = { "-2", "-2", "-2", "r", "d", "-9", "d", "d", "r" };
    const double      d[] = { 1, -1, 0, 1, 1, -1, 0, 0, 0 };
    struct pool       pool = { 0 };
    struct pairs      p;
    contest(&p, &pool, a, b, 9);
    assert_int_equal(p.n, 9);
    assert_int_equal(p.lost, 0);
    for (size_t i = 0; i < 9; i++)
        assert_true(p.d[i] == d[i]);
    assert_true(isinf(p.a[5]) && isinf(p.b[3]) && p.a[3] == -9);
    pool_free(&pool);
}

/* 12 seeds: 11 won, 1 tied: p = 2/2^11, and significant alone.  9 won, 3 lost: 2 (1 + 12 + 66 + 220) / 2^12 = 0.146. */
static void test_verdicts(void **state)
{
    (void)state;
    const char *const a[] = { "-1", "-1", "-1", "-1", "-1", "-1", "-1", "-1", "-1", "-1", "-1", "r" };
    const char *const b[] = { "d", "d", "d", "d", "d", "d", "r", "r", "-2", "-2", "-2", "d" };
    const char *const c[] = { "d", "d", "d", "d", "d", "d", "r", "r", "-2", "0", "0", "0" };
    struct pool       pool = { 0 };
    struct pairs      p;
    struct effect     e = contest(&p, &pool, a, b, 12);
    assert_true(fabs(e.p - 2 / 2048.0) < 1e-12);
    assert_int_equal(effect_sign(&e), 1);
    e = contest(&p, &pool, b, a, 12);
    assert_int_equal(effect_sign(&e), -1);
    e = contest(&p, &pool, a, c, 12); /* the ruined one loses too */
    assert_true(fabs(e.p - 2 * 299 / 4096.0) < 1e-12);
    assert_int_equal(effect_sign(&e), 0);
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
