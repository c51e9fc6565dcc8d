/* status.c - the names of outcomes, as tables and messages print them.
 *
 * Invariant: every fathom_status has its own word, without blanks, so that a table's column can hold it.
 */
#include "fathom.h"

const char *fathom_status_name(fathom_status status)
{
    switch (status) {
    case FATHOM_OK:
        return "ok";
    case FATHOM_DIVERGED:
        return "diverged";
    case FATHOM_NO_CONVERGENCE:
        return "no_convergence";
    case FATHOM_BAD_ARGUMENT:
        return "bad_argument";
    case FATHOM_BAD_DATA:
        return "bad_data";
    case FATHOM_NO_MEMORY:
        return "no_memory";
    case FATHOM_READ_ERROR:
        return "read_error";
    case FATHOM_DEGENERATE:
        return "degenerate";
    case FATHOM_STOPPED:
        return "stopped";
    case FATHOM_SKIPPED:
        return "skipped";
    case FATHOM_RUINED:
        return "ruined";
    case FATHOM_FLAT:
        return "flat";
    }
    return "unknown";
}
