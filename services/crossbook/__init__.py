"""Crossbook: exact windows of many exchanges' order books, and the arbitrage between them, the moment it opens."""

import os

# gRPC's fork handlers can leave a child that another part of the process starts (a database server, say) hanging for
# ever before its exec. Nothing here calls gRPC on both sides of a fork, so they are not needed. Read when gRPC starts.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
