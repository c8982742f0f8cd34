# SPDX-License-Identifier: MIT
# The page allocator from all CPUs: blocks of all orders, and memory to its last page.
seed=$1 seconds=$2
/tests/page_storm "$seconds" "$seed"
