// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta.hpp"

#include <vector>

namespace signet::delta {

/// A piece of the new image and the piece of the old one that it most likely came from; that may be empty.
struct Pair {
  Range fresh;
  Range old;
};

/// Pairs that fill the new image, front to back. Files of erofs images meet the file of the same path, or of the same
/// path but for numbers ("/lib/modules/6.1.0-47/..." and "-49"), or of the same name; what lies between files meets
/// what lies before the same file. Other images are paired place by place.
std::vector<Pair> pairs(ImageReader& old, ImageReader& fresh);

}  // namespace signet::delta
