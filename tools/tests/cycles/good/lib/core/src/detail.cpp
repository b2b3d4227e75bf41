#include "detail.hpp"
