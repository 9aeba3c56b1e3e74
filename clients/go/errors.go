// A server's refusal as a value: what went wrong, in which field, and whether and when to try again.

package crossbook

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Violation is one wrong field of a request.
type Violation struct {
	Field       string
	Description string
}

// Error is what a service answered in place of a result.
type Error struct {
	Code    codes.Code
	Message string
	// Violations name every wrong field of an INVALID_ARGUMENT.
	Violations []Violation
	// Resource is what is not there, or is there already.
	Resource string
	// RetryAfter is how long an UNAVAILABLE server asks to be left alone; 0 when it does not say.
	RetryAfter time.Duration

	cause error
}

// Error gives the code and the server's words.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// Unwrap gives the error that the call returned.
func (e *Error) Unwrap() error { return e.cause }

// IsFinal says whether the same call can never succeed, so that trying again is no use.
func (e *Error) IsFinal() bool {
	switch e.Code {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition, codes.OutOfRange,
		codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented:
		return true
	default:
		return false
	}
}

// ErrorOf reads a call's error with its google.rpc details; nil when it is none of a gRPC server's or client's.
func ErrorOf(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	read, ok := status.FromError(err)
	if err == nil || !ok {
		return nil
	}
	found := &Error{Code: read.Code(), Message: read.Message(), cause: err}
	for _, detail := range read.Details() {
		found.take(detail)
	}
	return found
}

func (e *Error) take(detail any) {
	switch detail := detail.(type) {
	case *errdetails.BadRequest:
		for _, violation := range detail.GetFieldViolations() {
			e.Violations = append(e.Violations, Violation{violation.GetField(), violation.GetDescription()})
		}
	case *errdetails.ResourceInfo:
		e.Resource = detail.GetResourceName()
	case *errdetails.RetryInfo:
		e.RetryAfter = detail.GetRetryDelay().AsDuration()
	}
}
