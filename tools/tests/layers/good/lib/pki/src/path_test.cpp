#include <signet/test/temp_dir.hpp>
#include <signet/pki.hpp>
