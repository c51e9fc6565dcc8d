/* leave.h - how a program ends, and which files it leaves behind.
 *
 * Every program ends in one of four ways.  Invariant: in all four, a file under its final name is whole, and no
 * temporary file is left.
 */
#ifndef LEAVE_H
#define LEAVE_H

enum leave_code {
    LEAVE_DONE        = 0,
    LEAVE_FAILED      = 1,  /* a file, the memory, a device: one line on stderr says what        */
    LEAVE_USAGE       = 2,  /* the command line or the environment: one line says what is legal  */
    LEAVE_INTERRUPTED = 130 /* SIGINT (Ctrl-C), SIGTERM or SIGHUP                                */
};

/* One line "program: text" on stderr; removes the temporaries; exits with LEAVE_FAILED or LEAVE_USAGE.  Line breaks
 * and other control characters in the text are shown as '?', so that it is one line whatever a user typed. */
_Noreturn void leave_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void leave_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One such line, and the program goes on. */
void leave_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From here on SIGINT, SIGTERM and SIGHUP end the program at once, whatever its threads are doing; one that was ignored
 * when the program started (nohup, a shell's &) stays ignored.  A reader of stderr that went away and a limit on the
 * size of files become errors of the single write (EPIPE, EFBIG). */
void leave_on_signals(void);

/* A temporary file, or a folder for them, that is to disappear if the program ends early.  Remember it before it is
 * created, forget it after it was renamed.  At most LEAVE_TEMPORARIES at a time (false: no room, or the path is too
 * long). */
enum { LEAVE_TEMPORARIES = 64 };
_Bool leave_remember(const char *path);
_Bool leave_remember_folder(const char *path);
void  leave_forget(const char *path);

/* While signals are held they wait: for the few renames that should happen all or not at all. */
void leave_hold_signals(void);
void leave_release_signals(void);

#endif
