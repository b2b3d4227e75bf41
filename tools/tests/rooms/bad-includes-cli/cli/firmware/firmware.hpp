#pragma once
#include <signet/updated.hpp>
#include <signet/release.hpp>
