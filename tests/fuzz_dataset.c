/* fuzz_dataset.c - the reader of rows under broken texts: fuzz_dataset [RUNS] [SEED].
 *
 * Each run takes a text, whole or already broken, mutates it at random (from one fixed seed, so that a failure comes
 * again) and reads it.  Whatever the bytes are, the reader must end, keep to its memory (run it under the address and
 * undefined-behaviour sanitizers), and give either datasets that hold what fathom.h promises or an error that says so
 * in one line, with the outputs untouched.  Exits 1 at the first run that does not.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fathom.h"

enum { LONGEST = 1 << 16 };

#define TEXT(s) {s, sizeof(s) - 1}

static const struct { const char *bytes; size_t size; } seed_text[] = {
    TEXT("1 2\n3 4\n5 9\n-7.5 0.25\n"),
    TEXT("x,y,z\n1,2,3\n4,5,7\n-1e3,+2.5E-7,.5\n0,0,0\n"),
    TEXT("# comment\n\nfirst\tsecond\r\n1\t2\r\n3\t4 # inline\r\n5\t6"),
    TEXT("\xEF\xBB\xBF" "1e308,1e-308\n-1e308,2e-308\n1.7976931348623157e308,4.9e-324\n"),
    TEXT("1 2\n3 nan\n"),
    TEXT("1 2\n3 4 5\n"),
    TEXT("1,,2\n3,4\n"),
    TEXT("0x10 0x1p-3\ninf -inf\n1e999 2\n"),
    TEXT("1 2\0\n3 4\n"),
    TEXT("1\n2\n3\n"),
    TEXT("1 1\n1 2\n1 3\n"),
    TEXT("a b\n"),
    TEXT("\n\n\n#\n"),
    TEXT(""),
};
enum { SEEDS = sizeof seed_text / sizeof *seed_text, WHOLE = 4 /* the first ones are whole */ };

/* Pieces that readers stumble over. */
static const char *const piece[] = {
    "nan", "inf", "-Infinity", "1e999", "-1e-999", "0x1p3", "1e", "+-1", ".", "-", ",", ",,", "\t", "\t\t", " ", "\r",
    "\r\n", "\n", "\n\n", "#", "# x\n", "1e308 ", "4.9e-324,", "9007199254740993 ", "NA", "\"", "\"1,2\"",
    "\xEF\xBB\xBF", "\xFF", "99999999999999999999999999999999999999999999999999",
    "0.000000000000000000000000000000000000000000000001",
};
enum { PIECES = sizeof piece / sizeof *piece };

static size_t below(fathom_pcg64 *rng, size_t n)
{
    return (size_t)fathom_pcg64_integer(rng, 0, (int64_t)n);
}

/* Puts `size` bytes in at `at`; leaves the text as it is if there is no room. */
static size_t insert(char *text, size_t length, size_t at, const char *bytes, size_t size)
{
    if (length + size > LONGEST)
        return length;
    memmove(text + at + size, text + at, length - at);
    memcpy(text + at, bytes, size);
    return length + size;
}

static size_t mutate(char *text, size_t length, fathom_pcg64 *rng)
{
    const size_t at = below(rng, length + 1);
    const size_t run = 1 + below(rng, length - at < 16 ? length - at + 1 : 16);
    const size_t end = at + run < length ? at + run : length;
    char         byte;

    switch (below(rng, 8)) {
    case 0: /* a byte becomes any other */
        if (at < length)
            text[at] = (char)below(rng, 256);
        return length;
    case 1: /* a bit flips */
        if (at < length)
            text[at] = (char)(text[at] ^ 1 << below(rng, 8));
        return length;
    case 2: /* a stretch goes */
        memmove(text + at, text + end, length - end);
        return length - (end - at);
    case 3: /* the text breaks off */
        return at;
    case 4: { /* a stretch comes twice */
        char copy[16];
        memcpy(copy, text + at, end - at);
        return insert(text, length, end, copy, end - at);
    }
    case 5: /* one byte many times */
        byte = "0 ,\n#9\t-"[below(rng, 8)];
        for (size_t i = below(rng, 600); i > 0; i--)
            length = insert(text, length, at, &byte, 1);
        return length;
    case 6: { /* two texts run together */
        const size_t other = below(rng, SEEDS);
        return insert(text, length, at, seed_text[other].bytes, seed_text[other].size);
    }
    default: {
        const char *p = piece[below(rng, PIECES)];
        return insert(text, length, at, p, strlen(p));
    }
    }
}

