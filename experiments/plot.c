/* plot.c - the driver of plot.h: run gnuplot, judge what it did, and only then write a file.
 *
 * The idea: gnuplot is a function from a script to (exit status, standard output, standard error), and all three are
 * held in memory before anything is believed.  The invariant: a file under its final name is a whole picture that
 * gnuplot finished without a word.
 *
 * Three pipes are served by one poll loop, so that no side can wait for the other with a full pipe.  SIGPIPE is
 * ignored while gnuplot runs: one that dies early shows as EPIPE, an ordinary error here.
 */
#include "plot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "files.h"

extern char **environ;

#define SENTINEL "fathom: end of figure"

/* A picture above this is a runaway script, not a figure. */
static const size_t picture_limit = (size_t)256 << 20;

/* What tells a whole file of each format. */
static const struct format {
    const char *name, *terminal;
    unsigned    bit;
    const char *head;
    size_t      head_size;
    const char *tail; /* must end the file, but for white space */
    size_t      tail_size;
} formats_known[] = {
    {"svg", "svg",      PLOT_SVG, "<?xml", 5,                  "</svg>", 6},
    {"png", "pngcairo", PLOT_PNG, "\x89PNG\r\n\x1a\n", 8,      "\0\0\0\0IEND\xae\x42\x60\x82", 12},
    {"pdf", "pdfcairo", PLOT_PDF, "%PDF-", 5,                  "%%EOF", 5},
};
enum { N_FORMATS = sizeof formats_known / sizeof *formats_known };

/* ------------------------------------------------------------------------------------------------ messages ---- */

const char *plot_status_name(plot_status status)
{
    static const char *const names[] = {
        [PLOT_OK] = "ok", [PLOT_BAD_ARGUMENT] = "bad argument", [PLOT_NO_SCRIPTS] = "no scripts",
        [PLOT_NO_GNUPLOT] = "no gnuplot", [PLOT_NO_TERMINAL] = "no terminal", [PLOT_COMPLAINED] = "gnuplot complained",
        [PLOT_FAILED] = "gnuplot failed", [PLOT_UNFINISHED] = "script unfinished",
        [PLOT_INCOMPLETE] = "picture incomplete", [PLOT_NOT_WRITTEN] = "not written", [PLOT_NO_MEMORY] = "no memory"};
    return (size_t)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

/* Puts the text, cut at the buffer's end, and hands the status on, so that a failure is one return statement. */
__attribute__((format(printf, 3, 4)))
static plot_status fail(fathom_error *error, plot_status status, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------- quoting ---- */

/* In gnuplot's single quotes nothing is special but the quote itself, which is doubled. */
static void bytes_quoted(struct bytes *b, const char *text)
{
    bytes_text(b, "'");
    for (; *text; text++)
        bytes_add(b, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
    bytes_text(b, "'");
}

/* --------------------------------------------------------------------------------------- one run of gnuplot ---- */

struct run {
    struct bytes out, err;
    int          wait_status; /* of waitpid */
};

static void run_free(struct run *run)
{
    free(run->out.data);
    free(run->err.data);
}

/* Above the three standard descriptors, so that putting the child's ends in their places never overwrites one. */
static bool open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return false;
    }
    for (int i = 0; i < 2; i++)
        if (ends[i] <= 2) {
            int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
            close(ends[i]);
            ends[i] = moved;
        }
    return ends[0] >= 0 && ends[1] >= 0;
}

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

/* The same gnuplot for everybody: one locale (of UTF-8, for the labels), no terminal, search path or fonts of the
 * user's own choice. */
static char **clean_environment(void)
{
    static const char *const dropped[] = {"LC_", "LANG=", "LANGUAGE=", "GNUTERM=", "GNUPLOT_", "GDFONTPATH=", "FIT_"};
    static char              locale[] = "LC_ALL=C.UTF-8";
    size_t                   n = 0, kept = 0;
    while (environ[n])
        n++;
    char **clean = malloc((n + 2) * sizeof *clean);
    if (!clean)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        bool keep = true;
        for (size_t d = 0; d < sizeof dropped / sizeof *dropped; d++)
            keep = keep && strncmp(environ[i], dropped[d], strlen(dropped[d])) != 0;
        if (keep)
            clean[kept++] = environ[i];
    }
    clean[kept++] = locale;
    clean[kept] = NULL;
    return clean;
}

