/* test_plot.c - the gnuplot driver: every way in which gnuplot fails has its name, and no figure is touched by it; and
 * what is no failure does none.
 *
 * gnuplot is replaced by shell scripts, put first in PATH, that fail as it does: silently.  The invariant is checked
 * after each: the figure of that name is still the one from before, and no other file is in the folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plot.h"

#define BEFORE "the figure from before\n"
#define SENTINEL_TO_STDERR "echo 'fathom: end of figure' >&2\n"
#define WHOLE_SVG "printf '<?xml version=\"1.0\"?>\\n<svg></svg>\\n'\n"

/* A scratch folder with a quote and a blank in its name, for the sake of gnuplot's quoting:
 * out/ (tables and figures), home/plots/ (scripts), bin/ (the false gnuplot). */
static char scratch[64], out[128], home[128], bin[128], *path_before;

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static char *read_text(const char *folder, const char *name, size_t *size)
{
    char path[512], *text = malloc(1 << 20);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file || !text)
        fail_msg("%s: not there", path);
    *size = fread(text, 1, (1 << 20) - 1, file);
    text[*size] = '\0';
    fclose(file);
    return text;
}

static void empty_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

static size_t count_files(const char *folder)
{
    size_t n = 0;
    DIR   *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static int set_up(void **state)
{
    (void)state;
    char plots[160];
    strcpy(scratch, "/tmp/fathom's plot XXXXXX");
    assert_non_null(mkdtemp(scratch));
    snprintf(out, sizeof out, "%s/out", scratch);
    snprintf(home, sizeof home, "%s/home", scratch);
    snprintf(bin, sizeof bin, "%s/bin", scratch);
    snprintf(plots, sizeof plots, "%s/plots", home);
    assert_int_equal(mkdir(out, 0777) | mkdir(home, 0777) | mkdir(bin, 0777) | mkdir(plots, 0777), 0);
    path_before = strdup(getenv("PATH"));
    unsetenv("LD_PRELOAD"); /* every line on standard error is looked at: none is to be the loader's */

    char  *style;
    size_t size;
    style = read_text("plots", "style.gp", &size);
    write_text(plots, "style.gp", style);
    free(style);
    write_text(plots, "tiny.gp", "eval canvas(300, 200)\nplot 'tiny.tsv' using 'depth':'value' with lines title 't'\n");
    write_text(plots, "wrong.gp", "eval canvas(300, 200)\nplot x title 'x'\nset nonsense\nplot x\n");
    write_text(plots, "nothing.gp", "eval canvas(300, 200)\n");
    write_text(out, "tiny.tsv", "# key: value\ndepth\tvalue\n1\t-1.5\n2\tnan\n4\t-1.25\n");
    write_text(out, "tiny.svg", BEFORE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char plots[160];
    snprintf(plots, sizeof plots, "%s/plots", home);
    setenv("PATH", path_before, 1);
    free(path_before);
    const char *const folders[] = { out, bin, plots, home, scratch };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        empty_folder(folders[i]);
        rmdir(folders[i]);
    }
    return 0;
}

/* From here on `gnuplot` is this shell script. */
static void false_gnuplot(const char *script)
{
    char text[2048], path[192], search[8192];
    snprintf(text, sizeof text, "#!/bin/sh\n%s", script);
    write_text(bin, "gnuplot", text);
    snprintf(path, sizeof path, "%s/gnuplot", bin);
    assert_int_equal(chmod(path, 0777), 0);
    snprintf(search, sizeof search, "%s:%s", bin, path_before);
    setenv("PATH", search, 1);
}

/* What was passed on, a line each. */
static char warnings[4096];

static void keep_warning(void *context, const char *line)
{
    (void)context;
    assert_null(strchr(line, '\n'));
    strncat(warnings, line, sizeof warnings - strlen(warnings) - 2);
    strcat(warnings, "\n");
}

static plot_options options_of(unsigned formats)
{
    warnings[0] = '\0';
    return (plot_options){ .out = out, .home = home, .formats = formats, .notebook = false, .warn = keep_warning };
}

/* Drawing `name` must end with this status, a message that holds `text`, and the folder as it was. */
static void check_fails(plot_status expected, const char *text, const char *name, unsigned formats)
{
    plot_options options = options_of(formats);
    fathom_error error = { "" };
    size_t       files = count_files(out), size;
    plot_status  status = plot_draw(name, &options, &error);
    if (status != expected)
        fail_msg("expected '%s', got '%s': %s", plot_status_name(expected), plot_status_name(status), error.text);
    if (!strstr(error.text, text))
        fail_msg("expected a message with '%s', got '%s'", text, error.text);
    assert_null(strchr(error.text, '\n'));
    assert_int_equal(count_files(out), files);
    char *figure = read_text(out, "tiny.svg", &size);
    assert_string_equal(figure, BEFORE);
    free(figure);
}

/* ------------------------------------------------------------------------------------- a gnuplot that fails ---- */

static void test_no_gnuplot(void **state)
{
    (void)state;
    plot_options options = options_of(PLOT_SVG);
    fathom_error error;
    setenv("PATH", out, 1); /* a folder without programs */
    check_fails(PLOT_NO_GNUPLOT, "not found in PATH", "tiny", PLOT_SVG);
    assert_int_equal(plot_check(NULL, 0, &options, &error), PLOT_NO_GNUPLOT);
}

static void test_exits_with_nothing(void **state)
{
    (void)state;
    false_gnuplot("cat > /dev/null\n");
    check_fails(PLOT_UNFINISHED, "did not run to its end", "tiny", PLOT_SVG);
}

static void test_empty_picture(void **state)
{
    (void)state;
    false_gnuplot("cat > /dev/null\n" SENTINEL_TO_STDERR);
    check_fails(PLOT_INCOMPLETE, "empty", "tiny", PLOT_SVG);
}

/* Drawing tiny.svg must end well, with these warnings, and the figure be the whole picture. */
static void check_draws(const char *expected)
{
    plot_options options = options_of(PLOT_SVG);
    fathom_error error = { "" };
    size_t       size;
    if (plot_draw("tiny", &options, &error) != PLOT_OK)
        fail_msg("%s", error.text);
    assert_string_equal(warnings, expected);
    char *figure = read_text(out, "tiny.svg", &size);
    assert_non_null(strstr(figure, "<svg></svg>"));
    free(figure);
}

/* A whole picture beside a line of gnuplot's, of ld.so's, of bytes that are no text, and one that is not ended. */
static void test_complains(void **state)
{
    (void)state;
    false_gnuplot("cat > /dev/null\n" WHOLE_SVG
                  "printf '\\n  \"x.gp\" line 7: warning: odd\\n' >&2\n" SENTINEL_TO_STDERR);
    check_draws("gnuplot: tiny.svg: \"x.gp\" line 7: warning: odd\n");
    false_gnuplot("echo 'ERROR: ld.so: no such file' >&2\ncat > /dev/null\n" WHOLE_SVG
                  "printf '\\033[31m \\233 \\302\\205\\377\\nFontconfig error, ' >&2\n" SENTINEL_TO_STDERR);
    check_draws("gnuplot: tiny.svg: ERROR: ld.so: no such file\ngnuplot: tiny.svg: ?[31m ? ???\n"
                "gnuplot: tiny.svg: Fontconfig error,\n");
    false_gnuplot(
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i >&2; done\ncat > /dev/null\n" WHOLE_SVG SENTINEL_TO_STDERR);
    plot_options options = options_of(PLOT_SVG);
    fathom_error error;
    assert_int_equal(plot_draw("tiny", &options, &error), PLOT_OK);
    assert_non_null(strstr(warnings, "tiny.svg: 10\ngnuplot: tiny.svg: and 2 lines more\n"));
}

/* A bad picture beside a line: the line is the reason. */
static void test_complains_of_no_picture(void **state)
{
    (void)state;
    false_gnuplot("cat > /dev/null\nprintf 'first\\n  \"x.gp\" line 7: \\303\\266 odd\\n' >&2\n" SENTINEL_TO_STDERR);
    check_fails(PLOT_COMPLAINED, "\"x.gp\" line 7: ?? odd", "tiny", PLOT_SVG);
    false_gnuplot("cat > /dev/null\n" WHOLE_SVG "echo 'first' >&2\n");
    check_fails(PLOT_COMPLAINED, "first", "tiny", PLOT_SVG);
}

static void test_truncates(void **state)
{
    (void)state;
    static const char *const pictures[] = {
        "printf '<?xml version=\"1.0\"?>\\n<svg><path d=\\047M0,0 L1'\n", /* cut */
        "printf '</svg>\\n'\n",                                           /* its head is missing */
        "printf '<?xml </svg>\\n'\n",                                     /* its middle is missing */
        "printf '<?xml version=\"1.0\"?>\\n<svg><g></svg>\\n'\n",         /* a group is open */
        "printf '<?xml version=\"1.0\"?>\\n<svg>\\000</svg>\\n'\n",
        "printf 'no picture at all </svg>\\n'\n"
    };
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        char script[512];
        snprintf(script, sizeof script, "cat > /dev/null\n%s" SENTINEL_TO_STDERR, pictures[i]);
        false_gnuplot(script);
        check_fails(PLOT_INCOMPLETE, "cut short", "tiny", PLOT_SVG);
    }
}

static void test_dies(void **state)
{
    (void)state;
    false_gnuplot("head -n 1 > /dev/null\nprintf '<?xml'\nkill -9 $$\n");
    check_fails(PLOT_FAILED, "signal 9", "tiny", PLOT_SVG);
    false_gnuplot("cat > /dev/null\n" WHOLE_SVG SENTINEL_TO_STDERR "exit 3\n");
    check_fails(PLOT_FAILED, "exit status 3", "tiny", PLOT_SVG);
    false_gnuplot("cat > /dev/null\nhead -c 300000 /dev/zero\nkill -9 $$\n");
    check_fails(PLOT_FAILED, "signal 9", "tiny", PLOT_SVG);
}

/* One that never reads: the write to it must not kill this program, and its signals are as they were. */
static void test_does_not_read(void **state)
{
    (void)state;
    struct sigaction now;
    false_gnuplot("exec <&-\nsleep 0.05\n");
    check_fails(PLOT_UNFINISHED, "did not run to its end", "tiny", PLOT_SVG);
    assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_DFL);
}

