/* exit.h - how a program ends, and which files it leaves behind.
 *
 * Every program ends in one of four ways.  Invariant: in all four, a file under its final name is whole, and no
 * temporary file is left.
 */
#ifndef EXIT_H
#define EXIT_H

enum exit_code {
    EXIT_DONE        = 0,
    EXIT_FAILED      = 1,  /* a file, the memory, a device: one line on stderr says what        */
    EXIT_USAGE       = 2,  /* the command line or the environment: one line says what is legal  */
    EXIT_INTERRUPTED = 130 /* SIGINT (Ctrl-C), SIGTERM or SIGHUP                                */
};

/* One line "program: text" on stderr; removes the temporaries; exits with EXIT_FAILED or EXIT_USAGE.  Line breaks
 * and other control characters in the text are shown as '?', so that it is one line whatever a user typed. */
_Noreturn void exit_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void exit_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One such line, and the program goes on: a warning, or what was read. */
void exit_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From here on SIGINT, SIGTERM and SIGHUP end the program at once, whatever its threads are doing; one that was ignored
 * when the program started (nohup, a shell's &) stays ignored.  A reader of stderr that went away and a limit on the
 * size of files become errors of the single write (EPIPE, EFBIG). */
void exit_on_signals(void);

/* A temporary file, or a folder for them, that is to disappear if the program ends early.  Remember it before it is
 * created, forget it after it was renamed.  At most EXIT_TEMPORARIES at a time (false: no room, or the path is too
 * long). */
enum { EXIT_TEMPORARIES = 64 };
_Bool exit_remember(const char *path);
_Bool exit_remember_folder(const char *path);
void  exit_forget(const char *path);

/* While signals are held they wait: for the few renames that should happen all or not at all. */
void exit_hold_signals(void);
void exit_release_signals(void);

#endif