static int spawn_gnuplot(pid_t *pid, const char *folder, int in, int out, int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t          attributes;
    sigset_t                   defaults;
    char                       program[] = "gnuplot", no_rc_files[] = "-d";
    char                      *argv[] = {program, no_rc_files, NULL}, **env = clean_environment();
    if (!env)
        return ENOMEM;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        goto free_env;
    code = posix_spawnattr_init(&attributes);
    if (code != 0)
        goto free_actions;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* ignored here, but not there */
    if ((code = posix_spawn_file_actions_adddup2(&actions, in, 0)) == 0 &&
        (code = posix_spawn_file_actions_adddup2(&actions, out, 1)) == 0 &&
        (code = posix_spawn_file_actions_adddup2(&actions, err, 2)) == 0 &&
        (code = posix_spawn_file_actions_addchdir_np(&actions, folder)) == 0 &&
        (code = posix_spawnattr_setsigdefault(&attributes, &defaults)) == 0 &&
        (code = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF)) == 0)
        code = posix_spawnp(pid, program, &actions, &attributes, argv, env);

    posix_spawnattr_destroy(&attributes);
free_actions:
    posix_spawn_file_actions_destroy(&actions);
free_env:
    free(env);
    return code;
}

/* Writes the script and reads both answers until gnuplot has closed them.  A gnuplot that stops reading is no error
 * here: the missing sentinel tells. */
static void exchange(struct run *run, int in, int out, int err, const struct bytes *script)
{
    int           ends[3] = {in, out, err};
    struct bytes *answer[3] = {NULL, &run->out, &run->err};
    size_t        sent = 0;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (ends[1] >= 0 || ends[2] >= 0) {
        struct pollfd set[3] = {{ends[0], POLLOUT, 0}, {ends[1], POLLIN, 0}, {ends[2], POLLIN, 0}};
        if (poll(set, 3, -1) < 0 && errno != EINTR)
            break;
        if (ends[0] >= 0 && set[0].revents) {
            ssize_t n = write(ends[0], script->data + sent, script->size - sent);
            if (n > 0)
                sent += (size_t)n;
            if (sent == script->size || (n < 0 && errno != EAGAIN && errno != EINTR))
                close_end(&ends[0]);
        }
        for (int i = 1; i < 3; i++)
            if (ends[i] >= 0 && set[i].revents) {
                char    block[16384];
                ssize_t n = read(ends[i], block, sizeof block);
                if (n > 0)
                    bytes_add(answer[i], block, (size_t)n);
                if (n == 0 || (n < 0 && errno != EINTR) || answer[i]->size > picture_limit)
                    close_end(&ends[i]);
            }
    }
    for (int i = 0; i < 3; i++)
        close_end(&ends[i]);
}

/* Runs `script` in `folder`.  On PLOT_OK *run is to be freed, whatever gnuplot made of the script. */
static plot_status run_gnuplot(struct run *run, const char *folder, const struct bytes *script, fathom_error *error)
{
    int              in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, code;
    pid_t            pid;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    *run = (struct run){.wait_status = 0};

    if (script->short_of_memory)
        return fail(error, PLOT_NO_MEMORY, "gnuplot: not enough memory");
    if (!open_pipe(in) || !open_pipe(out) || !open_pipe(err))
        code = errno;
    else
        code = spawn_gnuplot(&pid, folder, in[0], out[1], err[1]);
    close_end(&in[0]);
    close_end(&out[1]);
    close_end(&err[1]);
    if (code != 0) {
        close_end(&in[1]);
        close_end(&out[0]);
        close_end(&err[0]);
        if (access(folder, X_OK) != 0)
            return fail(error, PLOT_BAD_ARGUMENT, "%s: %s", folder, strerror(errno));
        if (code == ENOENT)
            return fail(error, PLOT_NO_GNUPLOT,
                        "gnuplot: not found in PATH (Debian: apt install gnuplot-nox; or run with --no-plot)");
        return fail(error, PLOT_NO_GNUPLOT, "gnuplot: cannot be started: %s", strerror(code));
    }

    sigaction(SIGPIPE, &ignore, &before);
    exchange(run, in[1], out[0], err[0], script);
    sigaction(SIGPIPE, &before, NULL);
    while (waitpid(pid, &run->wait_status, 0) < 0)
        if (errno != EINTR) {
            code = errno;
            run_free(run);
            return fail(error, PLOT_FAILED, "gnuplot: its end was not seen: %s", strerror(code));
        }
    if (run->out.short_of_memory || run->err.short_of_memory) {
        run_free(run);
        return fail(error, PLOT_NO_MEMORY, "gnuplot: not enough memory for its picture");
    }
    return PLOT_OK;
}

/* The line that says most: the first that names a place ("..." line 3: ...), else the first that is not blank.
 * False if there is none but the sentinel. */