/* Both answers longer than a pipe holds, before a word is read: no side may wait for the other. */
static void test_talks_first(void **state)
{
    (void)state;
    false_gnuplot("head -c 300000 /dev/zero | tr '\\0' 'e' >&2\nhead -c 300000 /dev/zero\ncat > /dev/null\n");
    check_fails(PLOT_COMPLAINED, "eeee", "tiny", PLOT_SVG);
}

/* One good picture and one bad: neither is written. */
static void test_all_formats_or_none(void **state)
{
    (void)state;
    false_gnuplot("if grep -q \"format = 'svg'\"; then " WHOLE_SVG
                  "else printf '%%PDF-1.5 and no end'; fi\n" SENTINEL_TO_STDERR);
    check_fails(PLOT_INCOMPLETE, "tiny.pdf", "tiny", PLOT_SVG | PLOT_PDF);
}

static void test_no_terminal(void **state)
{
    (void)state;
    plot_options options = options_of(PLOT_SVG | PLOT_PDF);
    char         version[64] = "";
    fathom_error error;
    false_gnuplot("if grep -q \"format = 'pdf'\"; then echo \"line 0: unknown or ambiguous terminal type; type just "
                  "'set terminal' for a list\" >&2; exit 1; fi\n" WHOLE_SVG
                  "echo 'fathom: gnuplot 5.4 patchlevel 4' >&2\n" SENTINEL_TO_STDERR);
    assert_int_equal(plot_check(NULL, 0, &options, &error), PLOT_NO_TERMINAL);
    assert_non_null(strstr(error.text, "pdfcairo"));
    options.formats = PLOT_SVG;
    assert_int_equal(plot_check(version, sizeof version, &options, &error), PLOT_OK);
    assert_string_equal(version, "5.4 patchlevel 4");
    assert_string_equal(warnings, "");
}

