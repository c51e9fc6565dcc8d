/* pcg64.c - NumPy's default_rng: PCG64 seeded through SeedSequence, and the three draws that the dataset is made of.
 *
 * A 128-bit linear congruential generator whose state is folded to 64 bits (O'Neill 2014, "PCG: a family of simple
 * fast space-efficient statistically good algorithms for random number generation", the member XSL-RR 128/64).
 * Seeding, the order in which words are used and the kept half word follow numpy.random, whose streams are stable
 * by its policy (NEP 19); checked against NumPy 2.4.
 *
 * Invariant: after any mixture of draws the struct holds exactly what NumPy's bit generator would hold.
 */
#include <limits.h>

#include "elementary.h"
#include "fathom.h"
#include "ziggurat.h"

__extension__ typedef unsigned __int128 uint128;

static uint128 wide(const uint64_t word[2]) { return (uint128)word[0] << 64 | word[1]; }

static void narrow(uint64_t word[2], uint128 x)
{
    word[0] = (uint64_t)(x >> 64);
    word[1] = (uint64_t)x;
}

/* --------------------------------------------------------------------------------------------- SeedSequence ---- */

/* O'Neill's seed_seq as NumPy has it: a pool of four words, hashed and mixed until each depends on every seed word. */
enum { POOL = 4 };

static uint32_t hash_word(uint32_t value, uint32_t *constant, uint32_t multiplier)
{
    value ^= *constant;
    *constant *= multiplier;
    value *= *constant;
    return value ^ value >> 16;
}

static uint32_t mix_words(uint32_t x, uint32_t y)
{
    const uint32_t mixed = 0xCA01F9DDu * x - 0x4973F715u * y;
    return mixed ^ mixed >> 16;
}

/* out: [4] 64-bit words, the low half drawn first. */
static void seed_sequence(uint64_t out[4], uint64_t seed)
{
    const uint32_t entropy[POOL] = { (uint32_t)seed, (uint32_t)(seed >> 32), 0, 0 };
    uint32_t       pool[POOL];

    uint32_t constant = 0x43B0D7E5u;
    for (int i = 0; i < POOL; i++)
        pool[i] = hash_word(entropy[i], &constant, 0x931E8875u);
    for (int from = 0; from < POOL; from++)
        for (int to = 0; to < POOL; to++)
            if (from != to)
                pool[to] = mix_words(pool[to], hash_word(pool[from], &constant, 0x931E8875u));

    constant = 0x8B51F9DDu;
    for (int i = 0; i < 4; i++) {
        const uint64_t low = hash_word(pool[2 * i % POOL], &constant, 0x58F38DEDu);
        const uint64_t high = hash_word(pool[(2 * i + 1) % POOL], &constant, 0x58F38DEDu);
        out[i] = high << 32 | low;
    }
}

/* ---------------------------------------------------------------------------------------------------- PCG64 ---- */

static const uint64_t multiplier[2] = { 2549297995355413924u, 4865540595714422341u };

static uint128 advance(uint128 state, uint128 increment) { return state * wide(multiplier) + increment; }

void fathom_pcg64_seed(fathom_pcg64 *rng, uint64_t seed)
{
    uint64_t word[4];
    seed_sequence(word, seed);

    const uint128 increment = wide(word + 2) << 1 | 1; /* odd: then the period is 2^128 */
    const uint128 state = advance(advance(0, increment) + wide(word), increment);
    *rng = (fathom_pcg64){ .half = 0, .half_kept = false };
    narrow(rng->state, state);
    narrow(rng->increment, increment);
}

uint64_t fathom_pcg64_next(fathom_pcg64 *rng)
{
    narrow(rng->state, advance(wide(rng->state), wide(rng->increment)));
    const uint64_t folded = rng->state[0] ^ rng->state[1]; /* XSL: xor of the halves                      */
    const unsigned by = (unsigned)(rng->state[0] >> 58);   /* RR: rotated right by the state's top 6 bits */
    return folded >> by | folded << (-by & 63);
}

/* Returns 32 bits: the lower half of a new word, and in the next call its upper half. */
static uint32_t next_half(fathom_pcg64 *rng)
{
    if (rng->half_kept) {
        rng->half_kept = false;
        return rng->half;
    }
    const uint64_t word = fathom_pcg64_next(rng);
    rng->half = (uint32_t)(word >> 32);
    rng->half_kept = true;
    return (uint32_t)word;
}

