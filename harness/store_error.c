/* store_error.c - the line that describes what is wrong with a store (store_parts.h). */
#include "store_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void store_error(fathom_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
}

enum store_status store_failed(fathom_error *error, const struct store *store, const char *what)
{
    const int  code = sqlite3_errcode(store->db) & 0xff, number = sqlite3_system_errno(store->db);
    const bool by_system = number != 0 && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL);
    store_error(error, "store %s: %s: %s%s%s%s", store->path, what, sqlite3_errmsg(store->db), by_system ? " (" : "",
                by_system ? strerror(number) : "", by_system ? ")" : "");
    return STORE_FAILED;
}