/* The check draws: a terminal that is there and makes no whole picture is found out before the work. */
static void test_check_draws(void **state)
{
    (void)state;
    plot_options options = options_of(PLOT_PNG);
    fathom_error error;
    false_gnuplot("cat > /dev/null\n" SENTINEL_TO_STDERR);
    assert_int_equal(plot_check(NULL, 0, &options, &error), PLOT_INCOMPLETE);
    false_gnuplot(
        "cat > /dev/null\n"
        "printf '\\211PNG\\r\\n\\032\\n\\000\\000\\000\\005\\000\\000\\000\\000IEND\\256B`\\202'\n" SENTINEL_TO_STDERR);
    assert_int_equal(plot_check(NULL, 0, &options, &error), PLOT_INCOMPLETE);
    options.formats = PLOT_SVG;
    false_gnuplot("echo 'Fontconfig error: no fonts' >&2\ncat > /dev/null\n" WHOLE_SVG SENTINEL_TO_STDERR);
    assert_int_equal(plot_check(NULL, 0, &options, &error), PLOT_OK);
    assert_non_null(strstr(warnings, "Fontconfig error: no fonts"));
}

/* ---------------------------------------------------------------------------------------- the real gnuplot ---- */

static void test_missing_table(void **state)
{
    (void)state;
    char path[192];
    snprintf(path, sizeof path, "%s/tiny.tsv", out);
    assert_int_equal(unlink(path), 0);
    check_fails(PLOT_COMPLAINED, "\"tiny.tsv\"", "tiny", PLOT_SVG);
    write_text(out, "tiny.tsv", "# key: value\ndepth\tvalue\n"); /* column names, no row */
    check_fails(PLOT_COMPLAINED, "tiny.svg", "tiny", PLOT_SVG);
}

