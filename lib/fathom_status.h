/* fathom_status.h - the outcomes of calls.
 *
 * A part of fathom.h, whose conventions hold here.
 */
#ifndef FATHOM_STATUS_H
#define FATHOM_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* The outcome of a call.  A numerical outcome is a name, never a sentinel number. */
typedef enum fathom_status {
    FATHOM_OK = 0,
    FATHOM_DIVERGED,       /* a batch loss or gradient norm was not finite                       */
    FATHOM_NO_CONVERGENCE, /* an iteration did not reach its tolerance in its steps              */
    FATHOM_BAD_ARGUMENT,   /* a value out of its documented range                                */
    FATHOM_BAD_DATA,       /* rows that cannot be used; the error says which line and column     */
    FATHOM_NO_MEMORY,      /* an allocation failed; every output is as it was                    */
    FATHOM_READ_ERROR,     /* the caller's stream reported an error                              */
    FATHOM_DEGENERATE,     /* rows that do not vary, where a division by their deviation is due  */
    FATHOM_STOPPED,        /* the caller's progress function ended the training                  */
    FATHOM_SKIPPED,        /* the stabiliser left a step out; the run goes on                    */
    FATHOM_RUINED,         /* training ended, but the flow is worse than a Gaussian (PROTOCOL.md) */
    FATHOM_FLAT            /* the map is so flat at some row that its latent is that of many x     */
} fathom_status;

/* "ok", "diverged", ...: the words of the tables' column `status`.  A static string; "unknown" for any other number. */
const char *fathom_status_name(fathom_status status);

/* One line for a person: what was wrong, where, what is legal.  No newline at its end. */
typedef struct fathom_error {
    char text[512];
} fathom_error;

#ifdef __cplusplus
}
#endif
#endif
