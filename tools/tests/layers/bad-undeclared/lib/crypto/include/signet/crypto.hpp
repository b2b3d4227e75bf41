#pragma once
#include <signet/core/bytes.hpp>
