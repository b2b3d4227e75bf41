// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
int f() {
  // return g(1);
  // value = g(2);
  // if (value) {
  // object->call(1, 2);
  // std::string text;
  strcpy(a, b);
  std::sprintf(a, b);
  ::system("ls");
  if (memcmp(a, b, 3) == 0) {
    return std::rand();
  }
  auto later = std::async(f);
  char* line = gets(a);
  std::FILE* file = popen("ls", "r");
  return 0;
}
