/* matrix.h - a matrix operand that is only read, with any distance between its rows and between its columns. */
#ifndef FATHOM_MATRIX_H
#define FATHOM_MATRIX_H

#include <stddef.h>

/* Element [r][c] is data[r row_step + c column_step]. */
struct matrix {
    const double *data;
    size_t        row_step, column_step;
};

/* The matrix whose rows are contiguous and begin `step` doubles apart; and the transpose of that matrix. */
static inline struct matrix matrix_rows(const double *data, size_t step) { return (struct matrix){ data, step, 1 }; }
static inline struct matrix matrix_transposed(const double *data, size_t step)
{
    return (struct matrix){ data, 1, step };
}

#endif
