/* standardise.c - x = (raw - mean) / sd, column by column, with the divisor n in the variance.
 *
 * Two passes: the mean (with one correction, the mean of the differences from it), then the mean square of
 * the deviations (Chan, Golub & LeVeque 1983, "Algorithms for computing the sample variance", the corrected two-pass
 * form).  Rows are added one after another, so the order of additions, and with it every bit, is fixed.
 *
 * Invariant: any finite rows give finite mean and sd; powers of two keep squares of huge and tiny numbers in range.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "standardise.h"

/* ----------------------------------------------------------------------------------------- mean, deviation ---- */

/* A power of two that brings numbers up to `size` into a range where squares and sums of them are safe. */
static double safe_scale(double size) { return size > 0x1p+400 ? 0x1p-600 : size < 0x1p-400 ? 0x1p+600 : 1.0; }

/* Mean of n numbers, `stride` apart, each times scale. */
static double mean_of(const double *x, size_t stride, double scale, size_t n)
{
    double sum = 0.0, rest = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i * stride] * scale;
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        rest += x[i * stride] * scale - mean;
    return mean + rest / (double)n;
}

/* Root mean square of the deviations from `mean`, `size` the largest of them. */
static double deviation_of(const double *x, size_t stride, double mean, double size, size_t n)
{
    const double scale = safe_scale(size);
    double       sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double d = x[i * stride] * scale - mean * scale;
        sum += d * d;
    }
    return sqrt(sum / (double)n) / scale;
}

/* (raw - mean) / sd, also where the difference itself is out of range. */
static double standard(double raw, double mean, double sd)
{
    const double scale = sd > 0x1p+900 ? 0x1p-100 : 1.0;
    return (raw * scale - mean * scale) / (sd * scale);
}

size_t fathom_dataset_standardise(fathom_dataset *data)
{
    const size_t n = data->n, dim = data->dim;

    for (size_t c = 0; c < dim; c++) {
        double *x = data->x + c;
        double  min = x[0], max = x[0];
        for (size_t i = 1; i < n; i++) {
            min = x[i * dim] < min ? x[i * dim] : min;
            max = x[i * dim] > max ? x[i * dim] : max;
        }
        const double size = max > -min ? max : -min; /* largest magnitude, as min <= max */
        const double scale = size > 0x1p+400 ? 0x1p-600 : 1.0;
        const double mean = mean_of(x, dim, scale, n) / scale;
        const double below = mean - min, above = max - mean;
        const double sd = deviation_of(x, dim, mean, below > above ? below : above, n);
        if (!(min < max) || !(sd >= DBL_MIN)) /* a subnormal number has too few bits to divide by */
            return c;
        for (size_t i = 0; i < n; i++)
            x[i * dim] = standard(x[i * dim], mean, sd);
        data->mean[c] = mean;
        data->sd[c] = sd;
    }
    return dim;
}

void fathom_dataset_into_frame(fathom_dataset *data, const fathom_dataset *frame)
{
    const size_t dim = data->dim;
    memcpy(data->mean, frame->mean, dim * sizeof(double));
    memcpy(data->sd, frame->sd, dim * sizeof(double));
    for (size_t i = 0; i < data->n; i++)
        for (size_t c = 0; c < dim; c++)
            data->x[i * dim + c] = standard(data->x[i * dim + c], frame->mean[c], frame->sd[c]);
}
