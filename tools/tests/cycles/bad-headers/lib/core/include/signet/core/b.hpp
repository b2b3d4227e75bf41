#pragma once
#include "signet/core/c.hpp"
