// Following a service that breaks off, refuses and comes back; a real server on a port of its own.

package crossbook_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"crossbook/clients/go"
	pb "crossbook/clients/go/crossbookv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// script answers the n-th call with the n-th of its parts, and keeps the tokens that it was asked with.
type script struct {
	pb.UnimplementedArbitrageServiceServer
	mutex sync.Mutex
	asked []string
	parts []part
}

type part struct {
	tokens string // of the events, space-separated, each in a message of its own
	end    error
}

func (s *script) WatchOpportunities(
	request *pb.WatchOpportunitiesRequest, stream grpc.ServerStreamingServer[pb.WatchOpportunitiesResponse],
) error {
	s.mutex.Lock()
	now := s.parts[len(s.asked)]
	s.asked = append(s.asked, request.GetResumeToken())
	s.mutex.Unlock()
	for token := range strings.FieldsSeq(now.tokens) {
		event := &pb.OpportunityEvent{ResumeToken: token}
		if err := stream.Send(&pb.WatchOpportunitiesResponse{Events: []*pb.OpportunityEvent{event}}); err != nil {
			return err
		}
	}
	return now.end
}

var errEnough = errors.New("enough")

// followed gives the tokens told, those asked with, and how it ended; it ends at the token "end".
func followed(t *testing.T, from string, parts ...part) (string, string, error) {
	t.Helper()
	served := &script{parts: parts}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterArbitrageServiceServer(server, served)
	go server.Serve(listener)
	defer server.Stop()
	connection, err := crossbook.Dial(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	var told []string
	request := &pb.WatchOpportunitiesRequest{ResumeToken: from}
	err = crossbook.Follow(context.Background(), pb.NewArbitrageServiceClient(connection), request,
		func(message *pb.WatchOpportunitiesResponse) error {
			told = append(told, message.GetEvents()[0].GetResumeToken())
			if told[len(told)-1] == "end" {
				return errEnough
			}
			return nil
		}, nil)
	if request.GetResumeToken() != from {
		t.Errorf("the caller's request was changed to %q", request.GetResumeToken())
	}
	return strings.Join(told, " "), strings.Join(served.asked, ","), err
}

// It resumes behind the last event, whether the stream broke or the service ended it, and also when nothing came
// meanwhile.
func TestItResumesBehindTheLastEvent(t *testing.T) {
	told, asked, err := followed(t, "",
		part{"a b", status.Error(codes.Unavailable, "stopping")}, part{"c", nil},
		part{"", status.Error(codes.Internal, "no")}, part{"end", nil})
	if told != "a b c end" || asked != ",b,c,c" || !errors.Is(err, errEnough) {
		t.Fatalf("told %q, asked with %q, ended by %v", told, asked, err)
	}
}

// A kept place is where it begins, and what handle returns ends it as it is.
func TestItBeginsWhereItIsTold(t *testing.T) {
	told, asked, err := followed(t, "kept", part{"end", nil})
	if told != "end" || asked != "kept" || err != errEnough {
		t.Fatalf("told %q, asked with %q, ended by %v", told, asked, err)
	}
}

// A refusal for good is returned and not asked again.
func TestARefusalEndsIt(t *testing.T) {
	_, asked, err := followed(t, "bad", part{"", status.Error(codes.InvalidArgument, "resume_token: no")})
	var found *crossbook.Error
	if !errors.As(err, &found) || found.Code != codes.InvalidArgument || asked != "bad" {
		t.Fatalf("asked with %q, ended by %v", asked, err)
	}
}

// Whoever no longer wants it is let go while it waits for a service that is away.
func TestItEndsWithItsContext(t *testing.T) {
	connection, err := crossbook.Dial("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = crossbook.Follow(ctx, pb.NewArbitrageServiceClient(connection), &pb.WatchOpportunitiesRequest{},
		func(*pb.WatchOpportunitiesResponse) error { return nil }, nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("ended by %v", err)
	}
}
