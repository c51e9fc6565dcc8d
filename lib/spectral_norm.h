/* spectral_norm.h - how a certified number is rounded.
 *
 * fathom_spectral_norm itself is declared in fathom_certificate.h. */
#ifndef FATHOM_SPECTRAL_NORM_H
#define FATHOM_SPECTRAL_NORM_H

/* The least number of 4 decimal digits that is not below x > 0; x itself if it is not finite or not positive. */
double fathom_round_up(double x);

#endif
