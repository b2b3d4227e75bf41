#include <signet/crypto.hpp>
#include "ossl.hpp"
