#pragma once
#include <signet/crypto.hpp>
