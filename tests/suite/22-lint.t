# SPDX-License-Identifier: MIT
# Compiler warnings, sparse, clang-tidy, cppcheck, clang-format.
exec tools/lint.sh
