/* gauss_legendre.h - the Gauss-Legendre rule of 16 nodes, for densities that are integrals along an arc. */
#ifndef FATHOM_GAUSS_LEGENDRE_H
#define FATHOM_GAUSS_LEGENDRE_H

/* The rule's abscissas and weights on [-1, 1], the positive half (Abramowitz & Stegun 1964, table 25.4, n = 16). */
enum { HALF = 8, ORDER = 2 * HALF };
static const struct {
    double abscissa, weight;
} gauss_legendre[HALF] = {
    { 0.095012509837637441, 0.1894506104550685 }, { 0.28160355077925892, 0.18260341504492358 },
    { 0.45801677765722737, 0.16915651939500254 }, { 0.61787624440264377, 0.14959598881657674 },
    { 0.755404408355003, 0.12462897125553388 },   { 0.86563120238783176, 0.095158511682492786 },
    { 0.9445750230732326, 0.062253523938647894 }, { 0.98940093499164994, 0.027152459411754096 },
};

#endif
