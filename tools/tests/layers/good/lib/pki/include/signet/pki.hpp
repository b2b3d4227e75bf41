#pragma once
#include <signet/core/bytes.hpp>
#include "signet/crypto.hpp"
