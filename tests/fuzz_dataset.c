/* fuzz_dataset.c - the reader of rows under broken texts: fuzz_dataset [RUNS] [SEED].
 *
 * Each run takes a text, made whole or already broken, mutates it at random (from one fixed seed, so that a failure
 * comes again) and reads it.  Whatever the bytes are, the reader must end, keep to its memory (run it under the address
 * and undefined-behaviour sanitizers), and give either datasets that hold what fathom.h promises or an error that says
 * so in one line, with the outputs untouched.  Where the plain reader (plain_reader.h) takes the text as well, the
 * numbers must be the same, bit by bit.  Exits 1 at the first run that does not.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fathom.h"
#include "plain_reader.h"
#include "dataset.h"
#include "standardise.h"

enum { LONGEST = 1 << 16 };

#define TEXT(s)          \
    {                    \
        s, sizeof(s) - 1 \
    }

static const struct {
    const char *bytes;
    size_t      size;
} seed_text[] = {
    TEXT("1 2\n3 4\n5 9\n-7.5 0.25\n"),
    TEXT("x,y,z\n1,2,3\n4,5,7\n-1e3,+2.5E-7,.5\n0,0,0\n"),
    TEXT("# comment\n\nfirst\tsecond\r\n1\t2\r\n3\t4 # inline\r\n5\t6"),
    TEXT("\xEF\xBB\xBF"
         "1e308,1e-308\n-1e308,2e-308\n1.7976931348623157e308,4.9e-324\n"),
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
    TEXT("sep=;\nx;y\n1,5;2\n3;4,25\n"),
    TEXT("0,52\t1,37\n-0,11\t2,05\n"),
    TEXT(",x,y\n0,0.1,0.7\n1,0.2,0.1\n2,0.4,0.9\n"),
    TEXT("\"x\",\"y \"\"z\"\"\"\n\"1.5\",\"2.5\"\n\"1.1\",\"0.2\"\n"),
    TEXT("id,x\n#1,2\n3,4\n5,6\n"),
    TEXT("a,b\n1,2,\n3,4,\n"),
};
enum { SEEDS = sizeof seed_text / sizeof *seed_text, WHOLE = 4 /* the first ones are whole */ };

/* Pieces that readers stumble over. */
static const char *const piece[] = {
    "nan",
    "inf",
    "-Infinity",
    "1e999",
    "-1e-999",
    "0x1p3",
    "1e",
    "+-1",
    ".",
    "-",
    ",",
    ",,",
    "\t",
    "\t\t",
    " ",
    "\r",
    "\r\n",
    "\n",
    "\n\n",
    "#",
    "# x\n",
    "1e308 ",
    "4.9e-324,",
    "9007199254740993 ",
    "NA",
    "\"",
    "\"1,2\"",
    "\xEF\xBB\xBF",
    "\xFF",
    "99999999999999999999999999999999999999999999999999",
    "0.000000000000000000000000000000000000000000000001",
    "#N/A",
    " # 1 2",
    "\n#1,2\n",
    "1D+2",
    ";",
    "|",
    ",\n",
    "\"\"",
    "\"3\"",
    "\xE2\x88\x92",
    "1.#QNAN",
    "\xC2\xA0",
    "sep=,\n",
};
enum { PIECES = sizeof piece / sizeof *piece };

static size_t below(fathom_pcg64 *rng, size_t n) { return (size_t)fathom_pcg64_integer(rng, 0, (int64_t)n); }

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

/* A number as people write it; another one in each row, so that no column is constant. */
static size_t write_number(char *to, fathom_pcg64 *rng, size_t row, char decimal)
{
    char         digits[64];
    const double value = 1e3 * (double)row + (double)fathom_pcg64_integer(rng, -99999, 100000) * 1e-3;
    switch (below(rng, 5)) {
    case 0:
        sprintf(digits, "%.0f", value);
        break;
    case 1:
        sprintf(digits, "%.3f", value);
        break;
    case 2:
        sprintf(digits, "%+.17g", value / 7);
        break;
    case 3:
        sprintf(digits, "%.4e", value);
        break;
    default:
        sprintf(digits, "%.5fD-%02d", value, (int)below(rng, 30));
        break;
    }
    for (char *c = digits; *c != '\0'; c++)
        *c = *c == '.' ? decimal : *c;
    const bool quoted = below(rng, 8) == 0;
    return (size_t)sprintf(to, "%s%s%s%s", below(rng, 9) == 0 ? " " : "", quoted ? "\"" : "", digits,
                           quoted ? "\"" : "");
}