static bool first_complaint(char *line, size_t size, const struct bytes *err)
{
    bool found = false;
    for (const char *p = err->data; p && *p;) {
        size_t length = strcspn(p, "\n"), blank = strspn(p, " \t\r");
        if (blank < length && strncmp(p, SENTINEL "\n", sizeof SENTINEL) != 0) {
            char text[256];
            snprintf(text, sizeof text, "%.*s", (int)(length - blank < 255 ? length - blank : 255), p + blank);
            bool place = strstr(text, "line ") && strchr(text, ':');
            if (!found || place)
                snprintf(line, size, "%s", text);
            found = true;
            if (place)
                return true;
        }
        p += length + (p[length] == '\n');
    }
    return found;
}

/* Exit status, standard error and sentinel, in the order in which they explain a failure best. */
static plot_status judge_run(const struct run *run, const char *what, fathom_error *error)
{
    char complaint[256];
    if (WIFSIGNALED(run->wait_status))
        return fail(error, PLOT_FAILED, "gnuplot: %s: killed by signal %d", what, WTERMSIG(run->wait_status));
    if (first_complaint(complaint, sizeof complaint, &run->err))
        return fail(error, PLOT_COMPLAINED, "gnuplot: %s: %s", what, complaint);
    if (WEXITSTATUS(run->wait_status) != 0)
        return fail(error, PLOT_FAILED, "gnuplot: %s: exit status %d", what, WEXITSTATUS(run->wait_status));
    if (!run->err.data || strcmp(run->err.data, SENTINEL "\n") != 0)
        return fail(error, PLOT_UNFINISHED, "gnuplot: %s: the script did not run to its end", what);
    return PLOT_OK;
}

static bool is_whole(const struct bytes *picture, const struct format *format)
{
    size_t size = picture->size;
    if (size < format->head_size + format->tail_size || memcmp(picture->data, format->head, format->head_size) != 0)
        return false;
    if (format->bit != PLOT_PNG)
        while (size > 0 && memchr(" \t\r\n", picture->data[size - 1], 4))
            size--;
    return size >= format->tail_size &&
           memcmp(picture->data + size - format->tail_size, format->tail, format->tail_size) == 0;
}

/* --------------------------------------------------------------------------------------------------- public ---- */

plot_status plot_formats(unsigned *formats, const char *list, fathom_error *error)
{
    unsigned set = 0;
    for (const char *p = list;; p++) {
        size_t   length = strcspn(p, ",");
        unsigned bit = 0;
        for (size_t f = 0; f < N_FORMATS; f++)
            if (length == strlen(formats_known[f].name) && strncmp(p, formats_known[f].name, length) == 0)
                bit = formats_known[f].bit;
        if (!bit)
            return fail(error, PLOT_BAD_ARGUMENT, "format '%.*s' is not one of svg, png, pdf",
                        (int)(length < 64 ? length : 64), p);
        set |= bit;
        p += length;
        if (!*p)
            break;
    }
    *formats = set;
    return PLOT_OK;
}

plot_status plot_home(char *home, size_t size, fathom_error *error)
{
    char    program[PATH_MAX] = ".", candidate[PATH_MAX + 64], real[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        *strrchr(program, '/') = '\0';
    }
    for (int i = length > 0 ? 0 : 2; i < 3; i++) {
        static const char *const from_program[] = {"/../share/fathom", "/.."};
        snprintf(candidate, sizeof candidate, "%s%s/plots/style.gp", i < 2 ? program : ".",
                 i < 2 ? from_program[i] : "");
        if (!realpath(candidate, real))
            continue;
        real[strlen(real) - strlen("/plots/style.gp")] = '\0';
        if (strlen(real) >= size)
            break;
        strcpy(home, real);
        return PLOT_OK;
    }
    return fail(error, PLOT_NO_SCRIPTS,
                "plots/style.gp not found: neither in ../share/fathom nor .. of the program's folder %s, nor here",
                length > 0 ? program : "(unknown)");
}

/* options->home or plot_home's, as an absolute path: gnuplot will run in another folder. */
static plot_status find_home(char home[PATH_MAX], const plot_options *options, fathom_error *error)
{
    if (!options->home) {
        plot_status status = plot_home(home, PATH_MAX, error);
        if (status != PLOT_OK)
            return status;
    } else if (!realpath(options->home, home))
        return fail(error, PLOT_NO_SCRIPTS, "%s: %s", options->home, strerror(errno));
    if (strpbrk(home, "\n\r"))
        return fail(error, PLOT_BAD_ARGUMENT, "the folder of plots/ has a line break in its name");
    return PLOT_OK;
}

