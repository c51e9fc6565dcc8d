/* elementary.c - the inverse error function.
 *
 * erfinv is x p(w) with w = -log(1 - x^2) and three polynomials p (Giles 2010, "Approximating the erfinv function", GPU
 * Computing Gems 2, the double-precision version, table 5 on; XLA evaluates the same): its relative error is that of
 * double precision over the whole interval.
 *
 * Invariant: the only function beyond + - * / sqrt is SLEEF's log1p, so the bits are the same on every machine. */
#include "elementary.h"

/* Highest power first. */
static const double central[] = {
    /* in w - 3.125, w < 6.25, that is |x| < 0.99903 */
    -3.6444120640178197e-21, -1.6850591381820166e-19, 1.28584807152564e-18,    1.1157877678025181e-17,
    -1.3331716628546209e-16, 2.0972767875968562e-17,  6.6376381343583238e-15,  -4.0545662729752069e-14,
    -8.1519341976054722e-14, 2.6335093153082323e-12,  -1.2975133253453532e-11, -5.4154120542946279e-11,
    1.0512122733215323e-09,  -4.1126339803469837e-09, -2.9070369957882005e-08, 4.2347877827932404e-07,
    -1.3654692000834679e-06, -1.3882523362786469e-05, 0.00018673420803405714,  -0.00074070253416626698,
    -0.0060336708714301491,  0.24015818242558962,     1.6536545626831027,
};
static const double middle[] = {
    /* in sqrt(w) - 3.25, 6.25 <= w < 16 */
    2.2137376921775787e-09,  9.0756561938885391e-08, -2.7517406297064545e-07, 1.8239629214389228e-08,
    1.5027403968909828e-06,  -4.013867526981546e-06, 2.9234449089955446e-06,  1.2475304481671779e-05,
    -4.7318229009055734e-05, 6.8284851459573175e-05, 2.4031110387097894e-05,  -0.00035503752036284748,
    0.0009532893797373805,   -0.0016882755560235047, 0.0024914420961078508,   -0.0037512085075692412,
    0.0053709145535900636,   1.0052589676941592,     3.0838856104922208,
};
static const double tail[] = {
    /* in sqrt(w) - 5, w >= 16, that is 1 - |x| < 5.7e-8 */
    -2.7109920616438573e-11, -2.5556418169965252e-10, 1.5076572693500548e-09,  -3.789465440126737e-09,
    7.6157012080783394e-09,  -1.496002662714924e-08,  2.9147953450901081e-08,  -6.7711997758452339e-08,
    2.2900482228026655e-07,  -9.9298272942317003e-07, 4.5260625972231537e-06,  -1.9681778105531671e-05,
    7.5995277030017761e-05,  -0.00021503011930044477, -0.00013871931833623122, 1.0103004648645344,
    4.8499064014085844,
};

static double polynomial(const double *coefficient, size_t n, double x)
{
    double p = coefficient[0];
    for (size_t i = 1; i < n; i++)
        p = p * x + coefficient[i];
    return p;
}

#define POLYNOMIAL(table, x) polynomial(table, sizeof(table) / sizeof(table)[0], x)

double fathom_same_erfinv(double x)
{
    const double w = -same_log1p(-x * x);
    if (w < 6.25)
        return POLYNOMIAL(central, w - 3.125) * x;
    if (w < 16.0)
        return POLYNOMIAL(middle, sqrt(w) - 3.25) * x;
    return POLYNOMIAL(tail, sqrt(w) - 5.0) * x;
}
