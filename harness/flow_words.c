/* flow_words.c - the words for members of fathom_config (flow_words.h). */
#include "flow_words.h"

#include <stddef.h>

const char *const flow_mixings[] = { [FATHOM_MIXING_FULL] = "full",
                                     [FATHOM_MIXING_NO_FLIPS] = "no-flips",
                                     [FATHOM_MIXING_NO_ROTATIONS] = "no-rotations",
                                     [FATHOM_MIXING_NONE] = "none",
                                     NULL };

const char *const flow_blocks[] = { [FATHOM_BLOCK_COUPLING] = "coupling", [FATHOM_BLOCK_RESIDUAL] = "residual", NULL };

const char *const flow_activations[] = {
    [FATHOM_ACTIVATION_LIPSWISH] = "lipswish", [FATHOM_ACTIVATION_CLIPSWISH] = "clipswish", NULL
};

const char *const flow_log_dets[] = {
    [FATHOM_LOG_DET_EXACT] = "exact",           [FATHOM_LOG_DET_SERIES] = "series",
    [FATHOM_LOG_DET_HUTCHINSON] = "hutchinson", [FATHOM_LOG_DET_ROULETTE] = "roulette",
    [FATHOM_LOG_DET_POISSON] = "poisson",       NULL
};
