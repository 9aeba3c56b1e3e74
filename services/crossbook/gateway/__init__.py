"""The gateway: pages, REST, the WebSocket and accounts, before everything else that Crossbook serves.

From the outside in:
    http/      the port: hosts and origins, who calls, limits, headers, files
    rest/      a request of the web to a call of gRPC and back, by the protos alone
    sockets/   the WebSocket: subscriptions, states and events
    answers/   what is put together from several processes: GatewayService
    accounts/  who is who: AccountService
    app.py     wires
"""
