/* common.c - see common.h. */
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

#ifdef __aarch64__
const char *const isa_names[N_ISAS] = { "neon", "ref" };
#else
const char *const isa_names[N_ISAS] = { "v4", "v3", "ref" };
#endif

void *need(size_t bytes)
{
    void *memory = calloc(bytes ? bytes : 1, 1);
    assert_non_null(memory);
    return memory;
}

double *read_columns(const char *path, size_t columns, size_t *rows)
{
    enum { LINE = 4096 };
    char    line[LINE];
    size_t  n = 0, room = 0;
    double *values = NULL;
    FILE   *in = fopen(path, "r");
    if (!in)
        fail_msg("%s cannot be opened (tests run from the project's root)", path);
    while (fgets(line, LINE, in)) {
        if (line[0] == '#')
            continue;
        if (n + columns > room) {
            room = 2 * (n + columns);
            values = realloc(values, room * sizeof *values);
            assert_non_null(values);
        }
        char *at = line;
        for (size_t c = 0; c < columns; c++) {
            char *end;
            values[n++] = strtod(at, &end);
            if (end == at)
                fail_msg("%s: fewer than %zu numbers in '%s'", path, columns, line);
            at = end;
        }
        if (strspn(at, " \t\r\n") != strlen(at))
            fail_msg("%s: more than %zu numbers in '%s'", path, columns, line);
    }
    fclose(in);
    if (n == 0)
        fail_msg("%s holds no row", path);
    *rows = n / columns;
    return values;
}

void draw(double *out, uint64_t seed, double scale, size_t n)
{
    fathom_normal(out, fathom_key_from_seed(seed), n);
    for (size_t i = 0; i < n; i++)
        out[i] *= scale;
}

void draw_slab(double *slab, uint64_t seed, double scale, size_t n)
{
    double *drawn = need(n * STRIDE * sizeof *drawn);
    draw(drawn, seed, scale, n * STRIDE);
    for (size_t d = 0; d < n; d++)
        memcpy(COORDINATE(slab, d), ROW(drawn, d), TILE * sizeof *slab);
    free(drawn);
}

double max_abs(const double *x, size_t n)
{
    double most = 0.0;
    for (size_t i = 0; i < n; i++)
        most = fabs(x[i]) > most ? fabs(x[i]) : most;
    return most;
}

void check_near(double a, double b, double tolerance, double scale, const char *what, size_t i)
{
    if (!(fabs(a - b) <= tolerance * scale))
        fail_msg("%s [%zu]: %.17g, expected %.17g; off by %.3g of %.3g, allowed %.3g", what, i, a, b,
                 fabs(a - b) / scale, scale, tolerance);
}

void check_same(const double *a, const double *b, size_t n, const char *what, const char *which)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(a + i, b + i, sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            fail_msg("%s, %s: number %zu is %a, expected %a", what, which, i, a[i], b[i]);
}

void differentiate(double *slope, double *rough, values_at *f, void *context, int pairs, double h, size_t n)
{
    double *middle = need(3 * n * sizeof *middle), *right = middle + n, *left = right + n;
    f(middle, 0.0, context);
    for (size_t i = 0; i < n; i++)
        slope[i] = rough[i] = 0.0;
    double share = 1.0; /* binomial(2p, p + j) / binomial(2p, p), with alternating sign: their sum over +-j is 0 */
    for (int j = 1; j <= pairs; j++) {
        share *= -(double)(pairs - j + 1) / (pairs + j);
        f(right, j * h, context);
        f(left, -j * h, context);
        for (size_t i = 0; i < n; i++) {
            slope[i] -= share / j * ((right[i] - left[i]) / h);
            rough[i] += share * (((right[i] - middle[i]) + (left[i] - middle[i])) / h);
        }
    }
    for (size_t i = 0; i < n; i++)
        rough[i] = fabs(rough[i]);
    free(middle);
}

/* ---- one layer ---- */

/* What lies beyond the rows is NaN, and must stay so. */
static struct volume started(struct volume_memory *memory, size_t rows)
{
    struct volume volume = volume_in(memory);
    volume_start(&volume, rows);
    for (size_t i = rows; i < SLAB; i++)
        volume.log[i] = volume.factor[i] = NAN;
    return volume;
}

static void add_log_det(double *log_det, const struct volume *volume, size_t rows)
{
    double grown[SLAB];
    fathom_isa_find("ref")->log_det(grown, volume, rows);
    for (size_t i = 0; i < rows; i++)
        log_det[i] += grown[i];
    for (size_t i = rows; i < SLAB; i++)
        assert_true(isnan(volume->log[i]) && isnan(volume->factor[i]));
}

void run_forward(const struct layer *b, double *x, double *log_det, void *state, size_t rows)
{
    struct volume_memory memory;
    struct volume        volume = started(&memory, rows);
    b->forward(x, &volume, state, rows);
    add_log_det(log_det, &volume, rows);
}

void run_inverse(const struct layer *b, double *x, double *log_det, void *state, size_t rows)
{
    struct volume_memory memory;
    struct volume        volume = started(&memory, rows);
    b->inverse(x, &volume, state, rows); /* a row that is not found is NaN */
    add_log_det(log_det, &volume, rows);
}

void run_transformer(const struct transformer *t, bool inverse, double *x, double *log_det, const double *outputs,
                     double *saved, const fathom_config *config)
{
    struct volume_memory memory;
    struct volume        volume = started(&memory, TILE);
    (inverse ? t->inverse : t->forward)(x, &volume, outputs, saved, config, TILE);
    add_log_det(log_det, &volume, TILE);
}
