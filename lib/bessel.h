/* bessel.h - a modified Bessel function with the same bits on every machine. */
#ifndef FATHOM_BESSEL_H
#define FATHOM_BESSEL_H

/* log(e^-z I_0(z)), z >= 0; absolute error below 1e-14 for z up to 1e15, -inf at infinity. */
double fathom_log_bessel_i0_scaled(double z);

#endif
