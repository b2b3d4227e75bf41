#include <signet/crypto.hpp>
#include <signet/core/bytes.hpp>
#include "ossl.hpp"
