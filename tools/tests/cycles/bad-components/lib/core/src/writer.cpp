#include "writer.hpp"
#include "reader.hpp"