/* A whole table of 2 to 6 rows: any separator, perhaps a header, comments, blank lines, quotes, a separator at the end
 * of each row. */
static size_t make_table(char *text, fathom_pcg64 *rng, char separator, char decimal)
{
    static const char *const comments[] = { "# made\n", "\n", "  # x, y; z\n", " \n", "#\n", "## 1 2 3\n" };
    const size_t             columns = 2 + below(rng, 4), rows = 2 + below(rng, 5), header = below(rng, 2);
    const bool               crlf = below(rng, 4) == 0, ends = separator != ' ' && below(rng, 8) == 0;
    size_t                   length = below(rng, 8) == 0 ? (size_t)sprintf(text, "\xEF\xBB\xBF") : 0;
    for (size_t i = 0; i < header + rows; i++) {
        while (below(rng, 6) == 0)
            length += (size_t)sprintf(text + length, "%s", comments[below(rng, 6)]);
        for (size_t c = 0; c < columns; c++) {
            if (c > 0)
                text[length++] = separator;
            if (separator == ' ' && below(rng, 3) == 0)
                text[length++] = ' ';
            if (i < header)
                length += (size_t)sprintf(text + length, below(rng, 5) == 0 ? "\"a %zu\"" : "x%zu", c);
            else
                length += write_number(text + length, rng, i - header, decimal);
        }
        if (ends)
            text[length++] = separator;
        length += (size_t)sprintf(text + length, "%s%s", below(rng, 9) == 0 && !ends ? " # why" : "",
                                  crlf ? "\r\n" : "\n");
    }
    return length;
}

