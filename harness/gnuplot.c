/* gnuplot.c - one run of gnuplot (gnuplot.h).
 *
 * Three pipes are served by one poll loop, so that no side can wait for the other with a full pipe.  While gnuplot
 * runs, SIGPIPE is ignored, so that one that dies early shows as EPIPE, an ordinary error here; and SIGCHLD is not
 * ignored, as it may be by inheritance, since the system would then throw the exit status away.
 */
#include "gnuplot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define SENTINEL "fathom: end of figure"

/* A picture above this is a runaway script, not a figure. */
static const size_t picture_limit = (size_t)256 << 20;

/* ------------------------------------------------------------------------------------------------- quoting ---- */

/* In gnuplot's single quotes nothing is special but the quote itself, which is doubled. */
void gnuplot_quoted(struct bytes *b, const char *text)
{
    bytes_text(b, "'");
    for (; *text; text++)
        bytes_add(b, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
    bytes_text(b, "'");
}

/* -------------------------------------------------------------------------------------------------- starting ---- */

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

/* gnuplot runs alike for every user: one locale (of UTF-8, for the labels), no terminal, search path or fonts of the
 * user's own choice. */
static char **clean_environment(void)
{
    static const char *const dropped[] = { "LC_", "LANG=", "LANGUAGE=", "GNUTERM=", "GNUPLOT_", "GDFONTPATH=", "FIT_" };
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

/* 0 or errno. */
static int spawn_gnuplot(pid_t *pid, const char *folder, int in, int out, int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t          attributes;
    sigset_t                   defaults;
    char                       program[] = "gnuplot", no_rc_files[] = "-d";
    char                      *argv[] = { program, no_rc_files, NULL }, **env = clean_environment();
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
    sigaddset(&defaults, SIGCHLD); /* perhaps inherited as ignored */
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

/* `code` of a gnuplot that did not start. */
static plot_status not_started(int code, const char *folder, fathom_error *error)
{
    if (code == ENOMEM)
        return plot_status_fail(error, PLOT_NO_MEMORY, "gnuplot: not enough memory to start it");
    if (access(folder, X_OK) != 0)
        return plot_status_fail(error, PLOT_BAD_ARGUMENT, "%.200s: %s", folder, strerror(errno));
    if (code == ENOENT)
        return plot_status_fail(error, PLOT_NO_GNUPLOT,
                                "gnuplot: not found in PATH (Debian: apt install gnuplot-nox; or run with --no-plot)");
    return plot_status_fail(error, PLOT_NO_GNUPLOT, "gnuplot: cannot be started: %s", strerror(code));
}

/* --------------------------------------------------------------------------------------------- while it runs ---- */

struct child {
    pid_t               pid;
    int                 ends[3]; /* of its standard input, output and error: -1 once closed */
    double              deadline;
    bool                ended; /* and its status is known */
    struct gnuplot_run *run;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void send_some(int *end, size_t *sent, const struct bytes *script)
{
    ssize_t n = write(*end, script->data + *sent, script->size - *sent);
    if (n > 0)
        *sent += (size_t)n;
    if (*sent == script->size || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_end(end);
}

static void receive_some(int *end, struct bytes *answer)
{
    char    block[16384];
    ssize_t n = read(*end, block, sizeof block);
    if (n > 0)
        bytes_add(answer, block, (size_t)n);
    if (n == 0 || (n < 0 && errno != EINTR) || answer->size > picture_limit || answer->short_of_memory)
        close_end(end);
}

/* Writes the script and reads both answers until they are closed, gnuplot has ended, or its time is over.  A gnuplot
 * that stops reading is no error here: the missing sentinel shows it. */
static void exchange(struct child *child, const struct bytes *script)
{
    struct gnuplot_run *run = child->run;
    int                *ends = child->ends;
    size_t              sent = 0;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while ((ends[1] >= 0 || ends[2] >= 0) && seconds_now() < child->deadline) {
        struct pollfd set[3] = { { ends[0], POLLOUT, 0 }, { ends[1], POLLIN, 0 }, { ends[2], POLLIN, 0 } };
        int           ready = poll(set, 3, child->ended ? 0 : 100);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0 || (ready == 0 && child->ended)) /* all that it wrote has been read */
            break;
        if (ready == 0) {
            child->ended = waitpid(child->pid, &run->wait_status, WNOHANG) == child->pid;
            if (child->ended)
                close_end(&ends[0]);
            continue;
        }
        if (ends[0] >= 0 && set[0].revents)
            send_some(&ends[0], &sent, script);
        if (ends[1] >= 0 && set[1].revents)
            receive_some(&ends[1], &run->out);
        if (ends[2] >= 0 && set[2].revents)
            receive_some(&ends[2], &run->err);
    }
    for (int i = 0; i < 3; i++)
        close_end(&ends[i]);
}

/* Waits for its end, which at the deadline is brought about.  0 or errno. */
static int wait_for(struct child *child)
{
    static const struct timespec pause = { .tv_nsec = 1000000 };
    while (!child->ended) {
        pid_t got = waitpid(child->pid, &child->run->wait_status, child->run->timed_out ? 0 : WNOHANG);
        if (got < 0 && errno != EINTR)
            return errno;
        if (got == child->pid)
            child->ended = true;
        else if (got == 0 && seconds_now() >= child->deadline) {
            kill(child->pid, SIGKILL);
            child->run->timed_out = true;
        } else if (got == 0)
            nanosleep(&pause, NULL);
    }
    return 0;
}

/* ---------------------------------------------------------------------------------------------------- running ---- */

void gnuplot_free(struct gnuplot_run *run)
{
    free(run->out.data);
    free(run->err.data);
    *run = (struct gnuplot_run){ .wait_status = 0 };
}

plot_status gnuplot_run(struct gnuplot_run *run, const char *folder, const struct bytes *script, unsigned seconds,
                        fathom_error *error)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN }, standard = { .sa_handler = SIG_DFL };
    struct sigaction       pipe_before, child_before;
    struct child           child = { .run = run, .ends = { -1, -1, -1 } };
    int                    in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 }, code;
    *run = (struct gnuplot_run){ .wait_status = 0 };
    if (script->short_of_memory)
        return plot_status_fail(error, PLOT_NO_MEMORY, "gnuplot: not enough memory for its script");

    sigaction(SIGPIPE, &ignore, &pipe_before);
    sigaction(SIGCHLD, &standard, &child_before);
    if (!open_pipe(in) || !open_pipe(out) || !open_pipe(err))
        code = errno;
    else
        code = spawn_gnuplot(&child.pid, folder, in[0], out[1], err[1]);
    close_end(&in[0]);
    close_end(&out[1]);
    close_end(&err[1]);
    const bool started = code == 0;
    if (started) {
        child.ends[0] = in[1];
        child.ends[1] = out[0];
        child.ends[2] = err[0];
        child.deadline = seconds_now() + seconds;
        exchange(&child, script);
        code = wait_for(&child);
    } else {
        close_end(&in[1]);
        close_end(&out[0]);
        close_end(&err[0]);
    }
    sigaction(SIGCHLD, &child_before, NULL);
    sigaction(SIGPIPE, &pipe_before, NULL);

    if (!started)
        return not_started(code, folder, error);
    const bool short_of_memory = run->out.short_of_memory || run->err.short_of_memory;
    if (code != 0 || short_of_memory)
        gnuplot_free(run);
    if (short_of_memory)
        return plot_status_fail(error, PLOT_NO_MEMORY, "gnuplot: not enough memory for its picture");
    if (code != 0)
        return plot_status_fail(error, PLOT_FAILED, "gnuplot: its end was not seen: %s", strerror(code));
    return PLOT_OK;
}

/* ---------------------------------------------------------------------------------------------------- judging ---- */

void gnuplot_script_end(struct bytes *script) { bytes_text(script, "; set output; set print; print '" SENTINEL "'\n"); }

bool gnuplot_line(char line[GNUPLOT_LINE], size_t *at, const struct gnuplot_run *run)
{
    while (*at < run->err.size) {
        const char  *start = run->err.data + *at, *end = memchr(start, '\n', run->err.size - *at);
        size_t       length = end ? (size_t)(end - start) : run->err.size - *at, n = 0;
        const size_t tail = sizeof SENTINEL - 1;
        *at += length + (end != NULL);
        if (length >= tail && memcmp(start + length - tail, SENTINEL, tail) == 0)
            length -= tail; /* perhaps behind another's unfinished line */
        while (length > 0 && isspace((unsigned char)*start)) {
            start++;
            length--;
        }
        while (length > 0 && isspace((unsigned char)start[length - 1]))
            length--;
        for (; n < length && n < GNUPLOT_LINE - 1; n++)
            line[n] = start[n] >= ' ' && start[n] < 0x7f ? start[n] : '?';
        line[n] = '\0';
        if (n > 0)
            return true;
    }
    return false;
}

/* "... line 12: ..." */
static bool names_place(const char *line)
{
    for (const char *p = line; (p = strstr(p, "line ")); p++) {
        size_t digits = strspn(p + 5, "0123456789");
        if (digits > 0 && p[5 + digits] == ':')
            return true;
    }
    return false;
}

bool gnuplot_complaint(char line[GNUPLOT_LINE], const struct gnuplot_run *run)
{
    char   next[GNUPLOT_LINE];
    size_t at = 0;
    bool   found = false;
    while (gnuplot_line(next, &at, run)) {
        const bool place = names_place(next);
        if (!found || place)
            strcpy(line, next);
        found = true;
        if (place)
            break;
    }
    return found;
}

/* The sentinel at the end of a line. */
static bool reached_end(const struct gnuplot_run *run)
{
    static const char last[] = SENTINEL "\n";
    return run->err.data && memmem(run->err.data, run->err.size, last, sizeof last - 1);
}

/* In the order in which they explain a failure best. */
plot_status gnuplot_judge(const struct gnuplot_run *run, const char *what, fathom_error *error)
{
    char complaint[GNUPLOT_LINE];
    if (run->timed_out)
        return plot_status_fail(error, PLOT_TIMED_OUT, "gnuplot: %s: not done within the time limit, and ended", what);
    if (WIFSIGNALED(run->wait_status))
        return plot_status_fail(error, PLOT_FAILED, "gnuplot: %s: killed by signal %d", what,
                                WTERMSIG(run->wait_status));
    const bool failed = WEXITSTATUS(run->wait_status) != 0, unfinished = !reached_end(run);
    if ((failed || unfinished) && gnuplot_complaint(complaint, run))
        return plot_status_fail(error, PLOT_COMPLAINED, "gnuplot: %s: %s", what, complaint);
    if (failed)
        return plot_status_fail(error, PLOT_FAILED, "gnuplot: %s: exit status %d", what, WEXITSTATUS(run->wait_status));
    if (unfinished)
        return plot_status_fail(error, PLOT_UNFINISHED, "gnuplot: %s: the script did not run to its end", what);
    return PLOT_OK;
}
