/* matrix.h - a matrix operand that is only read, with any distance between its rows and between its columns. */
#ifndef FATHOM_MATRIX_H
#define FATHOM_MATRIX_H

#include <stddef.h>
#include <stdint.h>

/* Element [r][c] is data[r row_step + c column_step].  With steps of 32 bits it is two words, and a call passes it in
 * registers.  Three words are copied to the stack, in pieces that processors do not forward from store to load: that
 * costs a small product more than its sums do. */
struct matrix {
    const double *data;
    uint32_t      row_step, column_step;
};

/* The matrix whose rows are contiguous and begin `step` doubles apart; and the transpose of that matrix. */
static inline struct matrix matrix_rows(const double *data, size_t step)
{
    return (struct matrix){ data, (uint32_t)step, 1 };
}
static inline struct matrix matrix_transposed(const double *data, size_t step)
{
    return (struct matrix){ data, 1, (uint32_t)step };
}

#endif