static void test_wrong_script(void **state)
{
    (void)state;
    check_fails(PLOT_COMPLAINED, "wrong.gp\" line 3", "wrong", PLOT_SVG);
    check_fails(PLOT_INCOMPLETE, "nothing.svg", "nothing", PLOT_SVG | PLOT_PNG);
    check_fails(PLOT_NO_SCRIPTS, "absent.gp", "absent", PLOT_SVG);
    check_fails(PLOT_BAD_ARGUMENT, "../tiny", "../tiny", PLOT_SVG);
    check_fails(PLOT_BAD_ARGUMENT, "''", "", PLOT_SVG);
}

/* The kernel refuses the 200th byte, as a full disk would. */
static void test_full_disk(void **state)
{
    (void)state;
    struct rlimit before, small;
    plot_options  options = options_of(PLOT_PNG);
    fathom_error  error = { "" };
    char          picture[160];

    /* A first picture while there is room: on a new machine it makes the fonts' cache, no part of this test. */
    if (plot_draw("tiny", &options, &error) != PLOT_OK)
        fail_msg("%s", error.text);
    snprintf(picture, sizeof picture, "%s/tiny.png", out);
    assert_int_equal(unlink(picture), 0);

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){ .rlim_cur = 200, .rlim_max = before.rlim_max };
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    check_fails(PLOT_NOT_WRITTEN, "tiny.svg", "tiny", PLOT_SVG | PLOT_PNG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
}

