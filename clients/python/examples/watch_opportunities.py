"""Follows opportunities as they open and close, and survives restarts of the service without missing or repeating one.

    pip install ./clients/python
    python clients/python/examples/watch_opportunities.py [TARGET]

TARGET is the arbitrage service's address, 127.0.0.1:50053 by default.
"""

import contextlib
import sys
import time

import grpc
from crossbook_client.v1 import arbitrage_pb2 as pb
from crossbook_client.v1 import arbitrage_pb2_grpc as rpc

RETRY_SECONDS = 1.0


def watch(target: str) -> None:
    """Prints one line per event; after a lost connection it resumes behind the last event it printed."""
    resume_token = ""
    with grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)]) as channel:
        service = rpc.ArbitrageServiceStub(channel)
        while True:
            try:
                request = pb.WatchOpportunitiesRequest(resume_token=resume_token)
                for message in service.WatchOpportunities(request, wait_for_ready=True):
                    for event in message.events:
                        print(describe(event), flush=True)
                        resume_token = event.resume_token
            except grpc.RpcError as error:
                print(f"{target}: {error.code().name}, trying again", file=sys.stderr)
            time.sleep(RETRY_SECONDS)


def describe(event: pb.OpportunityEvent) -> str:
    """One line for people."""
    kind = pb.OpportunityEventKind.Name(event.kind).removeprefix("OPPORTUNITY_EVENT_KIND_")
    found = event.opportunity
    return (
        f"{kind:8}{found.asset:8} buy {found.buy.venue} at {found.buy.price:g}, sell {found.sell.venue} at "
        f"{found.sell.price:g}: net {found.costs.net_percent:.3f} % on {found.executable_notional:,.0f}"
    )


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        watch(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50053")