double fathom_pcg64_uniform(fathom_pcg64 *rng) { return (double)(fathom_pcg64_next(rng) >> 11) * 0x1p-53; }

/* Lemire 2019, "Fast random integer generation in an interval", algorithm 5: the upper word of (random word) x range,
 * drawn again while the lower word is among the 2^W mod range values that would make some results likelier.  NumPy
 * takes half words where the range allows, and the bare word where every value of it is legal. */
int64_t fathom_pcg64_integer(fathom_pcg64 *rng, int64_t lo, int64_t hi)
{
    const uint64_t range = lo < hi ? (uint64_t)hi - (uint64_t)lo : 1;
    uint64_t       offset;

    if (range == 1) {
        offset = 0;
    } else if (range < (uint64_t)1 << 32) {
        uint64_t product = (uint64_t)next_half(rng) * range;
        if ((uint32_t)product < range) {
            const uint32_t threshold = (uint32_t)(-(uint32_t)range % (uint32_t)range);
            while ((uint32_t)product < threshold)
                product = (uint64_t)next_half(rng) * range;
        }
        offset = product >> 32;
    } else if (range == (uint64_t)1 << 32) {
        offset = next_half(rng);
    } else {
        uint128 product = (uint128)fathom_pcg64_next(rng) * range;
        if ((uint64_t)product < range) {
            const uint64_t threshold = -range % range;
            while ((uint64_t)product < threshold)
                product = (uint128)fathom_pcg64_next(rng) * range;
        }
        offset = (uint64_t)(product >> 64);
    }
    return (int64_t)((uint64_t)lo + offset);
}

/* ------------------------------------------------------------------------------------------------- ziggurat ---- */

/* The normal's tail beyond r (Marsaglia 1964): x = r + e with e exponential of rate r, kept with chance exp(-e^2/2). */
static double tail_beyond_r(fathom_pcg64 *rng)
{
    for (;;) {
        const double e = -ziggurat_inverse_r * same_log1p(-fathom_pcg64_uniform(rng));
        const double y = -same_log1p(-fathom_pcg64_uniform(rng));
        if (y + y > e * e)
            return ziggurat_r + e;
    }
}

/* One word holds the layer (8 bits), the sign (1) and the place in the layer (52).  Under the curve at once in 98.8 %
 * of draws; otherwise the tail, or a point of the layer's edge that is tested against the curve itself. */
double fathom_pcg64_normal(fathom_pcg64 *rng)
{
    for (;;) {
        const uint64_t word = fathom_pcg64_next(rng);
        const unsigned layer = word & 0xFF;
        const bool     negative = word >> 8 & 1;
        const uint64_t place = word >> 9 & 0xFFFFFFFFFFFFF;
        const double   size = (double)place * ziggurat_width[layer];
        const double   x = negative ? -size : size;

        if (place < ziggurat_inside[layer])
            return x;
        if (layer == 0) {
            const double t = tail_beyond_r(rng);
            return place >> 8 & 1 ? -t : t; /* NumPy's sign of a tail draw is another bit of the word */
        }
        const double low = ziggurat_height[layer], high = ziggurat_height[layer - 1];
        if ((high - low) * fathom_pcg64_uniform(rng) + low < same_exp(-0.5 * x * x))
            return x;
    }
}

/* -------------------------------------------------------------------------------------- as a GSL generator ---- */

_Static_assert(ULONG_MAX == UINT64_MAX, "the GSL generators return 64-bit words as unsigned long");

static void pcg64_set(void *state, unsigned long seed) { fathom_pcg64_seed(state, seed); }

static unsigned long pcg64_get(void *state) { return fathom_pcg64_next(state); }

static double pcg64_get_double(void *state) { return fathom_pcg64_uniform(state); }

static const gsl_rng_type pcg64_type = {
    .name = "pcg64",
    .max = ULONG_MAX,
    .min = 0,
    .size = sizeof(fathom_pcg64),
    .set = pcg64_set,
    .get = pcg64_get,
    .get_double = pcg64_get_double,
};

const gsl_rng_type *const fathom_rng_pcg64 = &pcg64_type;
