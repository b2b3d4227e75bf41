#include <signet/core/a.hpp>
#include "detail.hpp"
