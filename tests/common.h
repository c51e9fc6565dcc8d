/* common.h - what the tests of flows share: numbers from a file, kernels to try, derivatives by differences.
 *
 * The derivatives are the independent side of every gradient test, so they come with a measure of whether they can be
 * trusted: the next difference of the same stencil (rough), which is small where the function is smooth and as large as
 * the slope's jump where the stencil crosses a kink.  A test leaves out what is rough, and demands that most was not.
 */
#ifndef FATHOM_TESTS_COMMON_H
#define FATHOM_TESTS_COMMON_H

#include "kernels/kernels.h"

#ifdef __aarch64__
enum { N_ISAS = 2 };
#else
enum { N_ISAS = 3 };
#endif
extern const char *const isa_names[N_ISAS];

/* Numbers, `columns` a line, '#' lines left out.  The caller frees.  Fails the test if the file is not so. */
double *read_columns(const char *path, size_t columns, size_t *rows);

/* malloc that fails the test rather than return NULL. */
void *need(size_t bytes);

/* n standard normal draws times `scale`, another vector for each seed. */
void draw(double *out, uint64_t seed, double scale, size_t n);

/* The same for n coordinates of TILE rows of a slab; slab: [n][SLAB_STRIDE]. */
void draw_slab(double *slab, uint64_t seed, double scale, size_t n);

double max_abs(const double *x, size_t n);

/* |a - b| <= tolerance * scale, and false for NaN: fails the test with all four numbers and what they are. */
void check_near(double a, double b, double tolerance, double scale, const char *what, size_t i);

/* Same bits (NaN equals NaN): fails the test with the first that differs. */
void check_same(const double *a, const double *b, size_t n, const char *what, const char *which);

/* d value_i / dt at t = 0, by the central difference of order 2 pairs with step h (exact for polynomials of degree
 * 2 pairs), and rough_i = |central difference of order 2 pairs| / (binomial(2 pairs, pairs) h).  f fills values, [n],
 * at the displacement t.  slope, rough: [n].  pairs <= 6. */
typedef void values_at(double *values, double t, void *context);
void         differentiate(double *slope, double *rough, values_at *f, void *context, int pairs, double h, size_t n);

/* A layer, or a transformer over a whole tile; log_det: [rows], += that of the map or, backwards, of its inverse. */
void run_forward(const struct layer *b, double *x, double *log_det, void *state, size_t rows);
void run_inverse(const struct layer *b, double *x, double *log_det, void *state, size_t rows);
void run_transformer(const struct transformer *t, bool inverse, double *x, double *log_det, const double *outputs,
                     double *saved, const fathom_config *config);

#endif
