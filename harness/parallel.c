/* parallel.c - independent jobs on all cores, and their progress (parallel.h).
 *
 * The order of starting comes from one sort, and OpenMP's dynamic schedule hands the jobs out one by one.  Progress is
 * two counters; whichever thread finds that the last line is old enough prints the next one, and none waits for it.
 */
#include "parallel.h"

#include <errno.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cores.h"
#include "exit.h"

enum display {
    DISPLAY_NONE,  /* quiet                                */
    DISPLAY_LINES, /* a line now and then: no terminal     */
    DISPLAY_BAR    /* a bar that is drawn over: a terminal */
};

struct progress {
    enum display           display;
    bool                   colour;
    const struct parallel *how;
    const char            *what;
    size_t                 jobs;
    uint64_t               total; /* of all costs, at least 1                  */
    double                 start;
    atomic_size_t          jobs_done;
    atomic_uint_fast64_t   done; /* of the costs                              */
    atomic_uint_fast64_t   next; /* milliseconds after start of the next line */
};

static const uint64_t between_bars_ms = 100, between_lines_ms = 10000;
enum { BAR_WIDTH = 24 };

double parallel_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ------------------------------------------------------------------------------------------------ progress ---- */

static void print_time(char *text, size_t size, double seconds)
{
    const long s = (long)(seconds + 0.5);
    if (s < 3600)
        snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
    else
        snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

/* ", 96 found in FILE" behind what is being done; empty if none were found. */
enum { FOUND_SIZE = 320 };
static const char *found_text(char *text, size_t size, const struct parallel *how)
{
    *text = '\0';
    if (how->found > 0)
        snprintf(text, size, ", %zu found in %.250s", how->found, how->where);
    return text;
}

/* One line: bar, part done, jobs, rate, time left.  The rate is jobs' worth of cost, so that it is steady although
 * jobs differ in length. */
static void print_progress(const struct progress *p, double elapsed)
{
    const double part = (double)atomic_load(&p->done) / (double)p->total;
    const size_t finished = atomic_load(&p->jobs_done);
    char         left[32] = "?", bar[BAR_WIDTH + 1], found[FOUND_SIZE];
    const double rate = elapsed > 0 ? part * (double)p->jobs / elapsed : 0;
    if (part > 0)
        print_time(left, sizeof left, elapsed * (1 - part) / part);
    if (p->display == DISPLAY_LINES) {
        fprintf(stderr, "%s: %zu of %zu %s, %.0f %%, %#.3g %s/s, %s left%s\n", program_invocation_short_name, finished,
                p->jobs, p->what, 100 * part, rate, p->what, left, found_text(found, sizeof found, p->how));
        return;
    }
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < part * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%s[%s]%s %3.0f %%  %zu/%zu %s%s  %#.3g/s  %s left\033[K", p->colour ? "\033[32m" : "", bar,
            p->colour ? "\033[0m" : "", 100 * part, finished, p->jobs, p->what, found_text(found, sizeof found, p->how),
            rate, left);
}

void parallel_add(struct progress *p, uint64_t cost)
{
    atomic_fetch_add(&p->done, cost);
    if (p->display == DISPLAY_NONE)
        return;
    const double   elapsed = parallel_seconds() - p->start;
    uint_fast64_t  next = atomic_load(&p->next);
    const uint64_t now = (uint64_t)(elapsed * 1e3);
    if (now >= next &&
        atomic_compare_exchange_strong(&p->next, &next,
                                       now + (p->display == DISPLAY_BAR ? between_bars_ms : between_lines_ms)))
        print_progress(p, elapsed);
}

static void progress_start(struct progress *p, const struct parallel *how, const uint64_t *cost, size_t n)
{
    const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    const bool  can_move = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    *p = (struct progress){ .display = how->quiet ? DISPLAY_NONE
                                     : can_move   ? DISPLAY_BAR
                                                  : DISPLAY_LINES,
                            .colour = !no_colour || !*no_colour,
                            .how = how,
                            .what = how->what,
                            .jobs = n,
                            .start = parallel_seconds() };
    for (size_t i = 0; i < n; i++)
        p->total += cost[i];
    p->total += p->total == 0;
    atomic_store(&p->next, p->display == DISPLAY_BAR ? between_bars_ms : between_lines_ms);
}

/* The last line stays, with the time that all took. */
static void progress_end(const struct progress *p, size_t threads)
{
    char         took[32], found[FOUND_SIZE];
    const double elapsed = parallel_seconds() - p->start;
    if (p->display == DISPLAY_NONE || p->jobs + p->how->found == 0)
        return;
    found_text(found, sizeof found, p->how);
    if (p->jobs == 0) {
        fprintf(stderr, "%s: no %s to make%s\n", program_invocation_short_name, p->what, found);
        return;
    }
    if (elapsed < 10)
        snprintf(took, sizeof took, "%.2f s", elapsed);
    else
        print_time(took, sizeof took, elapsed);
    fprintf(stderr, "%s%s: %zu %s in %s on %zu thread%s%s%s\n", p->display == DISPLAY_BAR ? "\r" : "",
            program_invocation_short_name, p->jobs, p->what, took, threads, threads == 1 ? "" : "s", found,
            p->display == DISPLAY_BAR ? "\033[K" : "");
}

/* ---------------------------------------------------------------------------------------------------- jobs ---- */

struct turn {
    uint64_t cost;
    size_t   index;
};

static int longest_first(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? 1 : -1;
    return x->index > y->index ? 1 : -1;
}

size_t parallel_threads(size_t threads, size_t n)
{
    const size_t limit = (size_t)omp_get_thread_limit(), processors = (size_t)omp_get_num_procs();
    size_t       least = threads < n ? threads : n;
    least = least < limit ? least : limit;
    least = least < processors ? least : processors;
    return least > 0 ? least : 1;
}

size_t parallel_do(const struct parallel *how, parallel_job *job, void *context, const uint64_t *cost, size_t n)
{
    struct progress progress;
    struct turn    *turns = malloc((n + 1) * sizeof *turns);
    if (!turns)
        exit_failed("not enough memory for a table of %zu %s", n, how->what);
    for (size_t i = 0; i < n; i++)
        turns[i] = (struct turn){ cost[i], i };
    qsort(turns, n, sizeof *turns, longest_first);

    const int threads = (int)(how->threads < n ? how->threads : n > 0 ? n : 1);
    size_t    started = 1;
    progress_start(&progress, how, cost, n);
    cores_need((size_t)threads);
#pragma omp parallel num_threads(threads)
    {
#pragma omp master
        started = (size_t)omp_get_num_threads();
#pragma omp for schedule(monotonic : dynamic, 1)
        for (size_t i = 0; i < n; i++) {
            job(context, turns[i].index, &progress);
            atomic_fetch_add(&progress.jobs_done, 1);
        }
    }
    progress_end(&progress, started);
    free(turns);
    return started;
}
