"""What of a request goes into the audit log."""

import json

from google.protobuf.field_mask_pb2 import FieldMask

from crossbook.gateway.rest.audit import HIDDEN, described
from crossbook.pb.v1 import accounts_pb2, alerts_pb2

UPDATE_RULE = "crossbook.v1.AlertService/UpdateAlertRule"


def test_a_request_is_kept_with_what_it_is_about_and_without_secrets() -> None:
    """As JSON."""
    request = accounts_pb2.CreateUserRequest(name="ann", password="correct horse")
    resource, said = described("crossbook.v1.AccountService/CreateUser", request.SerializeToString())
    assert (resource, json.loads(said)["password"]) == ("ann", HIDDEN)


def test_a_request_that_has_no_json_is_kept_too() -> None:
    """Paths of a mask have no capitals in JSON, and who sends some is refused, which has to be told in their answer."""
    rule = alerts_pb2.AlertRule(name="alertRules/a")
    request = alerts_pb2.UpdateAlertRuleRequest(alert_rule=rule, update_mask=FieldMask(paths=["Õ"]))
    assert described(UPDATE_RULE, request.SerializeToString())[0] == ""
