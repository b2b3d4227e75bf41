#include <signet/crypto.hpp>