/* The datasets of the same text by both readers; NULL, or what differs.  *both: whether both took it. */
static const char *difference(const fathom_dataset *data, const char *text, size_t length, char separator, char decimal,
                              bool *both)
{
    struct plain_rows rows;
    fathom_dataset    plain;
    const char       *fault = NULL;
    *both = plain_read(&rows, text, length, separator, decimal);
    if (!*both)
        return NULL;
    if (rows.n != data->n || rows.dim != data->dim) {
        free(rows.x);
        return "other rows or columns than the plain reader's";
    }
    if (!fathom_dataset_alloc(&plain, rows.n, rows.dim))
        return "no memory";
    memcpy(plain.x, rows.x, rows.n * rows.dim * sizeof(double));
    if (fathom_dataset_standardise(&plain) != rows.dim ||
        memcmp(plain.x, data->x, rows.n * rows.dim * sizeof(double)) != 0 ||
        memcmp(plain.mean, data->mean, rows.dim * sizeof(double)) != 0 ||
        memcmp(plain.sd, data->sd, rows.dim * sizeof(double)) != 0)
        fault = "other numbers than the plain reader's";
    fathom_dataset_free(&plain);
    free(rows.x);
    return fault;
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

static const char *fault_of(const char *text, size_t length, const fathom_read_options *how, bool *read, bool *both)
{
    const char        *fault = NULL;
    fathom_dataset     train = { .n = 12345 }, kept = { .n = 54321 };
    fathom_read_report report = { .rows = 999 };
    fathom_error       error;
    FILE              *in = length > 0 ? fmemopen((void *)(uintptr_t)text, length, "r") : fopen("/dev/null", "r");
    if (in == NULL)
        return "no stream to read from";
    memset(&error, 0, sizeof error);
    const fathom_status status = fathom_dataset_read(&train, &kept, &report, in, "fuzz", how, &error);
    fclose(in);

    *read = status == FATHOM_OK;
    *both = false;
    if (status == FATHOM_OK) {
        if (train.n < 2 || train.dim < 2 || (how->heldout > 0 && (kept.n == 0 || kept.dim != train.dim)))
            fault = "too few rows or columns";
        if (report.rows != train.n + kept.n || report.heldout != kept.n || report.n_columns != train.dim)
            fault = "a report of other rows";
        if (fault == NULL)
            fault = dataset_fault(&train, true);
        if (fault == NULL)
            fault = dataset_fault(&kept, false);
        if (fault == NULL && how->heldout == 0)
            fault = difference(&train, text, length, how->separator, how->decimal, both);
        fathom_dataset_free(&train);
        fathom_dataset_free(&kept);
        fathom_read_report_free(&report);
    } else if (status != FATHOM_BAD_DATA) {
        fault = fathom_status_name(status);
    } else if (strncmp(error.text, "fuzz: line", 10) != 0 && how->heldout == 0) {
        fault = "an error without its line";
    } else if (strlen(error.text) + 1 >= sizeof error.text || strpbrk(error.text, "\r\n\t") != NULL) {
        fault = "an error that is not one line";
    } else if (train.n != 12345 || train.x != NULL || kept.n != 54321 || kept.x != NULL || report.rows != 999) {
        fault = "outputs that were touched";
    }
    return fault;
}

/* One text and how it is read; *mutations: of a made table, which must be read if it is 0. */
static size_t make_text(char *text, fathom_read_options *how, size_t *mutations, fathom_pcg64 *rng)
{
    static const char separators[] = { '\t', ';', ',', '|', ' ' };
    char              separator = separators[below(rng, 5)];
    size_t            length;
    *how = fathom_read_options_default();
    how->decimal = below(rng, 4) == 0 ? ',' : '.';
    separator = separator == how->decimal ? ';' : separator;
    if (separator == '|' || below(rng, 4) == 0)
        how->separator = separator;
    *mutations = below(rng, 2) == 0 ? below(rng, 2) : below(rng, 6);
    if (below(rng, 2) == 0) {
        length = make_table(text, rng, separator, how->decimal);
    } else {
        const size_t which = below(rng, below(rng, 2) == 0 ? WHOLE : SEEDS);
        length = seed_text[which].size;
        memcpy(text, seed_text[which].bytes, length);
        *mutations += 1;
    }
    for (size_t k = *mutations; k > 0; k--)
        length = mutate(text, length, rng);
    return length;
}

int main(int argc, char **argv)
{
    const long     runs = argc > 1 ? strtol(argv[1], NULL, 10) : 40000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    static char    text[LONGEST];
    long           accepted = 0, agreed = 0;
    fathom_pcg64   rng;
    if (runs < 1) {
        fprintf(stderr, "fuzz_dataset: %s runs; legal: a number of at least 1\n", argv[1]);
        return 2;
    }
    fathom_pcg64_seed(&rng, seed);

    for (long i = 0; i < runs; i++) {
        fathom_read_options how;
        size_t              mutations;
        const size_t        length = make_text(text, &how, &mutations, &rng);
        bool                read = false, both = false;
        how.heldout = below(&rng, 4) > 0 ? 0 : 0.3;
        how.seed = (uint64_t)i;
        const char *fault = fault_of(text, length, &how, &read, &both);
        if (fault == NULL && mutations == 0 && how.heldout == 0 && !both)
            fault = "a whole table that one of the readers refused";
        if (fault != NULL) {
            fprintf(stderr,
                    "fuzz_dataset: run %ld (seed %llu): %s; separator '%c', decimal '%c'; the text, %zu bytes, "
                    "follows\n",
                    i, (unsigned long long)seed, fault, how.separator ? how.separator : '?', how.decimal, length);
            fwrite(text, 1, length, stderr);
            fputc('\n', stderr);
            return 1;
        }
        accepted += read;
        agreed += both;
    }
    if (runs >= 1000 && agreed < runs / 20) {
        fprintf(stderr, "fuzz_dataset: only %ld of %ld texts were read by both readers\n", agreed, runs);
        return 1;
    }
    printf("fuzz_dataset: %ld texts, %ld of them read, the others refused in one line each; %ld read by the plain "
           "reader as well, and the same\n",
           runs, accepted, agreed);
    return 0;
}
