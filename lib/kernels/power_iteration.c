/* power_iteration.c - see power_iteration.h.  W v is a dot product per row, W^T u a product of the one matrix kernel. */
#include "power_iteration.h"

#include "internal.h"

/* to = from / |from|, unless |from| is 0 or not finite. */
static void take_direction(double *to, const double *from, size_t n)
{
    const double length = sqrt(ISA(sum_squares)(from, n));
    for (size_t i = 0; i < n && length > 0.0 && length < INFINITY; i++)
        to[i] = from[i] / length;
}

/* out = W^T u */
static void transposed_product(double *out, const double *w, const double *u, size_t n_rows, size_t n_columns)
{
    const size_t whole = n_columns / 8 * 8;
    ISA(matrix_product)
    (out, whole, NULL, matrix_rows(u, n_rows), matrix_rows(w, n_columns), 1, n_rows, whole);
    for (size_t k = whole; k < n_columns; k++) {
        double sum = 0.0;
        for (size_t r = 0; r < n_rows; r++)
            sum = fma(u[r], w[r * n_columns + k], sum);
        out[k] = sum;
    }
}

void ISA(power_iterate)(double *u, double *v, const double *w, size_t n_rows, size_t n_columns, size_t steps)
{
    enum { MOST = 2 * FATHOM_WIDTH_MAX };
    double product[MOST];
    for (size_t step = 0; step < steps; step++) {
        transposed_product(product, w, u, n_rows, n_columns);
        take_direction(v, product, n_columns);
        for (size_t r = 0; r < n_rows; r++)
            product[r] = ISA(dot)(w + r * n_columns, v, n_columns);
        take_direction(u, product, n_rows);
    }
}

double ISA(power_sigma)(double *lengths, const double *u, const double *v, const double *w, size_t n_rows,
                        size_t n_columns)
{
    double sum = 0.0;
    for (size_t r = 0; r < n_rows; r++)
        sum = fma(u[r], ISA(dot)(w + r * n_columns, v, n_columns), sum);
    *lengths = sqrt(ISA(sum_squares)(u, n_rows)) * sqrt(ISA(sum_squares)(v, n_columns));
    return *lengths > 0.0 ? sum / *lengths : 0.0;
}
