#pragma once
#include <signet/documents.hpp>