/* What fathom.h promises of a dataset; NULL, or what is wrong with it. */
static const char *dataset_fault(const fathom_dataset *d, bool standardised)
{
    for (size_t c = 0; c < d->dim; c++) {
        double sum = 0, square = 0;
        if (!isfinite(d->mean[c]) || !isfinite(d->sd[c]) || !(d->sd[c] > 0))
            return "mean or deviation out of range";
        for (size_t i = 0; i < d->n; i++) {
            const double x = d->x[i * d->dim + c];
            if (!isfinite(x))
                return "a row that is not finite";
            sum += x;
            square += x * x;
        }
        const double n = (double)d->n;
        if (standardised && !(fabs(square / n - sum / n * (sum / n) - 1) < 1e-6))
            return "rows whose deviation is not 1";
    }
    return NULL;
}

static const char *fault_of(const char *text, size_t length, double heldout, uint64_t seed, bool *read)
{
    const char    *fault = NULL;
    fathom_dataset train = {.n = 12345}, kept = {.n = 54321};
    fathom_error   error;
    FILE          *in = length > 0 ? fmemopen((void *)(uintptr_t)text, length, "r") : fopen("/dev/null", "r");
    if (in == NULL)
        return "no stream to read from";
    memset(&error, 0, sizeof error);
    fathom_read_options how = fathom_read_options_default();
    how.heldout = heldout;
    how.seed = seed;
    const fathom_status status = fathom_dataset_read(&train, &kept, NULL, in, "fuzz", &how, &error);
    fclose(in);

    *read = status == FATHOM_OK;
    if (status == FATHOM_OK) {
        if (train.n < 2 || train.dim < 2 || (heldout > 0 && (kept.n == 0 || kept.dim != train.dim)))
            fault = "too few rows or columns";
        if (fault == NULL)
            fault = dataset_fault(&train, true);
        if (fault == NULL)
            fault = dataset_fault(&kept, false);
        fathom_dataset_free(&train);
        fathom_dataset_free(&kept);
    } else if (status != FATHOM_BAD_DATA) {
        fault = fathom_status_name(status);
    } else if (strncmp(error.text, "fuzz: line", 10) != 0 && heldout == 0) {
        fault = "an error without its line";
    } else if (strlen(error.text) + 1 >= sizeof error.text || strpbrk(error.text, "\r\n\t") != NULL) {
        fault = "an error that is not one line";
    } else if (train.n != 12345 || train.x != NULL || kept.n != 54321 || kept.x != NULL) {
        fault = "outputs that were touched";
    }
    return fault;
}

int main(int argc, char **argv)
{
    const long     runs = argc > 1 ? strtol(argv[1], NULL, 10) : 20000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    static char    text[LONGEST];
    long           accepted = 0;
    fathom_pcg64   rng;
    if (runs < 1) {
        fprintf(stderr, "fuzz_dataset: %s runs; legal: a number of at least 1\n", argv[1]);
        return 2;
    }
    fathom_pcg64_seed(&rng, seed);

    for (long i = 0; i < runs; i++) {
        const size_t which = below(&rng, below(&rng, 2) == 0 ? WHOLE : SEEDS);
        size_t       length = seed_text[which].size;
        memcpy(text, seed_text[which].bytes, length);
        for (size_t k = below(&rng, 6); k > 0; k--)
            length = mutate(text, length, &rng);

        bool        read = false;
        const char *fault = fault_of(text, length, below(&rng, 2) == 0 ? 0 : 0.3, (uint64_t)i, &read);
        if (fault != NULL) {
            fprintf(stderr, "fuzz_dataset: run %ld (seed %llu): %s; the text, %zu bytes, follows\n", i,
                    (unsigned long long)seed, fault, length);
            fwrite(text, 1, length, stderr);
            fputc('\n', stderr);
            return 1;
        }
        accepted += read;
    }
    printf("fuzz_dataset: %ld texts, %ld of them read, the others refused in one line each\n", runs, accepted);
    return 0;
}
