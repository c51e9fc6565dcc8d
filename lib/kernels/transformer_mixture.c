/* transformer_mixture.c - the mixture transformer, a bijection of the whole line (mixture_cdf.h has the formulas):
 *
 *   z = Phi^-1(F(x)),  log dz/dx = log f(x) - log phi(z),  F a mixture of K Gaussians */
#include "mixture_cdf.h"

static void forward(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const struct mixture m = mixture_of(saved, outputs, i, config);
        const struct image   image = image_of(&m, load(x + i));
        keep(&m, &image, image.z, broadcast(1.0));
        store(x + i, image.z);
        volume_add_log(volume, i, image.log_slope);
    }
}

static void inverse(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const struct mixture m = mixture_of(saved, outputs, i, config);
        struct image         image;
        store(x + i, inverse_of(&image, volume, &m, load(x + i)));
        volume_add_log(volume, i, -image.log_slope);
    }
}

MIXTURE(mixture, "mixture");
