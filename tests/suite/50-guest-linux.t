# SPDX-License-Identifier: MIT
# All guest tests on the oracle: a test that Linux fails is wrong until shown otherwise.
exec tests/run-guest --kernel linux --accel tcg
