/* sha256.h - hashes of bytes and of numbers (SHA-256, FIPS 180-4), computed by libmd.
 *
 * Numbers are hashed, and stored, in one byte order and with one NaN, so that equal numbers have equal hashes on every
 * machine: IEEE 754 double precision, the least significant byte first, every NaN as 0x7ff8000000000000.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint8_t byte[32];
};

enum { SHA256_DIGITS = 65 }; /* hexadecimal digits and the final zero */

void sha256_bytes(struct sha256 *hash, const void *bytes, size_t size);
void sha256_doubles(struct sha256 *hash, const double *x, size_t n);
void sha256_two(struct sha256 *hash, const double *x, const double *y, size_t n); /* of x, then y: both [n] */
bool sha256_file(struct sha256 *hash, int fd); /* from where fd stands to the end; false with errno: not read */

/* The first `digits` hexadecimal digits, at most 64, and a final zero. */
void sha256_hex(char *text, const struct sha256 *hash, size_t digits);

/* bytes: [n][8].  One direction and back; a NaN loses its sign and payload. */
void sha256_bytes_of(uint8_t *bytes, const double *x, size_t n);
void sha256_doubles_of(double *x, const uint8_t *bytes, size_t n);

#endif