plot_status plot_check(char *version, size_t size, const plot_options *options, fathom_error *error)
{
    char        home[PATH_MAX];
    struct run  run;
    plot_status status = find_home(home, options, error);
    for (size_t f = 0; f < N_FORMATS && status == PLOT_OK; f++) {
        struct bytes script = {0};
        if (!(options->formats & formats_known[f].bit))
            continue;
        bytes_text(&script, "set terminal ");
        bytes_text(&script, formats_known[f].terminal);
        bytes_text(&script, "\nset print '-'\n"
                            "print sprintf('%.1f patchlevel %s', GPVAL_VERSION, GPVAL_PATCHLEVEL)\n"
                            "set print\nprint '" SENTINEL "'\n");
        status = run_gnuplot(&run, "/", &script, error);
        free(script.data);
        if (status != PLOT_OK)
            return status;
        status = judge_run(&run, formats_known[f].terminal, error);
        if (status == PLOT_COMPLAINED && strstr(run.err.data, "terminal type"))
            status = fail(error, PLOT_NO_TERMINAL, "gnuplot: it has no terminal %s, which %s needs",
                          formats_known[f].terminal, formats_known[f].name);
        if (status == PLOT_OK && version && size > 0)
            snprintf(version, size, "%.*s", (int)strcspn(run.out.data ? run.out.data : "", "\n"),
                     run.out.data ? run.out.data : "");
        run_free(&run);
    }
    return status;
}

/* What is sent: where things are, the shared style, the figure, the sentinel.  "set output" ends the picture. */
static void write_script(struct bytes *script, const char *name, const char *home, const struct format *format,
                         bool notebook)
{
    bytes_text(script, "home = ");
    bytes_quoted(script, home);
    bytes_text(script, "\nnotebook = ");
    bytes_text(script, notebook ? "1" : "0");
    bytes_text(script, "\nformat = '");
    bytes_text(script, format->name);
    bytes_text(script, "'\nload home.'/plots/style.gp'\nload home.'/plots/");
    bytes_text(script, name);
    bytes_text(script, ".gp'\nset output\nset print\nprint '" SENTINEL "'\n");
}

plot_status plot_draw(const char *name, const plot_options *options, fathom_error *error)
{
    char        home[PATH_MAX], path[PATH_MAX + 512], label[256];
    struct run  runs[N_FORMATS] = {0};
    plot_status status = find_home(home, options, error);
    if (status != PLOT_OK)
        return status;
    if (!*name || strlen(name) > 128 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
        return fail(error, PLOT_BAD_ARGUMENT, "figure '%.128s': its name is not of a-z, 0-9 and _", name);
    snprintf(path, sizeof path, "%s/plots/%s.gp", home, name);
    if (access(path, R_OK) != 0)
        return fail(error, PLOT_NO_SCRIPTS, "%.250s: %s", path, strerror(errno));

    /* All the pictures first, then all the files. */
    for (size_t f = 0; f < N_FORMATS && status == PLOT_OK; f++) {
        const struct format *format = &formats_known[f];
        struct bytes         script = {0};
        if (!(options->formats & format->bit))
            continue;
        snprintf(label, sizeof label, "%s.%s", name, format->name);
        write_script(&script, name, home, format, options->notebook);
        status = run_gnuplot(&runs[f], options->out, &script, error);
        free(script.data);
        if (status == PLOT_OK)
            status = judge_run(&runs[f], label, error);
        if (status == PLOT_OK && !is_whole(&runs[f].out, format))
            status = fail(error, PLOT_INCOMPLETE, "gnuplot: %s: the picture is %s", label,
                          runs[f].out.size ? "cut short or not of its format" : "empty");
    }
    struct file files[N_FORMATS];
    char        names[N_FORMATS][160];
    size_t      n = 0;
    for (size_t f = 0; f < N_FORMATS && status == PLOT_OK; f++)
        if (options->formats & formats_known[f].bit) {
            snprintf(names[n], sizeof names[n], "%s.%s", name, formats_known[f].name);
            files[n] = (struct file){.name = names[n], .data = runs[f].out.data, .size = runs[f].out.size};
            n++;
        }
    if (status == PLOT_OK && !(options->set ? files_add_all(options->set, files, n, error)
                                            : files_write(options->out, files, n, error)))
        status = PLOT_NOT_WRITTEN;
    for (size_t f = 0; f < N_FORMATS; f++)
        run_free(&runs[f]);
    return status;
}
