/* measure.c - clocks, and what the machine could do at most (measure.h). */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exit.h"

#ifdef __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

double measure_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Processor time of this thread, which does not pass while other work has the core. */
static double measure_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double measure_best(void (*work)(void *context), void *context, double seconds, size_t least)
{
    double best = INFINITY, start = measure_now();
    work(context); /* warms caches and grows tables */
    for (size_t n = 0; n < least || measure_now() - start < seconds; n++) {
        double before = measure_cpu();
        work(context);
        double took = measure_cpu() - before;
        best = took < best ? took : best;
    }
    return best;
}

double measure_mean(void (*work)(void *context), void *context, double seconds)
{
    const double start = measure_cpu();
    double       took = 0.0;
    size_t       n = 0;
    for (; n == 0 || took < seconds; n++) {
        work(context);
        took = measure_cpu() - start;
    }
    return took / (double)n;
}

/* Enough independent chains to hide the latency of a multiply-add, few enough for the registers. */
#ifdef __aarch64__
enum { CHAINS = 24, LINKS = 50000 };
#else
enum { CHAINS = 12, LINKS = 100000 };
#endif
static volatile double sink;

#ifdef __aarch64__
static void chains_2(void *context)
{
    (void)context;
    float64x2_t sum[CHAINS], a = vdupq_n_f64(0.999), b = vdupq_n_f64(1e-3);
    for (int i = 0; i < CHAINS; i++)
        sum[i] = vdupq_n_f64(i);
    for (int k = 0; k < LINKS; k++)
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS; i++)
            sum[i] = vfmaq_f64(b, sum[i], a);
    for (int i = 1; i < CHAINS; i++)
        sum[0] = vaddq_f64(sum[0], sum[i]);
    sink = vaddvq_f64(sum[0]);
}
#endif

#ifdef __x86_64__
__attribute__((target("avx512f"))) static void chains_8(void *context)
{
    (void)context;
    __m512d sum[CHAINS], a = _mm512_set1_pd(0.999), b = _mm512_set1_pd(1e-3);
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_pd(i);
    for (int k = 0; k < LINKS; k++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm512_fmadd_pd(sum[i], a, b);
    for (int i = 1; i < CHAINS; i++)
        sum[0] = _mm512_add_pd(sum[0], sum[i]);
    sink = _mm512_reduce_add_pd(sum[0]);
}

__attribute__((target("avx2,fma"))) static void chains_4(void *context)
{
    (void)context;
    __m256d sum[CHAINS], a = _mm256_set1_pd(0.999), b = _mm256_set1_pd(1e-3);
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm256_set1_pd(i);
    for (int k = 0; k < LINKS; k++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm256_fmadd_pd(sum[i], a, b);
    for (int i = 1; i < CHAINS; i++)
        sum[0] = _mm256_add_pd(sum[0], sum[i]);
    sink = sum[0][0] + sum[0][1] + sum[0][2] + sum[0][3];
}
#endif

static void chains_1(void *context)
{
    (void)context;
    double sum[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        sum[i] = i;
    for (int k = 0; k < LINKS; k++)
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS; i++)
            sum[i] = __builtin_fma(sum[i], 0.999, 1e-3);
    for (int i = 1; i < CHAINS; i++)
        sum[0] += sum[i];
    sink = sum[0];
}

/* The chains of isa's vectors; *flop: of one call. */
static void (*chains_of(double *flop, const fathom_isa *isa))(void *context)
{
    *flop = 2.0 * (double)isa->width * CHAINS * LINKS;
#ifdef __x86_64__
    if (isa->width > 1)
        return isa->width == 8 ? chains_8 : chains_4;
#elif defined __aarch64__
    if (isa->width == 2)
        return chains_2;
#endif
    return chains_1;
}

double measure_peak(const fathom_isa *isa)
{
    double flop;
    void (*chains)(void *) = chains_of(&flop, isa);
    return flop / measure_best(chains, NULL, 0.3, 10);
}

double measure_sustained_peak(const fathom_isa *isa, double seconds)
{
    double flop;
    void (*chains)(void *) = chains_of(&flop, isa);
    return flop / measure_mean(chains, NULL, seconds);
}

struct triad {
    double *a, *b, *c;
    size_t  n;
};

static void triad(void *context)
{
    struct triad *t = context;
    for (size_t i = 0; i < t->n; i++)
        t->a[i] = t->b[i] + 0.999 * t->c[i];
    sink = t->a[t->n / 2];
}

double measure_bandwidth(size_t doubles)
{
    struct triad t = { .n = doubles / 3 };
    t.a = calloc(3 * t.n, sizeof *t.a);
    if (!t.a)
        return NAN;
    t.b = t.a + t.n;
    t.c = t.b + t.n;
    double rate = 3.0 * (double)t.n * sizeof(double) / measure_best(triad, &t, 0.1, 100);
    free(t.a);
    return rate;
}

const char *measure_machine(void)
{
    static char name[128] = "unknown processor";
    char        line[256];
    FILE       *in = fopen("/proc/cpuinfo", "r");
    while (in && fgets(line, sizeof line, in)) {
        char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(name, sizeof name, "%.120s", colon + 2);
            break;
        }
    }
    if (in)
        fclose(in);
    return name;
}

struct table *bench_table(const struct bench *bench, const char *name, const char *columns)
{
    char          text[32];
    struct table *table = table_new(name, columns);
    if (!table)
        exit_failed("not enough memory for the table %s", name);
    table_config(table, "machine", bench->machine);
    table_config(table, "kernels", bench->isa->name);
    snprintf(text, sizeof text, "%.1f", bench->peak * 1e-9);
    table_config(table, "peak-gflops", text);
    return table;
}
