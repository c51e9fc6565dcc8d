/* option_values.h - the kinds of options: how a value is read and printed, and which values are legal. */
#ifndef OPTION_VALUES_H
#define OPTION_VALUES_H

#include "options.h"

enum option_kind {
    KIND_COUNT,  /* a whole number, size_t or uint64_t                    */
    KIND_REAL,   /* a finite number                                       */
    KIND_CLIP,   /* a finite number, or `none`: infinity                  */
    KIND_RATE,   /* a finite number, tuned, or tuned:LIST of such numbers */
    KIND_DEPTHS, /* a list of whole numbers                               */
    KIND_WORD,   /* one that `word` lists, kept as the text               */
    KIND_PLACE,  /* one of `words`, kept as its place in the list, an enum */
    KIND_SIGN,   /* one of `words`, kept as its sign (char)               */
    KIND_FORMAT, /* a list of picture formats, which plot.h knows         */
    KIND_TEXT,   /* a name: any text but an empty one and `--...`         */
    KIND_FLAG    /* no value                                              */
};

struct option_row {
    const char        *name, *argument;
    enum option_kind   kind;
    size_t             offset;
    double             low, high;             /* legal range of counts (at most 2^53) and numbers */
    bool               above_low, below_high; /* the end itself is not legal                    */
    const char *const *words;
    const char *(*word)(size_t i);                /* of KIND_WORD: word number i, NULL after the last               */
    const char *signs;                            /* of words, one each: the other way to write them                  */
    bool        setting;                          /* results depend on it: it stands at the head of every table   */
    enum { OF_ANY_ROWS, OF_NAMED, OF_FILE } only; /* and means something for these rows alone      */
    const char *meaning;
    const char *unset; /* how a default that has no value is called                    */
};

/* The legal words of an option by number; NULL after the last. */
const char *option_word(const struct option_row *row, size_t i);

/* "a whole number from 1 to 256", "a number above 0, at most 1000 or none" ... from the row alone. */
void option_describe_legal(char *text, size_t size, const struct option_row *row);

/* Reads the text into the row's field of *options; false if it is not legal. */
bool option_read(struct options *options, const struct option_row *row, const char *text);

/* Its inverse: the text that gives the same value. */
void option_print(char *text, size_t size, const struct options *options, const struct option_row *row);

#endif
