/* flow_words.h - the words of options and tables for members of fathom_config. */
#ifndef FLOW_WORDS_H
#define FLOW_WORDS_H

#include "fathom.h"

/* By value of the enumeration; the last is NULL. */
extern const char *const flow_mixings[], *const flow_blocks[], *const flow_activations[], *const flow_log_dets[];

#endif
