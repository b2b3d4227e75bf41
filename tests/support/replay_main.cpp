// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target over files and folders of seeds, so that every build replays the corpus, whatever the compiler.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> raw{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size());
    // Cut and changed inputs come for free and find more than the seeds alone.
    for (std::size_t cut = 0; cut < raw.size(); cut += 1 + raw.size() / 16) {
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(raw.data()), cut);
      std::vector<char> flipped = raw;
      flipped[cut] = static_cast<char>(flipped[cut] ^ 0x20);
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(flipped.data()), flipped.size());
    }
  }
  std::printf("%zu seeds replayed\n", files.size());
  return files.empty() ? 1 : 0;  // a target without seeds proves nothing
}
