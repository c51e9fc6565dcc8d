/* fathom_streams.h - random streams: JAX's Threefry and NumPy's PCG64, bit for bit, and both as generators of GSL.
 *
 * A part of fathom.h, whose conventions hold here.
 */
#ifndef FATHOM_STREAMS_H
#define FATHOM_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <gsl/gsl_rng.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Threefry-2x32, 20 rounds (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), keyed
 * and counted as JAX does with jax_threefry_partitionable: draw i of a key is the block at the 64-bit counter i. */
typedef struct fathom_key {
    uint32_t word[2];
} fathom_key;

/* The block function: out = the two words for this counter, {high word, low word}. */
void fathom_threefry(uint32_t out[2], fathom_key key, const uint32_t counter[2]);

/* The key (seed >> 32, seed & 0xffffffff), as jax.random.key. */
fathom_key fathom_key_from_seed(uint64_t seed);
/* keys: [n] = the blocks of `key` at counters 0 .. n - 1, as jax.random.split. */
void fathom_key_split(fathom_key *keys, fathom_key key, size_t n);

/* out: [n].  Draws of one key; the same key gives the same draws.
 * bits32: word0 ^ word1; bits64: word0 << 32 | word1.
 * uniform: 52 bits, on [lo, hi), lo < hi, hi - lo finite.  normal: standard, sqrt 2 erfinv(uniform on (-1, 1)).
 * randint: integers on [lo, hi), each from two 64-bit words; all are lo if lo >= hi.  As jax.random's functions. */
void fathom_bits32(uint32_t *out, fathom_key key, size_t n);
void fathom_bits64(uint64_t *out, fathom_key key, size_t n);
void fathom_uniform(double *out, fathom_key key, double lo, double hi, size_t n);
void fathom_normal(double *out, fathom_key key, size_t n);
void fathom_randint(int64_t *out, fathom_key key, int64_t lo, int64_t hi, size_t n);

/* NumPy's default_rng(seed): SeedSequence, then PCG64 (O'Neill 2014, XSL-RR 128/64). */
typedef struct fathom_pcg64 {
    uint64_t state[2], increment[2]; /* high word, low word                                  */
    uint32_t half;                   /* the kept upper half of a word, if half_kept          */
    bool     half_kept;
} fathom_pcg64;

void     fathom_pcg64_seed(fathom_pcg64 *rng, uint64_t seed);
uint64_t fathom_pcg64_next(fathom_pcg64 *rng);                            /* 64 random bits                       */
double   fathom_pcg64_uniform(fathom_pcg64 *rng);                         /* random(): 53 bits, on [0, 1)         */
int64_t  fathom_pcg64_integer(fathom_pcg64 *rng, int64_t lo, int64_t hi); /* integers(lo, hi): on [lo, hi), lo if
                                                                             lo >= hi (Lemire 2019, algorithm 5)  */
double   fathom_pcg64_normal(fathom_pcg64 *rng);                          /* standard_normal(): ziggurat
                                                                             (Marsaglia & Tsang 2000)             */

/* Both as GSL generators for the gsl_ran_* samplers: 64-bit words, seeded by an unsigned long. */
extern const gsl_rng_type *const fathom_rng_threefry;
extern const gsl_rng_type *const fathom_rng_pcg64;

#ifdef __cplusplus
}
#endif
#endif
