// What a server's status becomes.

package crossbook_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"crossbook/clients/go"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

func refused(t *testing.T, code codes.Code, details ...protoadapt.MessageV1) error {
	t.Helper()
	made, err := status.New(code, "no").WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return made.Err()
}

// Every wrong field of a bad request is there by name, in the server's order.
func TestABadRequestNamesItsFields(t *testing.T) {
	found := crossbook.ErrorOf(refused(t, codes.InvalidArgument, &errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "a", Description: "x"}, {Field: "b", Description: "y"},
		},
	}))
	if !found.IsFinal() || fmt.Sprint(found.Violations) != "[{a x} {b y}]" {
		t.Fatalf("read %+v", found)
	}
}

// What is not there is named, and asking again is no use.
func TestAMissingResourceIsNamed(t *testing.T) {
	found := crossbook.ErrorOf(refused(t, codes.NotFound, &errdetails.ResourceInfo{ResourceName: "alertRules/a"}))
	if !found.IsFinal() || found.Resource != "alertRules/a" {
		t.Fatalf("read %+v", found)
	}
}

// A server that is away says for how long to wait.
func TestAnUnavailableServerSaysWhenToComeAgain(t *testing.T) {
	delay := &errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)}
	found := crossbook.ErrorOf(refused(t, codes.Unavailable, delay))
	if found.IsFinal() || found.RetryAfter != 1500*time.Millisecond {
		t.Fatalf("read %+v", found)
	}
}

// The call's own error is within, and is found through others around it.
func TestTheCallsErrorIsKept(t *testing.T) {
	cause := refused(t, codes.Aborted)
	found := crossbook.ErrorOf(fmt.Errorf("calling: %w", crossbook.ErrorOf(cause)))
	if !errors.Is(found, cause) || found.Code != codes.Aborted {
		t.Fatalf("read %+v", found)
	}
}

// Success and errors of other kinds are none of ours.
func TestWhatIsNoStatusIsLeftAlone(t *testing.T) {
	if crossbook.ErrorOf(nil) != nil || crossbook.ErrorOf(errors.New("other")) != nil {
		t.Fatal("took for its own what is not")
	}
}
