/* test_gnuplot.c - one run of gnuplot: its end, its signals, its memory.
 *
 * gnuplot is replaced by shell scripts, put first in PATH.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gnuplot.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

#define SENTINEL_TO_STDERR "echo 'fathom: end of figure' >&2\n"

static char bin[64], program[96], *path_before;

static int set_up(void **state)
{
    char search[8192];
    (void)state;
    strcpy(bin, "/tmp/fathom-gnuplot-XXXXXX");
    assert_non_null(mkdtemp(bin));
    snprintf(program, sizeof program, "%s/gnuplot", bin);
    path_before = strdup(getenv("PATH"));
    unsetenv("LD_PRELOAD"); /* every line on standard error is looked at: none is to be the loader's */
    snprintf(search, sizeof search, "%s:%s", bin, path_before);
    setenv("PATH", search, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    setenv("PATH", path_before, 1);
    free(path_before);
    unlink(program);
    rmdir(bin);
    return 0;
}

/* Runs this shell script as gnuplot, in /, for at most so many seconds. */
static plot_status run_script(struct gnuplot_run *run, const char *text, unsigned seconds, fathom_error *error)
{
    struct bytes script = { 0 };
    FILE        *file = fopen(program, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\n%s", text) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(program, 0777), 0);
    bytes_text(&script, "plot x");
    gnuplot_script_end(&script);
    plot_status status = gnuplot_run(run, "/", &script, seconds, error);
    free(script.data);
    return status;
}

static void test_answers(void **state)
{
    (void)state;
    struct gnuplot_run run;
    fathom_error       error;
    char               line[GNUPLOT_LINE];
    size_t             at = 0;
    assert_int_equal(run_script(&run, "cat\necho one >&2\nprintf 'two, ' >&2\n" SENTINEL_TO_STDERR, 60, &error),
                     PLOT_OK);
    assert_string_equal(run.out.data, "plot x; set output; set print; print 'fathom: end of figure'\n");
    assert_int_equal(gnuplot_judge(&run, "x", &error), PLOT_OK);
    assert_true(gnuplot_line(line, &at, &run));
    assert_string_equal(line, "one");
    assert_true(gnuplot_line(line, &at, &run));
    assert_string_equal(line, "two,");
    assert_false(gnuplot_line(line, &at, &run));
    gnuplot_free(&run);
}

/* What gnuplot leaves out after a failed command is the sentinel too. */
static void test_failed_command(void **state)
{
    (void)state;
    struct bytes       script = { 0 };
    struct gnuplot_run run;
    fathom_error       error;
    setenv("PATH", path_before, 1);
    bytes_text(&script, "plot no_such_function(x)");
    gnuplot_script_end(&script);
    assert_int_equal(gnuplot_run(&run, "/", &script, 60, &error), PLOT_OK);
    assert_int_equal(gnuplot_judge(&run, "x", &error), PLOT_COMPLAINED);
    assert_non_null(strstr(error.text, "line 0: undefined function: no_such_function"));
    run.wait_status = 0; /* older versions exit so */
    assert_int_equal(gnuplot_judge(&run, "x", &error), PLOT_COMPLAINED);
    gnuplot_free(&run);
    free(script.data);
}

/* One that never ends is ended, with its pipes open or closed. */
static void test_time_limit(void **state)
{
    (void)state;
    static const char *const scripts[] = { "exec sleep 60\n", "exec >&- 2>&-\nexec sleep 60\n",
                                           "while :; do echo; sleep 0.01; done\n" };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct gnuplot_run run;
        fathom_error       error;
        assert_int_equal(run_script(&run, scripts[i], 1, &error), PLOT_OK);
        assert_true(run.timed_out);
        assert_int_equal(gnuplot_judge(&run, "x", &error), PLOT_TIMED_OUT);
        assert_non_null(strstr(error.text, "time limit"));
        gnuplot_free(&run);
    }
}

/* One that leaves a process, which holds its pipes: that one is not waited for. */
static void test_left_process(void **state)
{
    (void)state;
    struct gnuplot_run run;
    fathom_error       error;
    struct timespec    before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(run_script(&run, "cat > /dev/null\necho a picture\n" SENTINEL_TO_STDERR "sleep 30 &\n", 60,
                                &error),
                     PLOT_OK);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_int_equal(gnuplot_judge(&run, "x", &error), PLOT_OK);
    assert_string_equal(run.out.data, "a picture\n");
    assert_true(after.tv_sec - before.tv_sec < 20);
    gnuplot_free(&run);
}

/* Programs inherit an ignored SIGCHLD, and the system then throws exit statuses away. */
static void test_ignored_children(void **state)
{
    (void)state;
    struct sigaction   now;
    struct gnuplot_run run;
    fathom_error       error;
    void (*handler)(int) = signal(SIGCHLD, SIG_IGN);
    assert_int_equal(run_script(&run, "cat > /dev/null\n" SENTINEL_TO_STDERR "exit 3\n", 60, &error), PLOT_OK);
    assert_int_equal(gnuplot_judge(&run, "x", &error), PLOT_FAILED);
    assert_non_null(strstr(error.text, "exit status 3"));
    assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_IGN);
    signal(SIGCHLD, handler);
    gnuplot_free(&run);
}

/* A picture of 100 MB and memory for half of it: one message, and nothing to free. */
static void test_short_of_memory(void **state)
{
    (void)state;
#if SANITIZED
    print_message("skipped under a sanitizer: it takes all the address space there is\n");
#else
    struct gnuplot_run run;
    fathom_error       error;
    struct rlimit      before, small;
    unsigned long      pages = 0;
    FILE              *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%lu", &pages) != 1)
        fail_msg("/proc/self/statm: cannot be read");
    fclose(statm);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    small = before;
    small.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (50 << 20);
    assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
    plot_status status = run_script(&run, "cat > /dev/null\nhead -c 100000000 /dev/zero\n", 60, &error);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(status, PLOT_NO_MEMORY);
    assert_non_null(strstr(error.text, "not enough memory"));
    assert_null(run.out.data);
    assert_null(run.err.data);
    gnuplot_free(&run);
#endif
}

#define WITH_BIN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BIN(test_answers),      WITH_BIN(test_failed_command),   WITH_BIN(test_time_limit),
        WITH_BIN(test_left_process), WITH_BIN(test_ignored_children), WITH_BIN(test_short_of_memory),
    };
    return cmocka_run_group_tests_name("gnuplot", tests, NULL, NULL);
}
