/* exit.h - how a program ends, and which files it leaves behind.
 *
 * Every program ends in one of four ways.  Invariant: in all four, a file under its final name is whole, and no
 * temporary file is left.
 */
#ifndef EXIT_H
#define EXIT_H

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,       /* a file, the memory, a device: one line on stderr says what        */
    EXIT_USAGE = 2,        /* the command line or the environment: one line says what is legal  */
    EXIT_INTERRUPTED = 130 /* SIGINT (Ctrl-C), SIGTERM or SIGHUP                                */
};

/* One line "program: text" on stderr; removes the temporaries; exits with EXIT_FAILED or EXIT_USAGE.  Line breaks
 * and other control characters in the text are shown as '?', so that it is one line whatever a user typed. */
_Noreturn void exit_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void exit_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints such a line and returns: a warning, or information. */
void exit_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* After this call SIGINT, SIGTERM and SIGHUP end the program at once, in whatever state its threads are.  A signal that
 * was ignored when the program started (nohup, a shell's &) stays ignored.  SIGPIPE and SIGXFSZ are ignored, so that
 * the write itself fails, with EPIPE or EFBIG. */
void exit_on_signals(void);

/* Registers a temporary file, or a folder of temporary files, for removal if the program ends early.  Call it before
 * the file is created, and exit_forget after the file was renamed.  At most EXIT_TEMPORARIES at a time (false: no room,
 * or the path is too long). */
enum { EXIT_TEMPORARIES = 64 };
_Bool exit_remember(const char *path);
_Bool exit_remember_folder(const char *path);
void  exit_forget(const char *path);

/* Signals that arrive between these two calls are delivered at the second: for renames that must happen all or not at
 * all. */
void exit_hold_signals(void);
void exit_release_signals(void);

#endif
