#include "reader.hpp"
#include "writer.hpp"
