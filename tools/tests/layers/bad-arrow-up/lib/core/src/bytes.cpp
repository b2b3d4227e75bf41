#include <signet/core/bytes.hpp>
#include <signet/os/file.hpp>
