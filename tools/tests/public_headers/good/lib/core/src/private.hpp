#include <openssl/evp.h>
struct Undocumented { EVP_PKEY* key; };