static void test_no_folder(void **state)
{
    (void)state;
    fathom_error error;
    plot_options options = { .out = "/nonexistent/folder", .home = home, .formats = PLOT_SVG };
    assert_int_equal(plot_draw("tiny", &options, &error), PLOT_BAD_ARGUMENT);
    assert_non_null(strstr(error.text, "/nonexistent/folder"));
    options = (plot_options){ .out = out, .home = "/nonexistent/home", .formats = PLOT_SVG };
    assert_int_equal(plot_draw("tiny", &options, &error), PLOT_NO_SCRIPTS);
    assert_int_equal(plot_check(NULL, 0, &options, &error), PLOT_NO_SCRIPTS);
}

/* All three come whole; SVG and PNG are the same bytes again, whatever the user set, and name no place. */
static void test_draws_the_same_bytes(void **state)
{
    (void)state;
    static const char *const figures[] = { "tiny.svg", "tiny.png", "tiny.pdf" };
    plot_options             options = options_of(PLOT_SVG | PLOT_PNG | PLOT_PDF);
    fathom_error             error = { "" };
    char                    *first[3], version[64] = "";
    size_t                   size[3];

    if (plot_check(version, sizeof version, &options, &error) != PLOT_OK)
        fail_msg("%s", error.text);
    assert_non_null(strstr(version, "patchlevel"));
    for (int again = 0; again < 2; again++) {
        if (plot_draw("tiny", &options, &error) != PLOT_OK)
            fail_msg("%s", error.text);
        assert_int_equal(count_files(out), 4);
        for (int f = 0; f < 3; f++) {
            size_t size_now;
            char  *now = read_text(out, figures[f], &size_now);
            assert_true(size_now > 1000);
            if (!again) {
                first[f] = now;
                size[f] = size_now;
                continue;
            }
            if (f < 2) {
                assert_int_equal(size_now, size[f]);
                assert_memory_equal(now, first[f], size_now);
            }
            free(now);
        }
        setenv("GNUTERM", "dumb", 1);
        setenv("GNUPLOT_DEFAULT_GDFONT", "none", 1);
        setenv("LC_ALL", "de_DE.UTF-8", 1);
    }
    unsetenv("GNUTERM");
    unsetenv("GNUPLOT_DEFAULT_GDFONT");
    unsetenv("LC_ALL");
    assert_null(strstr(first[0], scratch));
    assert_non_null(strstr(first[0], "</svg>"));
    for (int f = 0; f < 3; f++)
        free(first[f]);
}

static void test_formats(void **state)
{
    (void)state;
    unsigned     formats = 0;
    fathom_error error;
    assert_int_equal(plot_formats(&formats, "svg", &error), PLOT_OK);
    assert_int_equal(formats, PLOT_SVG);
    assert_int_equal(plot_formats(&formats, "pdf,png,svg,svg", &error), PLOT_OK);
    assert_int_equal(formats, PLOT_SVG | PLOT_PNG | PLOT_PDF);
    static const char *const wrong[] = { "", ",", "svg,", ",svg", "SVG", "svgz", "sv", "svg png", "svg,,pdf" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        formats = 77;
        if (plot_formats(&formats, wrong[i], &error) != PLOT_BAD_ARGUMENT)
            fail_msg("'%s' should be no list of formats", wrong[i]);
        assert_int_equal(formats, 77);
        assert_non_null(strstr(error.text, "svg, png, pdf"));
    }
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_no_gnuplot),
        WITH_SCRATCH(test_exits_with_nothing),
        WITH_SCRATCH(test_empty_picture),
        WITH_SCRATCH(test_complains),
        WITH_SCRATCH(test_complains_of_no_picture),
        WITH_SCRATCH(test_check_draws),
        WITH_SCRATCH(test_truncates),
        WITH_SCRATCH(test_dies),
        WITH_SCRATCH(test_does_not_read),
        WITH_SCRATCH(test_talks_first),
        WITH_SCRATCH(test_all_formats_or_none),
        WITH_SCRATCH(test_no_terminal),
        WITH_SCRATCH(test_missing_table),
        WITH_SCRATCH(test_wrong_script),
        WITH_SCRATCH(test_full_disk),
        WITH_SCRATCH(test_no_folder),
        WITH_SCRATCH(test_draws_the_same_bytes),
        cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
