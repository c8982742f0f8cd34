// SPDX-License-Identifier: MIT
/* Canary: clang-format must object. */
int  canary( int x ){ return x ; }
