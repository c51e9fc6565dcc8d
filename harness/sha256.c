/* sha256.c - hashes of bytes and of numbers (sha256.h). */
#include "sha256.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <sha2.h>

static const uint64_t the_nan = 0x7ff8000000000000;

void sha256_bytes(struct sha256 *hash, const void *bytes, size_t size)
{
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, bytes, size);
    SHA256Final(hash->byte, &context);
}

static void update(SHA2_CTX *context, const double *x, size_t n)
{
    enum { AT_ONCE = 512 };
    uint8_t bytes[8 * AT_ONCE];
    for (size_t done = 0; done < n; done += AT_ONCE) {
        const size_t some = n - done < AT_ONCE ? n - done : AT_ONCE;
        sha256_bytes_of(bytes, x + done, some);
        SHA256Update(context, bytes, 8 * some);
    }
}

void sha256_two(struct sha256 *hash, const double *x, const double *y, size_t n)
{
    SHA2_CTX context;
    SHA256Init(&context);
    update(&context, x, n);
    update(&context, y, n);
    SHA256Final(hash->byte, &context);
}

void sha256_doubles(struct sha256 *hash, const double *x, size_t n)
{
    SHA2_CTX context;
    SHA256Init(&context);
    update(&context, x, n);
    SHA256Final(hash->byte, &context);
}

bool sha256_file(struct sha256 *hash, int fd)
{
    uint8_t  block[8192];
    ssize_t  n;
    SHA2_CTX context;
    SHA256Init(&context);
    while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR))
        SHA256Update(&context, block, n > 0 ? (size_t)n : 0);
    SHA256Final(hash->byte, &context);
    return n == 0;
}

void sha256_hex(char *text, const struct sha256 *hash, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        text[i] = "0123456789abcdef"[hash->byte[i / 2] >> (i % 2 ? 0 : 4) & 15];
    text[digits] = '\0';
}

void sha256_bytes_of(uint8_t *bytes, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t word;
        memcpy(&word, &x[i], sizeof word);
        if (isnan(x[i]))
            word = the_nan;
        for (int b = 0; b < 8; b++)
            bytes[8 * i + b] = (uint8_t)(word >> 8 * b);
    }
}

void sha256_doubles_of(double *x, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t word = 0;
        for (int b = 0; b < 8; b++)
            word |= (uint64_t)bytes[8 * i + b] << 8 * b;
        memcpy(&x[i], &word, sizeof word);
    }
}
