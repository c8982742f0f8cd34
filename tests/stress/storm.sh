# SPDX-License-Identifier: MIT
# Threads map, touch, protect, move and unmap one region against a model of its contents, some fork.
# cpus: 8
seconds=$2
VM_STORM_SECONDS=$seconds /tests/vm_storm
