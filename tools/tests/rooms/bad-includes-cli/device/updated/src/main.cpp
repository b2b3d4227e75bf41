#include "../../../cli/firmware/firmware.hpp"
