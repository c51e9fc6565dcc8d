/* residual_config.c - legal values of a residual block's configuration, and the norm that each matrix may have. */
#include "residual_config.h"

#include <stdarg.h>

#include "elementary.h"

__attribute__((format(printf, 2, 3))) static fathom_status refuse(fathom_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (error)
        vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return FATHOM_BAD_ARGUMENT;
}

fathom_status fathom_residual_check(const fathom_config *config, fathom_error *error)
{
    if (config->block != FATHOM_BLOCK_COUPLING && config->block != FATHOM_BLOCK_RESIDUAL)
        return refuse(error, "block %d; legal is coupling or residual", (int)config->block);
    if (!(config->lipschitz > 0.0 && config->lipschitz < 1.0))
        return refuse(error, "Lipschitz constant %.17g; legal is above 0, below 1", config->lipschitz);
    if (config->activation != FATHOM_ACTIVATION_LIPSWISH && config->activation != FATHOM_ACTIVATION_CLIPSWISH)
        return refuse(error, "activation %d; legal is LipSwish or CLipSwish", (int)config->activation);
    if ((int)config->log_det < FATHOM_LOG_DET_EXACT || (int)config->log_det > FATHOM_LOG_DET_POISSON)
        return refuse(error, "log-det %d; legal is exact, series, Hutchinson, roulette or Poisson",
                      (int)config->log_det);
    if (config->terms < 1 || config->terms > FATHOM_TERMS_MAX)
        return refuse(error, "%zu terms; legal is 1 to %d", config->terms, FATHOM_TERMS_MAX);
    if (config->log_det == FATHOM_LOG_DET_ROULETTE && !(config->stop >= FATHOM_STOP_MIN && config->stop < 1.0))
        return refuse(error, "stop %.17g; legal is %g up to below 1 for a roulette", config->stop, FATHOM_STOP_MIN);
    if (!(config->stop >= FATHOM_STOP_MIN && config->stop <= FATHOM_STOP_MAX))
        return refuse(error, "stop %.17g; legal is %g to %g", config->stop, FATHOM_STOP_MIN, FATHOM_STOP_MAX);
    return FATHOM_OK;
}

double fathom_residual_norm_limit(const fathom_config *config)
{
    return same_exp(same_log(config->lipschitz) / (double)(config->hidden + 1)) * (1.0 - 0x1p-40);
}
