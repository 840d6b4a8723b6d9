# SPDX-License-Identifier: Apache-2.0
"""The modules of scripts/generate-spec. `spec` reads and checks, the others write one output each."""
