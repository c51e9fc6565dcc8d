/* exit.c - how a program ends (exit.h).
 *
 * The handler does only what POSIX allows in one: unlink, rmdir, write, _exit.  It needs no cooperation of the threads that
 * compute, so that Ctrl-C stops a training step in its middle.  The one thing it reads is a table of paths whose
 * entries are switched on only when they are complete.
 */
#include "exit.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct temporary {
    atomic_bool used;
    bool        folder;
    char        path[PATH_MAX];
} temporaries[EXIT_TEMPORARIES];

/* The files first: a folder goes only when it is empty. */
static void remove_temporaries(void)
{
    for (int i = 0; i < EXIT_TEMPORARIES; i++)
        if (atomic_load(&temporaries[i].used) && !temporaries[i].folder)
            unlink(temporaries[i].path);
    for (int i = 0; i < EXIT_TEMPORARIES; i++)
        if (atomic_load(&temporaries[i].used) && temporaries[i].folder)
            rmdir(temporaries[i].path);
}

__attribute__((format(printf, 1, 0))) static void print_line(const char *format, va_list args)
{
    char text[PATH_MAX + 1024]; /* the longest file name leaves room for the rest of the line */
    vsnprintf(text, sizeof text, format, args);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}

void exit_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(format, args);
    va_end(args);
}

__attribute__((format(printf, 2, 0))) static _Noreturn void leave(enum exit_code code, const char *format, va_list args)
{
    static atomic_flag leaving = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&leaving)) /* another thread prints its line; it ends this one too */
        pause();
    print_line(format, args);
    remove_temporaries();
    _exit((int)code); /* not exit: other threads may still be computing */
}

void exit_failed(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    leave(EXIT_FAILED, format, args);
}

void exit_usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    leave(EXIT_USAGE, format, args);
}

/* A mask would hold the signals of one thread only, and any thread of the process may be handed them. */
static atomic_bool held, waiting;

static void on_signal(int number)
{
    (void)number;
    if (atomic_load(&held)) {
        atomic_store(&waiting, 1);
        return;
    }
    remove_temporaries();
    if (isatty(STDERR_FILENO)) { /* the cursor may stand behind half a progress bar */
        ssize_t ignored = write(STDERR_FILENO, "\n", 1);
        (void)ignored;
    }
    _exit(EXIT_INTERRUPTED);
}

void exit_on_signals(void)
{
    static const int       ending[] = { SIGINT, SIGTERM, SIGHUP }, ignored[] = { SIGPIPE, SIGXFSZ };
    struct sigaction       action = { .sa_handler = on_signal }, before;
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup, a shell's & */
            sigaction(ending[i], &action, NULL);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &ignore, NULL);
}

static bool remember(const char *path, bool folder)
{
    if (strlen(path) >= PATH_MAX)
        return 0;
    for (int i = 0; i < EXIT_TEMPORARIES; i++)
        if (!atomic_load(&temporaries[i].used)) {
            strcpy(temporaries[i].path, path);
            temporaries[i].folder = folder;
            atomic_store(&temporaries[i].used, 1);
            return 1;
        }
    return 0;
}

_Bool exit_remember(const char *path) { return remember(path, false); }
_Bool exit_remember_folder(const char *path) { return remember(path, true); }

void exit_forget(const char *path)
{
    for (int i = 0; i < EXIT_TEMPORARIES; i++)
        if (atomic_load(&temporaries[i].used) && strcmp(temporaries[i].path, path) == 0)
            atomic_store(&temporaries[i].used, 0);
}

void exit_hold_signals(void) { atomic_store(&held, 1); }

void exit_release_signals(void)
{
    atomic_store(&held, 0);
    if (atomic_load(&waiting))
        on_signal(SIGINT);
}
