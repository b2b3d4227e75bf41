#pragma once
#include <signet/core/a.hpp>
