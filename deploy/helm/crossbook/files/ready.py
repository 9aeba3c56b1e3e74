"""helm test: every target that is named must say SERVING of all that it serves. Exit code 1 names those that do not."""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

TIMEOUT_SECONDS = 30.0


def answer(target: str) -> str:
    """What the health service of a target says, or why it says nothing."""
    with grpc.insecure_channel(target) as channel:
        try:
            check = health_pb2_grpc.HealthStub(channel).Check
            found = check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            return str(error.code().name)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(found.status))


answers = {target: answer(target) for target in sys.argv[1:]}
for target, said in answers.items():
    print(f"{target} {said}")
sys.exit(not answers or any(said != "SERVING" for said in answers.values()))
