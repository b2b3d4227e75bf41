#include "../../cli/firmware/firmware.hpp"
#include <signet/updated.hpp>
