#pragma once
#include <signet/core/b.hpp>
