#include <signet/release.hpp>
#include "../../../fleet/registry/registry.hpp"
#include "factory/station/station.hpp"
