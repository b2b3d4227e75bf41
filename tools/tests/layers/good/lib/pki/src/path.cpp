#include "signet/pki.hpp"
#include "ossl.hpp"
// #include <signet/tuf.hpp>
const char* k_text = "#include <signet/tuf.hpp>";
