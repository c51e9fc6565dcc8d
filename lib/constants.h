/* constants.h - numbers that more than one file of the library uses, each with its source. */
#ifndef FATHOM_CONSTANTS_H
#define FATHOM_CONSTANTS_H

/* softplus^-1(1) = log(e - 1): a raw scale of this value is a scale of 1. */
static const double SOFTPLUS_INVERSE_1 = 0.54132485461291810898;

/* log(2 pi) / 2: log phi(z) = -z^2 / 2 - this, phi the density of the standard normal. */
static const double HALF_LOG_2PI = 0.91893853320467274178;

/* Adam (Kingma & Ba 2015, algorithm 1): decay of the first and the second moment, and what keeps the division
 * finite. */
static const double ADAM_BETA1 = 0.9, ADAM_BETA2 = 0.999, ADAM_EPSILON = 1e-8;

/* ActNorm's scale is softplus(raw) + this (flowjax). */
static const double ACTNORM_MIN_SCALE = 1e-5;

#endif
