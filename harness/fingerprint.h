/* fingerprint.h - which code computes.
 *
 * SHA-256, as 64 hexadecimal digits, over the names and the contents of the sources whose operations decide the bits of
 * a result (COMPUTING in the Makefile).  It is taken of sources, not of objects: objects differ by compiler, results do
 * not.  It does not depend on the build folder, the compiler, the flags or the line endings of the checkout.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

extern const char code_fingerprint[65];

#endif
