/* pieces.h - what REPORT.md.in may name: tables, claims, values, figures and sources, each under its name.
 *
 * A judge registers its pieces when all tests are corrected.  The document calls a piece of
 * report/stability.c "stability.<name>", a figure by the name of its picture, and the source of a judge by the judge's name.
 */
#ifndef PIECES_H
#define PIECES_H

#include "bytes.h"
#include "sources.h"
#include "verdict.h"

/* fill.h shows each. */
enum piece_kind {
    PIECE_TABLE,
    PIECE_CLAIM,
    PIECE_FIGURE,
    PIECE_SOURCE, /* what makes the judge's tables again            */
    PIECE_VALUE,  /* a number, a phrase, a sentence, or paragraphs  */
    N_PIECE_KINDS
};
const char *piece_verb(enum piece_kind kind); /* in the document: "table", "claim", ... */

struct document_piece {
    enum piece_kind kind;
    const char     *name;
    struct bytes   *text; /* Markdown, of a figure the path of the picture */
    bool            used; /* by the document                               */
};

/* One number of the notebook beside ours, for the list at the head. */
struct number {
    const char *what, *notebook, *ours, *verdict;
};

struct pieces {
    struct pool           *pool;    /* of all text                                                    */
    struct sources        *sources; /* what they do not allow to be judged is not tested              */
    const char            *judge;   /* whose pieces are being registered; NULL: the report's own      */
    struct document_piece *piece;   /* [n]                                                            */
    struct claim          *claim;   /* [n_claims], as judged: for the list at the head                */
    struct number         *number;  /* [n_numbers]                                                    */
    size_t                 n, room, n_claims, claims_room, n_numbers, numbers_room;
};

/* A table's text, to be printed to: lines of Markdown. */
struct bytes *pieces_table(struct pieces *pieces, const char *name);
/* A phrase, a sentence, or paragraphs; it may be empty. */
void pieces_value(struct pieces *pieces, const char *name, const char *text);
/* plots/<name>.gp's picture. */
void pieces_figure(struct pieces *pieces, const char *name);
/* What makes a table again.  Once per judge. */
void pieces_source(struct pieces *pieces, const char *table);
/* One that is `untested`, or rests on a table of other settings, is not tested (or exploration, sources.h), whatever its
 * decision, and what to run is named.  The claim's text must live as long as the pool. */
void pieces_claim(struct pieces *pieces, const struct claim *claim);
/* The claim that was registered last carries no verdict: it is not tested, or exploration. */
bool pieces_no_verdict(const struct pieces *pieces);
/* A row for the list of numbers at the head. */
void pieces_number(struct pieces *pieces, const char *what, const char *notebook, const char *ours,
                   const char *verdict);
/* The verdict on a single number of a table: as given, unless the runs of the table are of other settings.  After "not
 * tested" stands what to run. */
const char *pieces_number_verdict(struct pieces *pieces, const char *table, const char *verdict);

struct document_piece *pieces_find(const struct pieces *pieces, enum piece_kind kind, const char *name, size_t length);
void                   pieces_free(struct pieces *pieces);

#endif
