/* threefry.c - random numbers without a state: a key and a counter go in, two words come out.
 *
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3",
 * sec. 3.3) is a cipher of 64-bit counters.  Draw i of a key is the block at counter i, so draws need no order, a
 * prefix of a longer sequence is the shorter sequence, and a new key is itself two words of output.  On top of it
 * stand the draws as JAX makes them with jax_threefry_partitionable (jax.random; checked against JAX 0.9.2).
 *
 * Invariant: nothing here depends on LANES, the number of blocks computed side by side.
 */
#include <limits.h>
#include <string.h>

#include "threefry.h"

enum { LANES = 16, ROUNDS = 20 };

/* Rotation distances of rounds 0-7, then again from the first (Salmon et al., table 2, N = 2, W = 32). */
static const unsigned rotation[8] = { 13, 15, 26, 6, 17, 29, 16, 24 };

/* Key-schedule parity for 32-bit words (Skein 1.3: the words of a key and this one xor to a constant). */
static const uint32_t parity = 0x1BD11BDA;

/* Words of LANES blocks; operators act on each, and a compiler makes of it the vectors that the machine has. */
typedef uint32_t words __attribute__((vector_size(LANES * sizeof(uint32_t))));

/* word0, word1: [LANES], the blocks at counters first, first + 1, ..., first + LANES - 1. */
static void blocks(uint32_t word0[LANES], uint32_t word1[LANES], fathom_key key, uint64_t first)
{
    const uint32_t schedule[3] = { key.word[0], key.word[1], parity ^ key.word[0] ^ key.word[1] };
    words          x0, x1;

    for (int i = 0; i < LANES; i++) {
        x0[i] = (uint32_t)((first + (uint64_t)i) >> 32);
        x1[i] = (uint32_t)(first + (uint64_t)i);
    }
    x0 += schedule[0];
    x1 += schedule[1];
    for (unsigned group = 1; group <= ROUNDS / 4; group++) {
        for (unsigned round = 0; round < 4; round++) {
            const unsigned by = rotation[(4 * (group - 1) + round) % 8];
            x0 += x1;
            x1 = (x1 << by | x1 >> (32 - by)) ^ x0;
        }
        x0 += schedule[group % 3]; /* a key injection after every fourth round */
        x1 += schedule[(group + 1) % 3] + group;
    }
    memcpy(word0, &x0, sizeof x0);
    memcpy(word1, &x1, sizeof x1);
}

static void words64(uint64_t word[LANES], fathom_key key, uint64_t first)
{
    uint32_t word0[LANES], word1[LANES];
    blocks(word0, word1, key, first);
    for (int i = 0; i < LANES; i++)
        word[i] = (uint64_t)word0[i] << 32 | word1[i];
}

static size_t lanes_left(size_t done, size_t n) { return n - done < LANES ? n - done : LANES; }

void fathom_threefry(uint32_t out[2], fathom_key key, const uint32_t counter[2])
{
    uint32_t word0[LANES], word1[LANES];
    blocks(word0, word1, key, (uint64_t)counter[0] << 32 | counter[1]);
    out[0] = word0[0];
    out[1] = word1[0];
}

/* ------------------------------------------------------------------------------------------------- draws ---- */

fathom_key fathom_key_from_seed(uint64_t seed) { return (fathom_key){ { (uint32_t)(seed >> 32), (uint32_t)seed } }; }

void fathom_key_split(fathom_key *keys, fathom_key key, size_t n)
{
    uint32_t word0[LANES], word1[LANES];
    for (size_t done = 0; done < n; done += LANES) {
        blocks(word0, word1, key, done);
        for (size_t i = 0; i < lanes_left(done, n); i++)
            keys[done + i] = (fathom_key){ { word0[i], word1[i] } };
    }
}

void fathom_bits32(uint32_t *out, fathom_key key, size_t n)
{
    uint32_t word0[LANES], word1[LANES];
    for (size_t done = 0; done < n; done += LANES) {
        blocks(word0, word1, key, done);
        for (size_t i = 0; i < lanes_left(done, n); i++)
            out[done + i] = word0[i] ^ word1[i];
    }
}

void fathom_bits64(uint64_t *out, fathom_key key, size_t n)
{
    uint64_t word[LANES];
    for (size_t done = 0; done < n; done += LANES) {
        words64(word, key, done);
        memcpy(out + done, word, lanes_left(done, n) * sizeof *out);
    }
}

/* The top 52 bits as the fraction of a number on [1, 2), less 1: on [0, 1), a multiple of 2^-52. */
static double unit_uniform(uint64_t word)
{
    const uint64_t bits = word >> 12 | (uint64_t)0x3FF << 52;
    double         x;
    memcpy(&x, &bits, sizeof x);
    return x - 1.0;
}

