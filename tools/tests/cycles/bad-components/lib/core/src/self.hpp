#pragma once
#include "self.hpp"
