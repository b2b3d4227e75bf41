#include <signet/test/temp_dir.hpp>
#include "../../crypto/src/handles.hpp"
