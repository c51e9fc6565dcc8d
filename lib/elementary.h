/* elementary.h - exp, log, log1p, expm1, sin, cos, atan, erfc and erfinv with the same bits on every machine.
 *
 * All but erfinv are SLEEF's scalar functions of the deterministic `finz` family (fused multiply-add arithmetic, 1 ulp,
 * erfc 1.5; Shibata & Petrogalli 2020, "SLEEF: a portable vectorized library of C standard mathematical functions").
 * The C library's functions do not qualify: the same glibc gives different last bits with and without FMA hardware.
 *
 * sleef.h declares this family only to code that is itself compiled for FMA hardware.  SLEEF contains the functions in
 * any case; they require that hardware only when they run.  So they are declared here.
 */
#ifndef FATHOM_ELEMENTARY_H
#define FATHOM_ELEMENTARY_H

#include <math.h>
#include <sleef.h>

#ifndef FP_FAST_FMA
double Sleef_finz_expd1_u10purecfma(double x);
double Sleef_finz_logd1_u10purecfma(double x);
double Sleef_finz_log1pd1_u10purecfma(double x);
double Sleef_finz_expm1d1_u10purecfma(double x);
double Sleef_finz_sind1_u10purecfma(double x);
double Sleef_finz_cosd1_u10purecfma(double x);
double Sleef_finz_atand1_u10purecfma(double x);
double Sleef_finz_erfcd1_u15purecfma(double x);
#endif

/* erfinv on (-1, 1), elementary.c. */
double fathom_same_erfinv(double x);

static inline double same_exp(double x) { return Sleef_finz_expd1_u10purecfma(x); }
static inline double same_log(double x) { return Sleef_finz_logd1_u10purecfma(x); }
static inline double same_log1p(double x) { return Sleef_finz_log1pd1_u10purecfma(x); }
static inline double same_expm1(double x) { return Sleef_finz_expm1d1_u10purecfma(x); }
static inline double same_sin(double x) { return Sleef_finz_sind1_u10purecfma(x); }
static inline double same_cos(double x) { return Sleef_finz_cosd1_u10purecfma(x); }
static inline double same_atan(double x) { return Sleef_finz_atand1_u10purecfma(x); }
static inline double same_erfc(double x) { return Sleef_finz_erfcd1_u15purecfma(x); }

#endif
