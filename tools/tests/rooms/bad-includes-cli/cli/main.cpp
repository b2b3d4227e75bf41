#include "firmware/firmware.hpp"
