// Following opportunities through lost connections and restarts of the service.

package crossbook

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	pb "crossbook/clients/go/crossbookv1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Least and greatest time between two tries; the pauses double, and each is drawn from its upper half.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Opportunities is the part of pb.ArbitrageServiceClient that Follow needs.
type Opportunities interface {
	WatchOpportunities(
		context.Context, *pb.WatchOpportunitiesRequest, ...grpc.CallOption,
	) (grpc.ServerStreamingClient[pb.WatchOpportunitiesResponse], error)
}

// Follow gives handle every message of WatchOpportunities, and after a loss resumes behind the last event that handle
// took. request.resume_token says where it begins; whoever keeps the token of the last event it took may begin there
// after a restart of its own. Within one process of the service no event is missed or told twice; another one tells
// some events again, by the same opportunity ids. lost, unless nil, hears of each loss.
//
// It returns when ctx ends, with its error; when handle returns an error, with that; and with an *Error that IsFinal
// when the service refuses the request.
func Follow(
	ctx context.Context, client Opportunities, request *pb.WatchOpportunitiesRequest,
	handle func(*pb.WatchOpportunitiesResponse) error, lost func(error),
) error {
	request = proto.Clone(request).(*pb.WatchOpportunitiesRequest)
	pause := firstPause
	for {
		err := watch(ctx, client, request, func(message *pb.WatchOpportunitiesResponse) error {
			pause = firstPause
			return handle(message)
		})
		var refused handlerError
		if errors.As(err, &refused) {
			return refused.error
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found := ErrorOf(err)
		if found != nil && found.IsFinal() {
			return found
		}
		if lost != nil {
			lost(err)
		}
		if err := sleep(ctx, wait(pause, found)); err != nil {
			return err
		}
		pause = min(2*pause, lastPause)
	}
}

// handlerError marks what handle returned.
type handlerError struct{ error }

// watch is one call, until it ends.
func watch(
	ctx context.Context, client Opportunities, request *pb.WatchOpportunitiesRequest,
	handle func(*pb.WatchOpportunitiesResponse) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.WatchOpportunities(ctx, request, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return errors.New("the service ended the stream") // as it does when it stops
		}
		if err != nil {
			return err
		}
		if err := handle(message); err != nil {
			return handlerError{err}
		}
		if events := message.GetEvents(); len(events) > 0 {
			request.ResumeToken = events[len(events)-1].GetResumeToken()
		}
	}
}

// wait is what the server asks for, where it asks, else between half of the pause and all of it.
func wait(pause time.Duration, found *Error) time.Duration {
	if found != nil && found.RetryAfter > pause {
		return found.RetryAfter
	}
	return pause/2 + rand.N(pause/2)
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