/* The largest number below hi, hi finite. */
static double below(double hi)
{
    int64_t bits;
    memcpy(&bits, &hi, sizeof bits);
    bits = hi > 0.0 ? bits - 1 : hi < 0.0 ? bits + 1 : INT64_MIN + 1; /* of 0: the negative subnormal next to it */
    memcpy(&hi, &bits, sizeof hi);
    return hi;
}

void fathom_uniform(double *out, fathom_key key, double lo, double hi, size_t n)
{
    const double span = hi - lo, last = lo < hi ? below(hi) : lo;
    uint64_t     word[LANES];
    for (size_t done = 0; done < n; done += LANES) {
        words64(word, key, done);
        for (size_t i = 0; i < lanes_left(done, n); i++) {
            const double u = unit_uniform(word[i]) * span + lo;
            out[done + i] = u > last ? last : u > lo ? u : lo; /* rounding must not lead out of [lo, hi) */
        }
    }
}

/* --------------------------------------------------------------------------------------- bounded integers ---- */

/* What integers on [lo, lo + span) are drawn from: a high and a low 64-bit word, taken modulo span with the weights
 * `fold` = (2^32 mod span)^2 mod span, which is 2^64 mod span as long as span <= 2^32, and 1.  All products wrap at
 * 2^64 as JAX's do; that only matters for wider spans. */
typedef struct bounded {
    fathom_key key[2];
    uint64_t   span, fold, reciprocal; /* floor(2^64 / span), less 1 for a power of two */
} bounded;

/* x mod span, without a division: x reciprocal / 2^64 is the quotient or at most two less. */
static uint64_t modulo_span(uint64_t x, const bounded *b)
{
    uint64_t rest = x - (uint64_t)((unsigned __int128)x * b->reciprocal >> 64) * b->span;
    rest -= rest >= b->span ? b->span : 0;
    return rest - (rest >= b->span ? b->span : 0);
}

static bounded bounded_draws(fathom_key key, uint64_t span)
{
    bounded b = { .span = span, .reciprocal = UINT64_MAX / span };
    fathom_key_split(b.key, key, 2);
    const uint64_t half = ((uint64_t)1 << 32) % span;
    b.fold = half * half % span;
    return b;
}

/* offset: [LANES], draws first, first + 1, ..., each below span. */
static void bounded_offsets(uint64_t offset[LANES], const bounded *b, uint64_t first)
{
    uint64_t high[LANES], low[LANES];
    words64(high, b->key[0], first);
    words64(low, b->key[1], first);
    for (int i = 0; i < LANES; i++)
        offset[i] = modulo_span(modulo_span(high[i], b) * b->fold + modulo_span(low[i], b), b);
}

void fathom_randint(int64_t *out, fathom_key key, int64_t lo, int64_t hi, size_t n)
{
    /* As JAX: an empty range gives lo. */
    const bounded b = bounded_draws(key, lo < hi ? (uint64_t)hi - (uint64_t)lo : 1);
    uint64_t      offset[LANES];
    for (size_t done = 0; done < n; done += LANES) {
        bounded_offsets(offset, &b, done);
        for (size_t i = 0; i < lanes_left(done, n); i++)
            out[done + i] = (int64_t)((uint64_t)lo + offset[i]);
    }
}

void fathom_randint32(uint32_t *out, fathom_key key, uint64_t below, size_t n)
{
    const bounded b = bounded_draws(key, below > 0 ? below : 1);
    uint64_t      offset[LANES];
    for (size_t done = 0; done < n; done += LANES) {
        bounded_offsets(offset, &b, done);
        for (size_t i = 0; i < lanes_left(done, n); i++)
            out[done + i] = (uint32_t)offset[i];
    }
}

/* ------------------------------------------------------------------------------------- as a GSL generator ---- */

_Static_assert(ULONG_MAX == UINT64_MAX, "the GSL generators return 64-bit words as unsigned long");

typedef struct threefry_state {
    fathom_key key;
    uint64_t   counter; /* of the next block */
} threefry_state;

static void threefry_set(void *state, unsigned long seed)
{
    *(threefry_state *)state = (threefry_state){ .key = fathom_key_from_seed(seed) };
}

static unsigned long threefry_get(void *state)
{
    threefry_state *s = state;
    const uint32_t  counter[2] = { (uint32_t)(s->counter >> 32), (uint32_t)s->counter };
    uint32_t        word[2];
    fathom_threefry(word, s->key, counter);
    s->counter++;
    return (uint64_t)word[0] << 32 | word[1];
}

static double threefry_get_double(void *state) { return unit_uniform(threefry_get(state)); }

static const gsl_rng_type threefry_type = {
    .name = "threefry2x32",
    .max = ULONG_MAX,
    .min = 0,
    .size = sizeof(threefry_state),
    .set = threefry_set,
    .get = threefry_get,
    .get_double = threefry_get_double,
};

const gsl_rng_type *const fathom_rng_threefry = &threefry_type;
